#pragma once

#include <map>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "base/executor.h"
#include "buffer/reap_list.h"
#include "engine/callback_router.h"
#include "engine/engine.h"
#include "engine/event_log.h"
#include "engine/gate.h"
#include "engine/operation.h"
#include "engine/resource_table.h"
#include "engine/runtime.h"
#include "engine/slots.h"

namespace aiges {

// What an engine's host must be able to do with the sessions that are open on it.
class HostedSession {
 public:
  virtual ~HostedSession() = default;
  // The engine is closing: destroy the session in it. A call of the session that runs is waited for
  // within the limit; past it, that call destroys the session when it returns.
  virtual void close_for_host(const WaitLimit& limit) = 0;
};

// An engine with everything around it that is the same for every kind: its life from start to
// close, who is inside, the table of its tags, its resources, counters and threads.
//
// Life: new -> start -> ready -> close -> closing -> (last call left, last output gone) ->
// finished. A start that fails ends it, and the engine is not finished then. Thread-safe after
// start.
class EngineHost final : public EngineContext, public std::enable_shared_from_this<EngineHost> {
 public:
  struct Options {
    std::string name;
    std::size_t concurrency = 0;    // most calls inside the engine at once; 0: no limit
    ModeSet wanted_modes = 0;       // of those the engine offers; 0: all
    std::size_t pool_threads = 64;  // most threads for calls that somebody waits for with a limit
  };
  // `runtime` outlives the host and everything the engine made.
  EngineHost(Runtime& runtime, std::unique_ptr<Engine> engine, Options options);

  Status start(std::span<const Pair> config);

  // Lets nobody in any more, closes open sessions, waits for the calls inside, and finishes the
  // engine; with outputs still alive that happens when the last one goes. Any thread, any number of
  // times.
  Status close(const WaitLimit& limit);
  bool closed() const { return gate_.closing(); }
  // Whether this is a forked child of the process that loaded the engine. Threads and locks of ours
  // are then not to be relied on: nothing may be waited for, and what is dropped stays.
  bool in_forked_child() const;
  // The error for using it there all the same, or success elsewhere.
  Status check_process(const char* what) const;

  // Runs a request on the calling thread. The limit is for a free slot, not for the engine.
  Result<OutputPtr> exec(const Request& request, const WaitLimit& limit);
  // Starts a request; `request` stays until the engine has let go of it. The outcome, also an error
  // found at once, goes to `completion` (see Operation).
  std::shared_ptr<Operation> exec_async(std::shared_ptr<const Request> request, Deadline deadline,
                                        Operation::Completion completion);
  // Runs a request on another thread, or asynchronously where the engine has nothing else, and
  // waits for it no longer than the limit allows.
  Result<OutputPtr> exec_waiting(std::shared_ptr<const Request> request, const WaitLimit& limit);
  // Whether the last exec took milliseconds, or there was none: then handing the next one to
  // another thread costs little, and leaves the caller able to be interrupted.
  bool slow() const { return slow_.load(std::memory_order_relaxed); }

  Result<std::uint32_t> load_resource(const DataItem& data);
  Status unload_resource(std::uint32_t id);

  const std::string& name() const { return options_.name; }
  const std::string& version() const { return version_; }
  const std::optional<std::string>& schema() const { return schema_; }
  ModeSet modes() const { return modes_; }
  std::uint32_t number() const { return number_; }
  Stats& stats() override { return stats_; }
  const Gate& gate() const { return gate_; }
  EventLog& events() { return events_; }
  ResourceTable& resources() { return resources_; }
  std::size_t live_sessions();
  Watchdog& watchdog() { return runtime_.watchdog; }

  // For sessions.
  CallbackRouter& router() { return router_; }
  Engine& engine() { return *engine_; }
  Slots& slots() { return slots_; }
  Executor& pool() { return pool_; }
  // Why a call that waited for a place did not get one.
  Status no_slot(WaitOutcome outcome) const;
  // Enters the gate, or says why not. A success must be matched by leave().
  Status enter(const char* what);
  void leave() { gate_.leave(); }
  // For someone who entered and is about to let another leave in his place: one leave() more.
  void enter_again() { gate_.enter_again(); }
  void add_session(TagId id, std::weak_ptr<HostedSession> session);
  void remove_session(TagId id);

  // EngineContext
  int on_result(const char* tag, ResultMaker& maker) override;
  int on_event(Event event, const char* tag, const char* key, const char* text,
               std::int64_t count) override;
  void output_made() override { gate_.hold(); }
  void output_gone() override {
    being_freed_.fetch_sub(1, std::memory_order_relaxed);
    gate_.release();
  }
  Status engine_error(const char* where, Code code, int engine_code) override;
  void reap(Reapable* object, std::size_t bytes) override;

 private:
  Result<OutputPtr> exec_inside(const Request& request);
  Status no_mode(ModeSet needed) const;
  std::shared_ptr<Operation> start_operation(std::shared_ptr<const Request> request,
                                             Deadline deadline, Operation::Completion completion,
                                             Mode mode);
  void set_alarm(const std::shared_ptr<Operation>& operation, Deadline deadline);
  struct Stay;  // a request's place in the gate, its slot and resources
  void run_queued(const std::shared_ptr<Operation>& operation, std::shared_ptr<Stay> stay,
                  Deadline deadline, Mode mode);
  void start_async(const std::shared_ptr<Operation>& operation, Stay& stay, Deadline deadline,
                   bool alarm);
  void finish();

  Runtime& runtime_;
  const std::unique_ptr<Engine> engine_;
  const Options options_;
  const std::uint32_t number_;
  const unsigned fork_generation_;
  ModeSet modes_ = 0;
  std::string version_;
  std::optional<std::string> schema_;

  Stats stats_;
  ReapList outputs_;
  std::atomic<std::int64_t> being_freed_{0};  // outputs that are dropped and not yet given back
  Slots slots_;
  CallbackRouter router_;
  EventLog events_;
  ResourceTable resources_;
  Gate gate_;
  ThreadPool pool_;
  std::atomic<bool> started_{false};
  std::atomic<bool> ended_{false};  // wrapperFini was called
  std::atomic<bool> slow_{true};

  Mutex mutex_;
  std::map<TagId, std::weak_ptr<HostedSession>> sessions_ AIGES_GUARDED_BY(mutex_);
  Status fini_status_ AIGES_GUARDED_BY(mutex_);
};

// "once, stream": for messages.
std::string describe_modes(ModeSet modes);

}  // namespace aiges
