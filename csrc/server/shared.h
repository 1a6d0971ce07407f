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

  // Waits until no RPC is open. False at the deadline.
  bool wait_quiet(Deadline deadline) {
    MutexLock lock(mutex);
    ++waiting_for_quiet;
    while (open_calls.load() != 0 && (quiet.wait_until(mutex, deadline) || !deadline.passed())) {
    }
    --waiting_for_quiet;
    return open_calls.load() == 0;
  }
  void call_ended() {
    if (open_calls.fetch_sub(1) != 1 || waiting_for_quiet.load() == 0) return;
    MutexLock lock(mutex);
    quiet.notify_all();
  }

 private:
  Mutex mutex;
  CondVar quiet;
  std::atomic<int> waiting_for_quiet{0};
};

}  // namespace aiges::server
