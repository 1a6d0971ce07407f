#include "engine/operation.h"

#include <utility>

#include "engine/engine_host.h"

namespace aiges {

Operation::Operation(std::shared_ptr<EngineHost> host, Completion completion)
    : host_(std::move(host)), completion_(std::move(completion)) {}

Operation::~Operation() {
  // Ends only here when nothing can report an outcome any more: a pool dropped the work.
  if (give_back_) give_back_();
}

bool Operation::deliver(Result<OutputPtr> result) { return end(How::kResult, std::move(result)); }

bool Operation::cancel() { return end(How::kCancelled, OutputPtr()); }

void Operation::expire() {
  // A request that still waits for its turn has met a lack of places, not a slow engine.
  end(How::kExpired, inside_.load(std::memory_order_acquire)
                         ? Status(ErrorKind::kDeadline, Code::kDeadline, "exec",
                                  "engine '" + host_->name() +
                                      "' gave no result in time; its result, should it still "
                                      "come, is dropped")
                         : host_->no_slot(WaitOutcome::kDeadline));
}

void Operation::tell_engine(How how) {
  if (how != How::kExpired) {
    host_->engine().cancel(tag_.text);
    return;
  }
  // The watchdog has other deadlines to keep: foreign code runs elsewhere. The hold keeps the
  // engine from being finished before it was told.
  host_->output_made();
  const bool queued = host_->pool().submit([alive = shared_from_this()] {
    alive->host_->engine().cancel(alive->tag_.text);
    alive->host_->output_gone();
  });
  if (!queued) host_->output_gone();
}

bool Operation::end(How how, Result<OutputPtr> result) {
  if (ended_.exchange(true, std::memory_order_acq_rel)) return false;
  const std::shared_ptr<Operation> alive = shared_from_this();
  Completion completion;
  std::function<void()> give_back;
  Watchdog::Id alarm = 0;
  {
    MutexLock lock(mutex_);
    completion = std::move(completion_);
    completion_ = nullptr;
    give_back = std::move(give_back_);
    give_back_ = nullptr;
    alarm = std::exchange(alarm_, 0);
  }
  const bool completed = how == How::kResult;
  completed_.store(completed, std::memory_order_release);
  if (alarm != 0 && how != How::kExpired) host_->watchdog().cancel(alarm);
  if (!completed && inside_.load() && host_->engine().can_cancel()) tell_engine(how);
  if (tag_.id != 0) {
    host_->router().close(tag_.id, completed ? TagEnd::kCompleted : TagEnd::kGivenUp);
  }
  if (!result.ok()) result = Status(result.status()).with_session_id(session_id_);
  if (!result.ok() || how == How::kCancelled) count(host_->stats().failures);
  // The place in the engine is free before anyone can act on the outcome.
  if (give_back) give_back();
  if (how != How::kCancelled && completion) completion(std::move(result));
  return true;
}

}  // namespace aiges
