#pragma once

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstdint>

#include "base/clock.h"

namespace aiges::server {

// A token bucket: one token every `interval`, at most `burst` saved up. Any thread, without a lock:
// the state is the time at which the bucket would be full again.
class RateLimiter {
 public:
  // A zero interval: no limit.
  RateLimiter(Clock::duration interval, std::uint64_t burst)
      : interval_(interval.count()),
        window_(interval_ * static_cast<Clock::rep>(std::max<std::uint64_t>(burst, 1))) {}

  bool try_take(Clock::time_point now = Clock::now()) {
    if (interval_ == 0) return true;
    const Clock::rep time = now.time_since_epoch().count();
    Clock::rep full = full_at_.load(std::memory_order_relaxed);
    for (;;) {
      const Clock::rep next = std::max(full, time) + interval_;
      if (next - time > window_) return false;
      if (full_at_.compare_exchange_weak(full, next, std::memory_order_relaxed)) return true;
    }
  }

 private:
  const Clock::rep interval_;
  const Clock::rep window_;
  std::atomic<Clock::rep> full_at_{0};
};

}  // namespace aiges::server
