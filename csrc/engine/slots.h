#pragma once

#include <cstddef>

#include "base/wait.h"

namespace aiges {

// At most `limit` holders at once; 0 means no limit and then costs nothing.
class Slots {
 public:
  explicit Slots(std::size_t limit) : limit_(limit) {}

  bool try_acquire() {
    if (limit_ == 0) return true;
    MutexLock lock(mutex_);
    if (used_ >= limit_) return false;
    ++used_;
    return true;
  }
  WaitOutcome acquire(const WaitLimit& wait) {
    if (limit_ == 0) return WaitOutcome::kReady;
    MutexLock lock(mutex_);
    const WaitOutcome outcome =
        wait_for(freed_, mutex_, wait, [this]() AIGES_REQUIRES(mutex_) { return used_ < limit_; });
    if (outcome == WaitOutcome::kReady) ++used_;
    return outcome;
  }
  void release() {
    if (limit_ == 0) return;
    {
      MutexLock lock(mutex_);
      --used_;
    }
    freed_.notify_one();
  }
  std::size_t limit() const { return limit_; }

 private:
  const std::size_t limit_;
  Mutex mutex_;
  CondVar freed_;
  std::size_t used_ AIGES_GUARDED_BY(mutex_) = 0;
};

}  // namespace aiges
