#include "session/session.h"

#include <algorithm>
#include <chrono>
#include <utility>

namespace aiges {
namespace {

// An engine without callbacks has to be asked again: soon at first, since most answers come soon,
// then less and less often.
constexpr auto kFirstPause = std::chrono::microseconds(20);
constexpr auto kLongestPause = std::chrono::milliseconds(5);
// Those pauses are shorter than the time after which a wait looks at its interrupt by itself.
constexpr auto kLookUp = std::chrono::milliseconds(50);

}  // namespace

Session::Session(std::shared_ptr<EngineHost> host, Mode mode, FinalRule is_final)
    : host_(std::move(host)), mode_(mode), is_final_(std::move(is_final)) {}

Result<std::shared_ptr<Session>> Session::open(std::shared_ptr<EngineHost> host,
                                               const Request& request, Mode mode,
                                               FinalRule is_final) {
  if (!has_mode(host->modes(), mode)) {
    return Status(ErrorKind::kSession, Code::kLoad, "session",
                  "engine '" + host->name() + "' offers " + describe_modes(host->modes()) +
                      "; a session of this kind needs " +
                      describe_modes(static_cast<ModeSet>(mode)));
  }
  if (Status status = host->enter("session"); !status.ok()) return status;
  // Not make_shared: the constructor is private.
  const std::shared_ptr<Session> session(new Session(std::move(host), mode, std::move(is_final)));
  if (Status status = session->create(request); !status.ok()) return status;
  return session;
}

Status Session::create(const Request& request) {
  Status status = host_->resources().acquire(request.resources);
  if (status.ok()) resources_.assign(request.resources.begin(), request.resources.end());
  tag_ = host_->router().open(shared_from_this());
  id_ = request.session_id.empty() ? tag_.text : request.session_id;
  if (status.ok()) {
    Request tagged = request;
    tagged.tag = tag_.id;
    tagged.tag_text = tag_.text;
    Result<SessionHandle> handle = host_->engine().create(tagged, mode_ == Mode::kStreamAsync);
    if (handle.ok()) {
      handle_ = handle.value();
      count(host_->stats().sessions_created);
      host_->add_session(tag_.id, weak_from_this());
      if (!host_->closed()) return {};
      // It opened while the engine was being closed, perhaps after the others had been.
      (void)close();
      return inactive("session");
    }
    status = handle.status();
  }
  {
    MutexLock lock(mutex_);
    state_ = State::kClosed;
    closing_ = destroyed_ = true;
  }
  host_->router().close(tag_.id, TagEnd::kGivenUp);
  host_->resources().release(resources_);
  host_->leave();
  return std::move(status).with_session_id(id_);
}

Status Session::inactive(const char* what) const {
  return Status(ErrorKind::kSession, Code::kInactive, what, "session " + id_ + " is closed")
      .with_session_id(id_);
}

Status Session::failed(Status status) {
  status = std::move(status).with_session_id(id_);
  if (state_ == State::kOpen) {
    state_ = State::kFailed;
    error_ = status;
  }
  final_seen_ = true;
  return status;
}

Status Session::begin_call(const char* what, const WaitLimit& limit) {
  if (Status status = host_->check_process(what); !status.ok()) return status;
  const WaitOutcome outcome = wait_for(
      changed_, mutex_, limit, [this]() AIGES_REQUIRES(mutex_) { return !in_call_ || closing_; });
  if (closing_) return inactive(what);
  if (outcome == WaitOutcome::kInterrupted) {
    return Status(ErrorKind::kSession, Code::kInactive, what, "interrupted").with_session_id(id_);
  }
  if (outcome != WaitOutcome::kReady) {
    return Status(ErrorKind::kDeadline, Code::kDeadline, what,
                  "another call of session " + id_ + " is still inside the engine")
        .with_session_id(id_);
  }
  in_call_ = true;
  return {};
}

Status Session::end_call() {
  bool to_destroy = false;
  {
    MutexLock lock(mutex_);
    if (closing_ && !destroyed_) {
      to_destroy = destroyed_ = true;  // stays in the call: nobody else may enter any more
    } else {
      in_call_ = false;
    }
    changed_.notify_all();
  }
  return to_destroy ? destroy() : Status();
}

Status Session::write(std::span<const DataItem> data) {
  {
    MutexLock lock(mutex_);
    if (Status status = begin_call("write", {}); !status.ok()) return status;
    if (!error_.ok()) {  // also one that came while this call waited for its turn
      in_call_ = false;
      changed_.notify_all();
      return error_;
    }
  }
  std::size_t size = 0;
  for (const DataItem& item : data) size += item.size;
  count(host_->stats().bytes_in, size);
  Status status = host_->engine().write(handle_, data);
  std::function<void()> to_run;
  if (!status.ok()) {
    MutexLock lock(mutex_);
    // A request that never reached the engine leaves the session as it was.
    status = status.kind() == ErrorKind::kInvalidData ? std::move(status).with_session_id(id_)
                                                      : failed(std::move(status));
    changed(to_run);
  }
  (void)end_call();
  if (to_run) to_run();
  return status;
}

void Session::changed(std::function<void()>& to_run) {
  to_run = std::move(notify_);
  notify_ = nullptr;
  changed_.notify_all();
}

Result<OutputPtr> Session::take_queued() {
  Result<OutputPtr> result = std::move(queue_.front());
  queue_.pop_front();
  if (!result.ok()) return failed(result.status());
  if (final_queued_ && queue_.empty()) state_ = State::kFinished;
  return result;
}

Result<OutputPtr> Session::try_read() { return ask({Deadline::at(Clock::now()), nullptr}); }

Result<OutputPtr> Session::ask(const WaitLimit& limit) {
  {
    MutexLock lock(mutex_);
    if (!queue_.empty() && !closing_) return take_queued();
    if (state_ == State::kFinished) return OutputPtr();
    if (!error_.ok()) return error_;
    if (closing_) return inactive("read");
    if (mode_ == Mode::kStreamAsync) return OutputPtr();
    if (Status status = begin_call("read", limit); !status.ok()) {
      // A write that is still inside is no reason to fail: there is just nothing yet.
      if (status.kind() == ErrorKind::kDeadline) return OutputPtr();
      return status;
    }
  }
  Result<OutputPtr> result = host_->engine().read(handle_);
  {
    MutexLock lock(mutex_);
    if (!result.ok()) {
      result = failed(result.status());
    } else if (result.value()) {
      count(host_->stats().bytes_out, result.value()->bytes());
      if (last(*result.value())) {
        state_ = State::kFinished;
        final_seen_ = true;
      }
    }
  }
  (void)end_call();
  return result;
}

Result<OutputPtr> Session::read(const WaitLimit& limit) {
  const auto interrupted = [this] {
    return Status(ErrorKind::kSession, Code::kInactive, "read", "interrupted").with_session_id(id_);
  };
  Clock::duration pause = kFirstPause;
  Deadline look_up = Deadline::after(kLookUp);
  for (;;) {
    Result<OutputPtr> result = ask(limit);
    if (!result.ok() || result.value()) return result;
    if (limit.interrupt && look_up.passed()) {
      look_up = Deadline::after(kLookUp);
      if (limit.interrupt->pending()) return interrupted();
    }
    MutexLock lock(mutex_);
    if (state_ == State::kFinished || limit.deadline.passed()) return result;
    WaitLimit wait = limit;
    const bool ask_again = mode_ == Mode::kStream;
    if (ask_again) wait.deadline = limit.deadline.sooner_of(Deadline::after(pause));
    const WaitOutcome outcome = wait_for(changed_, mutex_, wait, [&]() AIGES_REQUIRES(mutex_) {
      return !queue_.empty() || closing_ || state_ != State::kOpen;
    });
    if (outcome == WaitOutcome::kInterrupted) return interrupted();
    pause = std::min<Clock::duration>(pause * 2, kLongestPause);
  }
}

bool Session::done() {
  MutexLock lock(mutex_);
  return state_ != State::kOpen || closing_;
}

Result<std::string> Session::debug_info() {
  {
    MutexLock lock(mutex_);
    if (closing_) return last_debug_info_;
    if (Status status = begin_call("debug_info", {}); !status.ok()) return status;
  }
  std::string text = host_->engine().debug_info(handle_);
  (void)end_call();
  return text;
}

void Session::notify_once(std::function<void()> action) {
  {
    MutexLock lock(mutex_);
    if (queue_.empty() && state_ == State::kOpen && !closing_) {
      notify_ = std::move(action);
      return;
    }
  }
  action();
}

bool Session::wants_result() {
  MutexLock lock(mutex_);
  return !final_seen_ && !closing_;
}

TagEnd Session::tag_end() {
  MutexLock lock(mutex_);
  return final_seen_ && error_.ok() ? TagEnd::kCompleted : TagEnd::kGivenUp;
}

bool Session::deliver(Result<OutputPtr> result) {
  std::function<void()> to_run;
  bool taken = true;
  {
    MutexLock lock(mutex_);
    if (final_seen_ || closing_) return false;
    taken = queue_.size() < kMaxQueued;
    if (!taken) {
      result = Status(ErrorKind::kOverload, Code::kOverload, "callback",
                      std::to_string(kMaxQueued) + " results of session " + id_ +
                          " wait unread; it takes no more");
    }
    if (result.ok()) count(host_->stats().bytes_out, result.value()->bytes());
    final_queued_ = result.ok() && last(*result.value());
    final_seen_ = final_queued_ || !result.ok();
    queue_.push_back(std::move(result));
    changed(to_run);
  }
  if (to_run) to_run();
  return taken;
}

Status Session::close(const WaitLimit& limit) {
  if (host_->in_forked_child()) return {};  // the session is the parent's
  std::function<void()> to_run;
  std::deque<Result<OutputPtr>> dropped;  // released without the lock
  bool cancel = false;
  {
    MutexLock lock(mutex_);
    if (closing_) {
      // Someone else destroys it: whoever closes second returns when that is done.
      (void)wait_for(changed_, mutex_, limit,
                     [this]() AIGES_REQUIRES(mutex_) { return state_ == State::kClosed; });
      return {};
    }
    closing_ = true;
    cancel = !final_seen_ && host_->engine().can_cancel();
    // A call that is inside may end the session meanwhile, and the engine be closed then.
    if (cancel) host_->enter_again();
    dropped.swap(queue_);
    changed(to_run);
  }
  if (to_run) to_run();
  if (cancel) {
    host_->engine().cancel(tag_.text);
    host_->leave();
  }

  bool to_destroy = false;
  WaitOutcome outcome{};
  {
    MutexLock lock(mutex_);
    outcome = wait_for(changed_, mutex_, limit, [this]() AIGES_REQUIRES(mutex_) {
      return !in_call_ || state_ == State::kClosed;
    });
    to_destroy = !in_call_ && !std::exchange(destroyed_, true);
  }
  if (to_destroy) return destroy();
  if (outcome == WaitOutcome::kReady) return {};
  return Status(ErrorKind::kDeadline, Code::kDeadline, "close",
                "a call of session " + id_ +
                    " is still inside the engine; the session ends when it returns")
      .with_session_id(id_);
}

Status Session::destroy() {
  std::string debug_info = host_->engine().debug_info(handle_);
  Status status = host_->engine().destroy(handle_);
  bool completed = false;
  {
    MutexLock lock(mutex_);
    last_debug_info_ = std::move(debug_info);
    completed = final_seen_ && error_.ok();
    state_ = State::kClosed;
    in_call_ = false;
    changed_.notify_all();
  }
  // After wrapperDestroy: until then the engine may use the tag.
  host_->router().close(tag_.id, completed ? TagEnd::kCompleted : TagEnd::kGivenUp);
  host_->resources().release(resources_);
  host_->remove_session(tag_.id);
  host_->leave();
  return status.ok() ? std::move(status) : std::move(status).with_session_id(id_);
}

}  // namespace aiges
