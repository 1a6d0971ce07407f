#include "engine/gate.h"

#include <thread>
#include <utility>

namespace aiges {

void Gate::close(std::shared_ptr<void> keep_alive) {
  {
    MutexLock lock(mutex_);
    if (closing()) return;
    keep_alive_ = std::move(keep_alive);
    // Entering once keeps the gate busy while the flag is set, so that leaving sees an idle gate.
    state_.fetch_add(kCall, std::memory_order_acq_rel);
    state_.fetch_or(kClosing, std::memory_order_acq_rel);
    ++waiters_;  // whoever closes is about to wait: no thread need be made for it
  }
  leave();
  MutexLock lock(mutex_);
  --waiters_;
}

bool Gate::claim() { return idle() && !std::exchange(claimed_, true); }

void Gate::after_step_down() {
  // The thread that comes here must not use the gate after unlocking: it may be gone by then. What
  // keeps it alive is moved into the thread that finishes, or dropped by the waiter.
  MutexLock lock(mutex_);
  changed_.notify_all();
  if (waiters_ != 0 || !claim()) return;
  std::thread([this, alive = keep_alive_] { run_finish(); }).detach();
}

void Gate::run_finish() {
  finish_();
  std::shared_ptr<void> alive;  // dropped after the lock
  MutexLock lock(mutex_);
  finished_ = true;
  alive = std::move(keep_alive_);
  changed_.notify_all();
}

WaitOutcome Gate::wait_calls(const WaitLimit& limit) {
  return wait_until(limit, [this] { return calls() == 0; });
}

WaitOutcome Gate::wait_until(const WaitLimit& limit, const std::function<bool()>& ready) {
  MutexLock lock(mutex_);
  return wait_for(changed_, mutex_, limit, ready);
}

WaitOutcome Gate::wait_finished(const WaitLimit& limit) {
  bool mine = false;
  WaitOutcome outcome{};
  {
    MutexLock lock(mutex_);
    ++waiters_;
    outcome = wait_for(changed_, mutex_, limit, [&]() AIGES_REQUIRES(mutex_) {
      mine = mine || claim();  // asked more than once
      return mine || finished_;
    });
    --waiters_;
    // A waiter that gives up at the moment its turn has come still has to see to it.
    if (!mine && waiters_ == 0 && claim()) mine = true;
  }
  if (mine) {
    run_finish();
    return WaitOutcome::kReady;
  }
  return outcome;
}

}  // namespace aiges
