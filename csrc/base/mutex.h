#pragma once

#include <condition_variable>
#include <mutex>

#include "base/clock.h"

// Clang checks lock rules at compile time (-Wthread-safety); other compilers ignore these.
#if defined(__clang__)
#define AIGES_TSA(attribute) __attribute__((attribute))
#else
#define AIGES_TSA(attribute)
#endif
#define AIGES_GUARDED_BY(mutex) AIGES_TSA(guarded_by(mutex))
#define AIGES_REQUIRES(...) AIGES_TSA(requires_capability(__VA_ARGS__))
// For code that takes a condition as a callable: what that callable requires cannot be named there.
#define AIGES_NO_LOCK_ANALYSIS AIGES_TSA(no_thread_safety_analysis)
#define AIGES_EXCLUDES(...) AIGES_TSA(locks_excluded(__VA_ARGS__))

namespace aiges {

class AIGES_TSA(capability("mutex")) Mutex {
 public:
  void lock() AIGES_TSA(acquire_capability()) { mutex_.lock(); }
  void unlock() AIGES_TSA(release_capability()) { mutex_.unlock(); }

 private:
  friend class CondVar;
  std::mutex mutex_;
};

class AIGES_TSA(scoped_lockable) MutexLock {
 public:
  explicit MutexLock(Mutex& mutex) AIGES_TSA(acquire_capability(mutex)) : mutex_(mutex) {
    mutex_.lock();
  }
  ~MutexLock() AIGES_TSA(release_capability()) { mutex_.unlock(); }
  MutexLock(const MutexLock&) = delete;
  MutexLock& operator=(const MutexLock&) = delete;

 private:
  Mutex& mutex_;
};

class CondVar {
 public:
  void notify_one() { condition_.notify_one(); }
  void notify_all() { condition_.notify_all(); }

  // Returns false once `deadline` has passed. Spurious returns happen: loop over the condition.
  bool wait_until(Mutex& mutex, Deadline deadline) AIGES_REQUIRES(mutex) {
    std::unique_lock<std::mutex> adopted(mutex.mutex_, std::adopt_lock);
    bool in_time = true;
    if (deadline.infinite()) {
      condition_.wait(adopted);
    } else {
      in_time = condition_.wait_until(adopted, deadline.time()) == std::cv_status::no_timeout;
    }
    adopted.release();
    return in_time;
  }

 private:
  std::condition_variable condition_;
};

}  // namespace aiges
