#pragma once

#include "base/clock.h"
#include "base/mutex.h"

namespace aiges {

// How a blocked caller learns that it should stop waiting (Ctrl-C). pending() is asked from the
// waiting thread, with no lock of ours held.
class Interrupt {
 public:
  virtual ~Interrupt() = default;
  virtual bool pending() = 0;
};

// The limits of one wait. A null interrupt means that nothing but the deadline ends it.
struct WaitLimit {
  Deadline deadline = Deadline::never();
  Interrupt* interrupt = nullptr;
};

enum class WaitOutcome { kReady, kDeadline, kInterrupted };

// Waits until ready() holds, with `mutex` held by the caller and released meanwhile. A condition
// variable cannot be woken by a signal handler, so an interruptible wait looks up every 50 ms;
// others do not.
template <class Ready>
WaitOutcome wait_for(CondVar& condition, Mutex& mutex, const WaitLimit& limit, Ready ready)
    AIGES_REQUIRES(mutex) AIGES_NO_LOCK_ANALYSIS {
  constexpr auto kSlice = std::chrono::milliseconds(50);
  while (!ready()) {
    const Deadline until =
        limit.interrupt ? limit.deadline.sooner_of(Deadline::after(kSlice)) : limit.deadline;
    if (condition.wait_until(mutex, until) || ready()) continue;
    if (limit.interrupt) {
      mutex.unlock();
      const bool interrupted = limit.interrupt->pending();
      mutex.lock();
      if (interrupted && !ready()) return WaitOutcome::kInterrupted;
    }
    if (limit.deadline.passed() && !ready()) return WaitOutcome::kDeadline;
  }
  return WaitOutcome::kReady;
}

}  // namespace aiges
