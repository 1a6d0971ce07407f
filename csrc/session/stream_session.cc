#include "session/stream_session.h"

#include <chrono>
#include <string>

namespace aiges {
namespace {

// An engine that has nothing yet is asked again at once so many times, then by the poller.
constexpr int kImmediateReads = 3;

std::string in_ms(Clock::duration time) {
  return std::to_string(std::chrono::duration_cast<std::chrono::milliseconds>(time).count()) +
         " ms";
}

void count_more(SessionCounters::Counter& counter, std::uint64_t by = 1) {
  if (by != 0) counter.fetch_add(by, std::memory_order_relaxed);
}

bool has_items(const OutputPtr& output) { return output && !output->items().empty(); }

Status closed_error(CloseReason reason, const StreamSession::Options& options) {
  const auto inactive = [](std::string text) {
    return Status(ErrorKind::kSession, Code::kInactive, "session",
                  "service instance inactive, already release: " + std::move(text));
  };
  switch (reason) {
    case CloseReason::kCancelled:
      return inactive("the client ended the session");
    case CloseReason::kDisconnected:
      return inactive("the client is gone");
    case CloseReason::kIdle:
      return inactive("nobody used the session for " + in_ms(options.ttl));
    case CloseReason::kDeadline:
      return Status(ErrorKind::kDeadline, Code::kDeadline, "session", "the session's time is over");
    case CloseReason::kShutdown:
      break;
  }
  return inactive("the server is going down");
}

}  // namespace

Result<std::shared_ptr<StreamSession>> StreamSession::open(std::shared_ptr<EngineHost> host,
                                                           Licence licence, const Request& request,
                                                           Options options, Services services,
                                                           Released released) {
  // Not make_shared: the constructor is private.
  const std::shared_ptr<StreamSession> session(
      new StreamSession(std::move(licence), std::move(options), services, std::move(released)));
  if (Status status = session->create(std::move(host), request); !status.ok()) return status;
  return session;
}

StreamSession::StreamSession(Licence licence, Options options, Services services, Released released)
    : options_(std::move(options)),
      services_(services),
      released_(std::move(released)),
      licence_(std::move(licence)),
      input_(options_.order),
      input_ends_(options_.inputs),
      output_ends_(options_.outputs),
      last_progress_(Clock::now()) {
  touch();
}

StreamSession::~StreamSession() {
  // Nobody has it any more, so nobody is inside the engine for it.
  if (session_ && !ended_) (void)session_->close({Deadline::at(Clock::now()), nullptr});
  if (watch_ != 0) services_.watchdog.cancel(watch_);
}

Status StreamSession::create(std::shared_ptr<EngineHost> host, const Request& request) {
  Session::FinalRule rule;
  if (options_.end_per_key) {
    rule = [ends = StreamEnds(options_.outputs)](const Output& output) mutable {
      for (const OutputItem& item : output.items()) ends.note(item.key, item.status);
      return ends.all_ended();
    };
  }
  Result<std::shared_ptr<Session>> opened =
      Session::open(std::move(host), request, options_.mode, std::move(rule));
  if (!opened.ok()) return opened.status();
  session_ = std::move(opened.value());
  count_more(services_.counters.opened);
  {
    MutexLock lock(mutex_);
    arm_watch();
  }
  watch_engine();
  return {};
}

void StreamSession::watch_engine() {
  session_->notify_once([weak = weak_from_this()] {
    if (const std::shared_ptr<StreamSession> self = weak.lock()) self->engine_changed();
  });
}

// ---- the engine's side ----

void StreamSession::push(Frame frame) {
  touch();
  {
    MutexLock lock(mutex_);
    if (ending_ || input_finished_) {
      count_more(services_.counters.old);
      return;
    }
    const ReorderBuffer::Counts before = input_.counts();
    Status status = input_.push(std::move(frame), Clock::now());
    count_more(services_.counters.duplicates, input_.counts().duplicates - before.duplicates);
    count_more(services_.counters.old, input_.counts().old - before.old);
    if (!status.ok()) end_with(std::move(status));
  }
  run();
}

void StreamSession::run() {
  {
    MutexLock lock(mutex_);
    if (running_) return;
    running_ = true;
  }
  for (;;) {
    Frame frame;
    Next next{};
    {
      MutexLock lock(mutex_);
      next = next_step(frame);
      if (next == Next::kRest) {
        running_ = false;
        arm_watch();
        return;
      }
    }
    switch (next) {
      case Next::kWrite:
        write(frame);
        break;
      case Next::kRead:
        read();
        break;
      default:
        complete();
        return;
    }
  }
}

void StreamSession::run_later(void (StreamSession::*what)()) {
  // Without an executor there is no thread that may block, but to leave it undone is worse.
  if (!services_.executor.submit([self = shared_from_this(), what] { (self.get()->*what)(); }))
    (this->*what)();
}

StreamSession::Next StreamSession::next_step(Frame& frame) {
  if (ending_) return Next::kEnd;
  if (read_due_) return Next::kRead;
  while (!input_finished_) {
    std::optional<Frame> next = input_.pop(Clock::now());
    if (!next) break;
    for (const DataItem& item : next->items) input_ends_.note(item.key, item.status);
    input_finished_ = input_ends_.all_ended();
    // A frame without payload has its place in the order and nothing for the engine.
    if (next->items.empty()) continue;
    frame = *std::move(next);
    return Next::kWrite;
  }
  return Next::kRest;
}

void StreamSession::write(const Frame& frame) {
  Status status = session_->write(frame.items);
  touch();
  MutexLock lock(mutex_);
  last_progress_ = Clock::now();
  if (!status.ok()) {
    end_with(std::move(status));
  } else if (options_.mode == Mode::kStream) {
    read_due_ = options_.real_time_results || input_finished_;
  }
}

void StreamSession::read() {
  const Clock::time_point before = Clock::now();
  Result<OutputPtr> result = session_->try_read();
  const Clock::duration took = Clock::now() - before;
  {
    MutexLock lock(mutex_);
    read_time_ += (took - read_time_) / 4;
    read_due_ = input_finished_;
    if (!result.ok()) {
      end_with(result.status());
      return;
    }
    if (!has_items(result.value())) {
      nothing_yet();
      return;
    }
    empty_reads_ = 0;
    add_result(std::move(result.value()));
    if (ending_) return;
  }
  tell();
}

void StreamSession::nothing_yet() {
  if (!input_finished_ || ++empty_reads_ <= kImmediateReads) return;
  read_due_ = false;
  services_.poller.add(weak_from_this(), empty_reads_ - kImmediateReads - 1, read_time_);
}

void StreamSession::poll() {
  {
    MutexLock lock(mutex_);
    read_due_ = true;
  }
  run();
}

void StreamSession::engine_changed() {
  const bool called_back = options_.mode == Mode::kStreamAsync;
  {
    MutexLock lock(mutex_);
    if (ending_) return;
    if (std::exchange(draining_, true)) {
      drain_again_ = true;
      return;
    }
  }
  for (bool again = true; again;) {
    bool end_later = false;
    bool end = false;
    {
      MutexLock lock(mutex_);
      drain_again_ = false;
      if (called_back) drain_callbacks();
      // Its engine is being closed. Whoever is inside for the session finds out by himself.
      if (!running_ && session_->done())
        end_with(Status(ErrorKind::kSession, Code::kInactive, "session",
                        "service instance inactive: the engine is being closed"));
      end = ending_ || !called_back;
      end_later = ending_ && !running_;
    }
    if (end_later) run_later(&StreamSession::end_inside);
    if (end) return;  // and stays draining: there is nothing more to come
    tell();
    watch_engine();
    MutexLock lock(mutex_);
    again = drain_again_;
    draining_ = again;
  }
}

void StreamSession::drain_callbacks() {
  while (!ending_) {
    Result<OutputPtr> result = session_->try_read();
    if (!result.ok()) {
      end_with(result.status());
    } else if (has_items(result.value())) {
      add_result(std::move(result.value()));
    } else if (!result.value()) {
      return;
    }
  }
}

// ---- the end ----

void StreamSession::end_with(Status why) {
  if (std::exchange(ending_, true)) return;
  error_ = std::move(why).with_session_id(session_->id());
  count_more(services_.counters.failed);
}

void StreamSession::end_inside() {
  bool somebody_inside = false;
  {
    MutexLock lock(mutex_);
    if (ended_) return;
    somebody_inside = std::exchange(running_, true);
  }
  if (!somebody_inside) {
    complete();
    return;
  }
  // Tells the engine to stop, and leaves the rest to who is inside. That may take long, so the end
  // shows before.
  if (session_->close({Deadline::at(Clock::now()), nullptr}).code() != Code::kDeadline) return;
  {
    MutexLock lock(mutex_);
    end_shown_ = true;
  }
  tell();
}

void StreamSession::complete() {
  // Its own error is of no use to anybody: what matters to the client has been said before.
  (void)session_->close();
  licence_.release();
  std::map<std::int64_t, Frame> unused;  // released without the lock
  {
    MutexLock lock(mutex_);
    unused = input_.drop_all();
    ended_ = end_shown_ = true;
    if (final_) {
      results_.push_back(*std::move(final_));
      final_.reset();
      count_more(services_.counters.completed);
    }
  }
  tell();
}

void StreamSession::close(CloseReason reason) { fail(closed_error(reason, options_)); }

void StreamSession::fail(Status why) {
  std::deque<Batch> dropped;  // released without the lock
  bool end_later = false;
  {
    MutexLock lock(mutex_);
    if (is_released_) return;
    // An end that is there already stays, for whoever still has the session.
    if (!ending_) dropped.swap(results_);
    if (!ended_) {
      end_with(std::move(why));
      end_later = true;
    }
  }
  if (end_later) run_later(&StreamSession::end_inside);
  release();
}

void StreamSession::release() {
  Watchdog::Id watch = 0;
  {
    MutexLock lock(mutex_);
    if (std::exchange(is_released_, true)) return;
    watch = std::exchange(watch_, 0);
  }
  if (watch != 0) services_.watchdog.cancel(watch);
  if (released_) released_(*this);
}

bool StreamSession::ended() {
  MutexLock lock(mutex_);
  return ended_;
}

bool StreamSession::released() {
  MutexLock lock(mutex_);
  return is_released_;
}

}  // namespace aiges
