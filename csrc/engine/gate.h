#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>

#include "base/wait.h"

namespace aiges {

// Who is inside an engine. Calls enter and leave; outputs that still live hold it open. Once it was
// told to close, nobody enters any more, and when the last call has left and the last output is
// gone, `finish` runs exactly once: on a thread that waits for it, or else on one of its own, never
// on the thread that was last, which may belong to the engine.
class Gate {
 public:
  explicit Gate(std::function<void()> finish) : finish_(std::move(finish)) {}

  // False once the gate is closing.
  bool enter() {
    if (state_.fetch_add(kCall, std::memory_order_acq_rel) & kClosing) {
      leave();
      return false;
    }
    return true;
  }
  void leave() { step_down(kCall); }
  // Another stay for a call that is inside: to be left like the first, closing or not.
  void enter_again() { state_.fetch_add(kCall, std::memory_order_relaxed); }

  // For an output made by a call that is still inside.
  void hold() { state_.fetch_add(kOutput, std::memory_order_relaxed); }
  void release() { step_down(kOutput); }

  std::uint64_t calls() const { return (state_.load() / kCall) & kCountMask; }
  std::uint64_t outputs() const { return (state_.load() / kOutput) & kCountMask; }
  bool closing() const { return (state_.load() & kClosing) != 0; }

  // Lets nobody enter from now on. Idempotent. `keep_alive` owns this gate; it is held until
  // `finish` has run.
  void close(std::shared_ptr<void> keep_alive);
  // Waits until every call has left (outputs may live on).
  WaitOutcome wait_calls(const WaitLimit& limit);
  // Waits until `finish` has returned; runs it itself when its time has come.
  WaitOutcome wait_finished(const WaitLimit& limit);
  // Waits until `ready` holds, which is asked again whenever something left; while closing only.
  WaitOutcome wait_until(const WaitLimit& limit, const std::function<bool()>& ready);
  // For whoever closed and will not wait for the end: it comes on a thread of its own.
  void let_go() { after_step_down(); }

 private:
  static constexpr std::uint64_t kCountMask = (std::uint64_t{1} << 31) - 1;
  static constexpr std::uint64_t kCall = 1;
  static constexpr std::uint64_t kOutput = std::uint64_t{1} << 31;
  static constexpr std::uint64_t kClosing = std::uint64_t{1} << 63;

  void step_down(std::uint64_t unit) {
    const std::uint64_t now = state_.fetch_sub(unit, std::memory_order_acq_rel) - unit;
    if (now & kClosing) [[unlikely]]
      after_step_down();
  }
  bool idle() const { return state_.load() == kClosing; }
  void after_step_down();
  // Claims the running of `finish`; true for one caller only.
  bool claim() AIGES_REQUIRES(mutex_);
  void run_finish();

  std::atomic<std::uint64_t> state_{0};
  const std::function<void()> finish_;
  Mutex mutex_;
  CondVar changed_;
  std::shared_ptr<void> keep_alive_ AIGES_GUARDED_BY(mutex_);
  int waiters_ AIGES_GUARDED_BY(mutex_) = 0;
  bool claimed_ AIGES_GUARDED_BY(mutex_) = false;
  bool finished_ AIGES_GUARDED_BY(mutex_) = false;
};

}  // namespace aiges
