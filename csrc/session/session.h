#pragma once

#include <deque>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "base/mutex.h"
#include "base/status.h"
#include "base/wait.h"
#include "engine/callback_router.h"
#include "engine/engine_host.h"

namespace aiges {

// One session with an engine: what is written goes in, results come out until the final one.
//
// State: open -> finished (the final result was read) or failed (the first error stays) -> closed.
// wrapperDestroy is called exactly once however it ends, never while another call of the session
// runs. Thread-safe: calls into the engine are serialised here, as the ABI demands. An open session
// is kept alive by its engine's host: it must be closed.
class Session final : public ResultSink,
                      public HostedSession,
                      public std::enable_shared_from_this<Session> {
 public:
  // Tells whether a result is the session's last. Asked once for each, in order, under a lock.
  using FinalRule = std::function<bool(const Output&)>;

  // `mode` is kStream (results are fetched) or kStreamAsync (the engine calls back).
  // Without a rule the first result with a final status is the last.
  static Result<std::shared_ptr<Session>> open(std::shared_ptr<EngineHost> host,
                                               const Request& request, Mode mode,
                                               FinalRule is_final = nullptr);
  Session(const Session&) = delete;
  Session& operator=(const Session&) = delete;

  Status write(std::span<const DataItem> data);
  // The next result; null when there was none within the limit, or when the final one was read.
  Result<OutputPtr> read(const WaitLimit& limit);
  // The same without waiting: asks the engine once, or looks into the queue.
  Result<OutputPtr> try_read();
  // Whether the final result was read, the session failed, or it was closed.
  bool done();

  // Asks the engine; after close(), what it said just before its end.
  Result<std::string> debug_info();
  Status close(const WaitLimit& limit = {});

  // Calls `action` once, as soon as there may be something to read: now if there is already.
  // Runs on whatever thread brings the change; must be short and must not block. A later call
  // replaces the action.
  void notify_once(std::function<void()> action);

  const std::string& id() const { return id_; }
  Mode mode() const { return mode_; }
  EngineHost& host() { return *host_; }

  // ResultSink
  bool wants_result() override;
  bool deliver(Result<OutputPtr> result) override;
  TagEnd tag_end() override;
  // HostedSession
  void close_for_host(const WaitLimit& limit) override { (void)close(limit); }

 private:
  enum class State { kOpen, kFinished, kFailed, kClosed };
  // More results than this unread, and the session fails: nobody is reading.
  static constexpr std::size_t kMaxQueued = 10'000;

  Session(std::shared_ptr<EngineHost> host, Mode mode, FinalRule is_final);
  Status create(const Request& request);
  // Takes the right to call the engine for this session, or says why not.
  Status begin_call(const char* what, const WaitLimit& limit) AIGES_REQUIRES(mutex_);
  // Asks the engine once, when no other call is inside within the limit.
  Result<OutputPtr> ask(const WaitLimit& limit);
  // Gives it back; destroys the session if that was asked for meanwhile.
  Status end_call();
  Status destroy() AIGES_EXCLUDES(mutex_);
  Status inactive(const char* what) const;
  Status failed(Status status) AIGES_REQUIRES(mutex_);
  Result<OutputPtr> take_queued() AIGES_REQUIRES(mutex_);
  bool last(const Output& output) AIGES_REQUIRES(mutex_) {
    return is_final_ ? is_final_(output) : output.final();
  }
  void changed(std::function<void()>& to_run) AIGES_REQUIRES(mutex_);

  const std::shared_ptr<EngineHost> host_;
  const Mode mode_;
  const FinalRule is_final_;
  CallbackRouter::Tag tag_;
  std::string id_;
  std::vector<std::uint32_t> resources_;
  SessionHandle handle_ = nullptr;  // used only by whoever is in a call

  Mutex mutex_;
  CondVar changed_;
  State state_ AIGES_GUARDED_BY(mutex_) = State::kOpen;
  bool in_call_ AIGES_GUARDED_BY(mutex_) = false;
  bool closing_ AIGES_GUARDED_BY(mutex_) = false;
  bool destroyed_ AIGES_GUARDED_BY(mutex_) = false;
  bool final_seen_ AIGES_GUARDED_BY(mutex_) = false;    // no more results will be taken
  bool final_queued_ AIGES_GUARDED_BY(mutex_) = false;  // the last of the queue is the final one
  Status error_ AIGES_GUARDED_BY(mutex_);
  std::deque<Result<OutputPtr>> queue_ AIGES_GUARDED_BY(mutex_);
  std::function<void()> notify_ AIGES_GUARDED_BY(mutex_);
  std::string last_debug_info_ AIGES_GUARDED_BY(mutex_);
};

}  // namespace aiges
