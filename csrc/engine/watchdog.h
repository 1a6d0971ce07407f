#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <thread>
#include <utility>

#include "base/mutex.h"

namespace aiges {

// Runs actions when their time has come, on one thread of its own that sleeps until the next one.
// Actions must be short and must not block.
class Watchdog {
 public:
  using Id = std::uint64_t;

  Watchdog() = default;
  // Actions that are still waiting are dropped.
  ~Watchdog();
  Watchdog(const Watchdog&) = delete;
  Watchdog& operator=(const Watchdog&) = delete;

  Id schedule(Deadline deadline, std::function<void()> action);
  // False when the action ran, is running, or was cancelled before.
  bool cancel(Id id);

 private:
  void run();

  Mutex mutex_;
  CondVar changed_;
  std::map<std::pair<Clock::time_point, Id>, std::function<void()>> waiting_
      AIGES_GUARDED_BY(mutex_);
  std::map<Id, Clock::time_point> times_ AIGES_GUARDED_BY(mutex_);
  Id next_id_ AIGES_GUARDED_BY(mutex_) = 1;
  bool stop_ AIGES_GUARDED_BY(mutex_) = false;
  std::thread thread_;
};

}  // namespace aiges
