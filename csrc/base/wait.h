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
WaitOutcome wait_for(CondVar& condition, Mutex& mutex, const WaitLimit& limit, const Ready& ready)
    AIGES_REQUIRES(mutex) AIGES_NO_LOCK_ANALYSIS {
  constexpr auto kSlice = std::chrono::milliseconds(50);
  Deadline look_up = limit.interrupt ? Deadline::after(kSlice) : Deadline::never();
  while (!ready()) {
    condition.wait_until(mutex, limit.deadline.sooner_of(look_up));
    if (ready()) break;
    // By the clock, not by who woke this thread: others may wake it more often than that.
    if (look_up.passed()) {
      look_up = Deadline::after(kSlice);
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
