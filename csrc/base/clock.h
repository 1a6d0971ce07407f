#pragma once

#include <algorithm>
#include <chrono>

namespace aiges {

using Clock = std::chrono::steady_clock;

// A point in time by which something must have happened, or never.
class Deadline {
 public:
  static Deadline never() { return Deadline(Clock::time_point::max()); }
  static Deadline at(Clock::time_point time) { return Deadline(time); }
  static Deadline after(Clock::duration delay) {
    const auto now = Clock::now();
    // A delay past the end of the clock's range means never.
    return delay >= Clock::time_point::max() - now ? never() : Deadline(now + delay);
  }

  bool infinite() const { return time_ == Clock::time_point::max(); }
  bool passed() const { return !infinite() && Clock::now() >= time_; }
  Clock::time_point time() const { return time_; }
  Deadline sooner_of(Deadline other) const { return Deadline(std::min(time_, other.time_)); }

 private:
  explicit Deadline(Clock::time_point time) : time_(time) {}
  Clock::time_point time_;
};

}  // namespace aiges
