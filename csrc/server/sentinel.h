#pragma once

#include <atomic>
#include <thread>
#include <vector>

#include "base/mutex.h"

namespace aiges::server {

class Reactor;

// Notices that a reactor's leader has been inside one job for a while, and has the lead given to
// another thread. One thread for all reactors: it looks every millisecond while jobs are running
// and sleeps when none has for some time, so that an idle server wakes nobody.
class Sentinel {
 public:
  Sentinel() = default;
  ~Sentinel();
  Sentinel(const Sentinel&) = delete;
  Sentinel& operator=(const Sentinel&) = delete;

  // Before start(). The reactor outlives this.
  void watch(Reactor& reactor) { reactors_.push_back(&reactor); }
  void start();
  void stop();
  // A job begins. Costs one load while the sentinel is awake.
  void job_begins() {
    if (asleep_.load(std::memory_order_seq_cst)) wake();
  }

 private:
  void run();
  void wake();

  std::vector<Reactor*> reactors_;
  std::atomic<bool> asleep_{false};
  Mutex mutex_;
  CondVar changed_;
  bool stop_ AIGES_GUARDED_BY(mutex_) = false;
  std::thread thread_;
};

}  // namespace aiges::server
