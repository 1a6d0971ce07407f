#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <string>

#include "base/mutex.h"
#include "engine/watchdog.h"
#include "server/access_log.h"
#include "server/limits.h"
#include "server/rate_limiter.h"
#include "server/service.h"

namespace aiges::server {

// What the connections of one server share. Held by each of them, since a connection lives as long
// as an engine is inside a call that came by it.
struct Shared {
  explicit Shared(Watchdog& watchdog_) : watchdog(watchdog_) {}

  Limits limits;
  // Above it calls are refused as AIGES does: [<service>].rate and burst.
  std::unique_ptr<RateLimiter> rate;
  std::unique_ptr<AccessLog> access_log;
  MethodTable methods;
  std::string token;  // what clients must show as "authorization: Bearer <token>"; empty: nothing
  Watchdog& watchdog;

  using Counter = std::atomic<std::uint64_t>;
  Counter connections{0};        // open now
  Counter connections_total{0};  // since the start
  Counter refused_connections{0};
  Counter open_calls{0};
  Counter calls{0};
  Counter failed_calls{0};  // ended with a status that is not OK
  Counter bytes_in{0};      // of message bodies
  Counter bytes_out{0};
  Counter buffered{0};  // bytes of request messages that have not arrived whole

  Counter unheard{0};  // connections that were told of the end and have not said that they know

  // Each waits until that number is 0; false at the deadline.
  bool wait_quiet(Deadline deadline) { return wait_zero(open_calls, deadline); }
  bool wait_gone(Deadline deadline) { return wait_zero(connections, deadline); }
  bool wait_heard(Deadline deadline) { return wait_zero(unheard, deadline); }
  // One less of a number that somebody may wait for.
  void count_down(Counter& counter) {
    if (counter.fetch_sub(1) != 1 || waiting.load() == 0) return;
    MutexLock lock(mutex);
    zero.notify_all();
  }

 private:
  bool wait_zero(const Counter& counter, Deadline deadline) {
    MutexLock lock(mutex);
    ++waiting;
    while (counter.load() != 0 && (zero.wait_until(mutex, deadline) || !deadline.passed())) {
    }
    --waiting;
    return counter.load() == 0;
  }

  Mutex mutex;
  CondVar zero;
  std::atomic<int> waiting{0};
};

}  // namespace aiges::server
