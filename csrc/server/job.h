#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>

namespace aiges::server {

// How long the calls of one engine take, as a running mean. Any thread; approximate on purpose: two
// calls that end together may lose one of the two samples.
class Pace {
 public:
  using Nanoseconds = std::chrono::nanoseconds;

  void record(Nanoseconds time) {
    const std::int64_t mean = mean_.load(std::memory_order_relaxed);
    mean_.store(mean + (time.count() - mean) / 8, std::memory_order_relaxed);
  }
  Nanoseconds mean() const { return Nanoseconds(mean_.load(std::memory_order_relaxed)); }
  // Whether letting somebody else watch the sockets meanwhile costs little beside the call.
  bool slow() const { return mean() > kSlow; }
  static constexpr Nanoseconds kSlow = std::chrono::microseconds(150);

 private:
  std::atomic<std::int64_t> mean_{0};
};

// Work that a request brings and that may block: whatever enters an engine.
class Job {
 public:
  virtual ~Job() = default;
  // On the thread that read the request, or on another one of its reactor. No lock is held.
  virtual void run() = 0;
  // Whether it is likely to take long.
  virtual bool slow() const { return false; }
};

}  // namespace aiges::server
