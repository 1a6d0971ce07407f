// The other half of StreamSession: how results leave, and what the clock does.

#include <algorithm>
#include <chrono>
#include <string>

#include "session/stream_session.h"

namespace aiges {

void StreamSession::add_result(OutputPtr output) {
  last_progress_ = Clock::now();
  Batch batch;
  for (const OutputItem& item : output->items()) {
    auto last = std::ranges::find(seq_, item.key, &std::pair<std::string, int>::first);
    if (last == seq_.end()) last = seq_.emplace(last, std::string(item.key), 0);
    batch.seq.push_back(++last->second);
    batch.status = item.status;
    output_ends_.note(item.key, item.status);
  }
  batch.final = options_.end_per_key ? output_ends_.all_ended() : output->final();
  batch.output = std::move(output);
  if (batch.final) {
    final_ = std::move(batch);
    ending_ = true;
  } else if (results_.size() >= options_.max_queued) {
    end_with(Status(
        ErrorKind::kOverload, Code::kOverload, "session",
        std::to_string(results_.size()) + " results of the session wait and nobody takes them"));
  } else {
    results_.push_back(std::move(batch));
  }
}

StreamSession::TakeResult StreamSession::take_locked(std::deque<Batch>& dropped) {
  if (end_taken_) return std::nullopt;
  if (!error_.ok()) {
    if (!end_shown_) return std::nullopt;
    dropped.swap(results_);
    end_taken_ = true;
    return error_;
  }
  if (results_.empty()) return std::nullopt;
  Batch batch = std::move(results_.front());
  results_.pop_front();
  end_taken_ = batch.final;
  return batch;
}

StreamSession::TakeResult StreamSession::take() {
  touch();
  TakeResult result;
  std::deque<Batch> dropped;
  bool end = false;
  {
    MutexLock lock(mutex_);
    result = take_locked(dropped);
    end = end_taken_;
  }
  if (end) release();
  return result;
}

void StreamSession::set_listener(std::function<void()> listener) {
  std::shared_ptr<const std::function<void()>> replaced;
  bool now = false;
  if (listener) replaced = std::make_shared<const std::function<void()>>(std::move(listener));
  const std::shared_ptr<const std::function<void()>> ours = replaced;
  {
    MutexLock lock(mutex_);
    listener_.swap(replaced);
    now = !end_taken_ && (error_.ok() ? !results_.empty() : end_shown_);
  }
  if (ours && now) (*ours)();
}

StreamSession::WaitId StreamSession::wait_result(Deadline deadline, ResultCallback callback) {
  touch();
  TakeResult result;
  std::deque<Batch> dropped;
  bool end = false;
  {
    MutexLock lock(mutex_);
    if (waiters_.empty()) result = take_locked(dropped);
    if (!result && !end_taken_ && !deadline.passed()) {
      const WaitId id = ++last_wait_;
      Waiter waiter{std::move(callback)};
      if (!deadline.infinite()) {
        waiter.alarm = services_.watchdog.schedule(deadline, [weak = weak_from_this(), id] {
          if (const std::shared_ptr<StreamSession> self = weak.lock()) self->expire_wait(id);
        });
      }
      waiters_.emplace_back(id, std::move(waiter));
      return id;
    }
    end = end_taken_;
  }
  if (end) release();
  callback(std::move(result));
  return 0;
}

std::optional<StreamSession::Waiter> StreamSession::remove_waiter(WaitId id) {
  const auto found = std::ranges::find(waiters_, id, &std::pair<WaitId, Waiter>::first);
  if (found == waiters_.end()) return std::nullopt;
  Waiter waiter = std::move(found->second);
  waiters_.erase(found);
  return waiter;
}

bool StreamSession::cancel_wait(WaitId id) {
  std::optional<Waiter> waiter;  // what its callback holds is released outside the lock
  {
    MutexLock lock(mutex_);
    waiter = remove_waiter(id);
  }
  if (waiter && waiter->alarm != 0) services_.watchdog.cancel(waiter->alarm);
  return waiter.has_value();
}

void StreamSession::expire_wait(WaitId id) {
  std::optional<Waiter> waiter;
  {
    MutexLock lock(mutex_);
    waiter = remove_waiter(id);
  }
  touch();  // the one who waited was there until now
  if (waiter) waiter->callback(std::nullopt);
}

void StreamSession::tell() {
  for (;;) {
    Waiter waiter;
    TakeResult result;
    std::deque<Batch> dropped;
    bool end = false;
    {
      MutexLock lock(mutex_);
      if (waiters_.empty()) break;
      result = take_locked(dropped);
      end = end_taken_;
      if (!result && !end) break;  // past the end, everybody gets nothing at once
      waiter = std::move(waiters_.front().second);
      waiters_.pop_front();
    }
    if (waiter.alarm != 0) services_.watchdog.cancel(waiter.alarm);
    touch();
    if (end) release();
    waiter.callback(std::move(result));
  }
  std::shared_ptr<const std::function<void()>> listener;
  {
    MutexLock lock(mutex_);
    listener = listener_;
  }
  if (listener) (*listener)();
}

// ---- time ----

Deadline StreamSession::ttl_deadline() const {
  if (options_.ttl <= Clock::duration::zero()) return Deadline::never();
  const Clock::time_point last{Clock::duration(last_use_.load(std::memory_order_relaxed))};
  return Deadline::at(last + options_.ttl);
}

Deadline StreamSession::final_deadline() const {
  if (!input_finished_ || options_.final_wait <= Clock::duration::zero()) return Deadline::never();
  return Deadline::at(last_progress_ + options_.final_wait);
}

Deadline StreamSession::next_check() const {
  const Deadline idle = ttl_deadline();
  if (ending_) return idle;
  return idle.sooner_of(final_deadline())
      .sooner_of(input_.gap_deadline())
      .sooner_of(options_.deadline);
}

void StreamSession::arm_watch() {
  const Deadline at = next_check();
  // One that is too early looks again by itself: use only ever moves the idle time away.
  if (is_released_ || at.infinite() || (watch_ != 0 && watch_at_.time() <= at.time())) return;
  if (watch_ != 0) services_.watchdog.cancel(watch_);
  watch_at_ = at;
  watch_ = services_.watchdog.schedule(at, [weak = weak_from_this()] {
    if (const std::shared_ptr<StreamSession> self = weak.lock()) self->watch();
  });
}

void StreamSession::watch() {
  std::optional<CloseReason> reason;
  void (StreamSession::*job)() = nullptr;
  {
    MutexLock lock(mutex_);
    watch_ = 0;
    // Who waits uses it, be it for one result or for the last one.
    if (!waiters_.empty() || (listener_ && input_finished_ && !ending_)) touch();
    if (ttl_deadline().passed()) {
      reason = CloseReason::kIdle;
    } else if (!ending_ && options_.deadline.passed()) {
      reason = CloseReason::kDeadline;
    } else if (!ending_ && final_deadline().passed()) {
      end_with(Status(ErrorKind::kDeadline, Code::kDeadline, "session",
                      "the engine gave no final result within " +
                          std::to_string(std::chrono::duration_cast<std::chrono::milliseconds>(
                                             options_.final_wait)
                                             .count()) +
                          " ms after the end of the input"));
      job = &StreamSession::end_inside;
    } else if (!ending_ && input_.gap_deadline().passed()) {
      const std::uint64_t before = input_.counts().skipped;
      Status status = input_.expire(Clock::now());
      services_.counters.skipped.fetch_add(input_.counts().skipped - before,
                                           std::memory_order_relaxed);
      job = status.ok() ? &StreamSession::run : &StreamSession::end_inside;
      if (!status.ok()) end_with(std::move(status));
    }
    if (!reason) arm_watch();
  }
  if (job) run_later(job);
  if (!reason) return;
  if (*reason == CloseReason::kIdle)
    services_.counters.evicted.fetch_add(1, std::memory_order_relaxed);
  close(*reason);
}

ReorderBuffer::Counts StreamSession::input_counts() {
  MutexLock lock(mutex_);
  return input_.counts();
}

}  // namespace aiges
