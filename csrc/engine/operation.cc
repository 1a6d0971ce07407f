#include "engine/operation.h"

#include <system_error>
#include <thread>
#include <utility>

#include "engine/engine_host.h"

namespace aiges {

Operation::Operation(std::shared_ptr<EngineHost> host, Completion completion)
    : host_(std::move(host)), completion_(std::move(completion)) {}

bool Operation::deliver(Result<OutputPtr> result) { return end(How::kResult, std::move(result)); }

bool Operation::cancel() { return end(How::kCancelled, OutputPtr()); }

void Operation::expire() {
  bool inside = false;
  {
    MutexLock lock(mutex_);
    // Without a limit on places there was none to wait for.
    inside = inside_ || host_->slots().limit() == 0;
  }
  // A request that still waits for its turn has met a lack of places, not a slow engine.
  end(How::kExpired, inside ? Status(ErrorKind::kDeadline, Code::kDeadline, "exec",
                                     "engine '" + host_->name() +
                                         "' gave no result in time; its result, should it still "
                                         "come, is dropped")
                            : host_->no_slot(WaitOutcome::kDeadline));
}

bool Operation::begin(CallbackRouter::Tag tag, std::string_view session_id) {
  MutexLock lock(mutex_);
  // Whoever ends it changes the state first and takes the lock then: either it sees what is set
  // here, or this sees that it ended.
  if (state_.load(std::memory_order_acquire) != State::kOpen) return false;
  tag_ = tag;
  session_id_ = session_id.empty() ? std::string_view(tag.text) : session_id;
  inside_ = true;
  return true;
}

void Operation::tell_engine(How how, std::shared_ptr<void> stay) {
  if (how != How::kExpired) {
    host_->engine().cancel(tag_.text);
    return;
  }
  // The watchdog has other deadlines to keep: foreign code runs elsewhere. The stay keeps the
  // engine from being finished before it was told.
  // A thread of its own: those of the pool may all be in the calls that are to be ended.
  try {
    std::thread([alive = shared_from_this(), text = tag_.text, held = std::move(stay)] {
      alive->host_->engine().cancel(text);
    }).detach();
  } catch (const std::system_error&) {
    return;  // no thread to be had: the engine is not told, as one without wrapperCancel is not
  }
}

bool Operation::end(How how, Result<OutputPtr> result) {
  State open = State::kOpen;
  const State ended = how == How::kResult ? State::kCompleted : State::kGivenUp;
  if (!state_.compare_exchange_strong(open, ended, std::memory_order_acq_rel)) return false;
  const std::shared_ptr<Operation> alive = shared_from_this();
  Completion completion;
  std::shared_ptr<void> stay;
  Watchdog::Id alarm = 0;
  CallbackRouter::Tag tag;
  std::string session_id;
  bool inside = false;
  {
    MutexLock lock(mutex_);
    completion = std::exchange(completion_, nullptr);
    stay = std::move(stay_);
    alarm = std::exchange(alarm_, 0);
    tag = tag_;
    session_id = session_id_;
    inside = inside_;
  }
  if (alarm != 0 && how != How::kExpired) host_->watchdog().cancel(alarm);
  if (how != How::kResult && inside && host_->engine().can_cancel()) tell_engine(how, stay);
  if (tag.id != 0) host_->router().close(tag.id, tag_end());
  if (!result.ok()) result = Status(result.status()).with_session_id(session_id);
  // A request that was refused at the door was not counted as a call, and is not as a failure.
  if (stay && (!result.ok() || how == How::kCancelled)) count(host_->stats().failures);
  // The place in the engine is free before anyone can act on the outcome.
  stay.reset();
  if (how != How::kCancelled && completion) completion(std::move(result));
  return true;
}

}  // namespace aiges
