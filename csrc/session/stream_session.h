#pragma once

#include <atomic>
#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/executor.h"
#include "base/mutex.h"
#include "base/small_vector.h"
#include "base/status.h"
#include "engine/watchdog.h"
#include "session/frame.h"
#include "session/licences.h"
#include "session/poller.h"
#include "session/reorder_buffer.h"
#include "session/session.h"
#include "session/stream_ends.h"

namespace aiges {

// One element of a session's results: what one read or one callback brought.
struct Batch {
  OutputPtr output;
  SmallVector<int, 2> seq;  // for each item: 1, 2, 3, ... within its key
  int status = 0;           // of the last item
  bool final = false;       // nothing follows
};

// Why somebody other than the engine ends a session.
enum class CloseReason {
  kCancelled,     // the client asked for it
  kDisconnected,  // the client is gone
  kIdle,          // nobody used it for its ttl
  kDeadline,      // the whole session took too long
  kShutdown,      // the server is going down
};

// Counters over all sessions of one server, written with relaxed order.
struct SessionCounters {
  using Counter = std::atomic<std::uint64_t>;
  Counter opened{0};
  Counter completed{0};   // had their final result
  Counter failed{0};      // ended with an error, or closed before the final result
  Counter evicted{0};     // idle for their ttl
  Counter duplicates{0};  // frames dropped: came twice
  Counter old{0};         // frames dropped: came too late
  Counter skipped{0};     // frames that never came
};

// One served session: frames go in as they come from the network, results are pushed out, and the
// engine is asked, called back and destroyed in between. Any thread.
//
// Who may block: push() and the jobs given to the executor call the engine; everything else
// (take, wait_result, close, touch, listeners) never does. One thread at a time feeds and reads the
// engine; another one that pushes meanwhile leaves its frame in the queue and returns.
//
// Ends: with the engine's final result, the first error, or close(). Then the engine's session is
// destroyed, once, and the licence returned *before* the final result or the error can be taken;
// only if a closed session has a call inside the engine, the licence follows when it returns.
class StreamSession final : public std::enable_shared_from_this<StreamSession>,
                            public Poller::Client {
 public:
  struct Options {
    std::string handle;
    Mode mode = Mode::kStream;  // or kStreamAsync
    // Whether the engine is read after every write, or only once the input has ended. Callbacks
    // bring results whenever they come.
    bool real_time_results = true;
    ReorderBuffer::Options order;
    std::vector<std::string> inputs;  // declared input streams; none: those seen
    // Whether the session ends when every output key has ended, instead of with the first.
    bool end_per_key = false;
    std::vector<std::string> outputs;                // declared output keys, for end_per_key
    Clock::duration ttl = std::chrono::seconds(15);  // idle time; zero: no limit
    // How long the engine may give nothing after its last input or result, once the input has
    // ended; zero: no limit.
    Clock::duration final_wait = std::chrono::seconds(60);
    Deadline deadline = Deadline::never();  // of the whole session
    std::size_t max_queued = 1000;          // results that nobody takes
    std::shared_ptr<const void> context;    // the caller's own, kept as long as the session
  };
  // What a session uses; all of it outlives the session.
  struct Services {
    Watchdog& watchdog;
    Executor& executor;  // for what may block
    SessionCounters& counters;
    Poller& poller;
  };
  // Called once, with no lock held: the final result or the error was taken, or the session closed.
  // Its handle is free then.
  using Released = std::function<void(StreamSession&)>;
  // Nothing, when there was none in time.
  using ResultCallback = std::function<void(std::optional<Result<Batch>>)>;
  using WaitId = std::uint64_t;  // 0: nobody
  using TakeResult = std::optional<Result<Batch>>;

  // Blocks in the engine's create. On failure the licence goes back.
  static Result<std::shared_ptr<StreamSession>> open(std::shared_ptr<EngineHost> host,
                                                     Licence licence, const Request& request,
                                                     Options options, Services services,
                                                     Released released = nullptr);
  ~StreamSession();
  StreamSession(const StreamSession&) = delete;
  StreamSession& operator=(const StreamSession&) = delete;

  // May block in the engine. Errors come out like results, by take().
  void push(Frame frame);

  // Called whenever take() may have something new, at once if it has already; on any thread, with
  // no lock held, perhaps once more after it was replaced. Must not block.
  void set_listener(std::function<void()> listener);
  // One result, the error that ended the session, or nothing at the moment; nothing for ever once
  // the final result or the error was taken.
  TakeResult take();
  // take(), for one who waits: `callback` is called once, within this call or later on any thread.
  // Who waits first is served first; a listener then sees only what nobody waits for. Returns 0
  // when the callback was called already.
  WaitId wait_result(Deadline deadline, ResultCallback callback);
  // The callback is not called. False when it was, or is being, called.
  bool cancel_wait(WaitId id);

  // Ends the session from outside and frees its handle; harmless at any time. If it had not ended,
  // what was not taken is dropped.
  void close(CloseReason reason);
  // The same with an error of the caller's, of which nobody else has a copy.
  void fail(Status why);
  // Marks the session as used: its idle time begins anew.
  void touch() {
    last_use_.store(Clock::now().time_since_epoch().count(), std::memory_order_relaxed);
  }

  const std::string& handle() const { return options_.handle; }
  const std::string& id() const { return session_->id(); }  // the "sid"
  Mode mode() const { return options_.mode; }
  const void* context() const { return options_.context.get(); }
  // Whether the engine's session is over and the licence returned.
  bool ended();
  // Whether its handle is free.
  bool released();
  ReorderBuffer::Counts input_counts();

 private:
  struct Waiter {
    ResultCallback callback;
    Watchdog::Id alarm = 0;
  };
  enum class Next { kRest, kWrite, kRead, kEnd };

  StreamSession(Licence licence, Options options, Services services, Released released);
  Status create(std::shared_ptr<EngineHost> host, const Request& request);
  void watch_engine();

  // ---- the engine's side ----
  // Takes the part of the one who calls the engine, if nobody has it, until nothing is to be done.
  void run();
  void run_later(void (StreamSession::*what)());  // on the executor
  Next next_step(Frame& frame) AIGES_REQUIRES(mutex_);
  void write(const Frame& frame);
  void read();
  void nothing_yet() AIGES_REQUIRES(mutex_);
  void poll() override;
  // The engine's session may have results or may have ended. On an engine's thread, perhaps.
  void engine_changed();
  void drain_callbacks() AIGES_REQUIRES(mutex_);

  // ---- the end ----
  void end_with(Status why) AIGES_REQUIRES(mutex_);
  void end_inside();  // on the executor: ends it, or has whoever is inside the engine do so
  void complete();    // by the one who calls the engine, who stays that for ever
  void release();

  // ---- results ----
  void add_result(OutputPtr output) AIGES_REQUIRES(mutex_);
  TakeResult take_locked(std::deque<Batch>& dropped) AIGES_REQUIRES(mutex_);
  std::optional<Waiter> remove_waiter(WaitId id) AIGES_REQUIRES(mutex_);
  void tell();  // serves who waits, then calls the listener

  // ---- time ----
  Deadline ttl_deadline() const;
  Deadline final_deadline() const AIGES_REQUIRES(mutex_);
  Deadline next_check() const AIGES_REQUIRES(mutex_);
  void arm_watch() AIGES_REQUIRES(mutex_);
  void watch();
  void expire_wait(WaitId id);

  const Options options_;
  const Services services_;
  const Released released_;
  std::shared_ptr<Session> session_;
  std::atomic<Clock::rep> last_use_{0};

  Mutex mutex_;
  Licence licence_;  // of whoever completes the session
  ReorderBuffer input_ AIGES_GUARDED_BY(mutex_);
  StreamEnds input_ends_ AIGES_GUARDED_BY(mutex_);
  StreamEnds output_ends_ AIGES_GUARDED_BY(mutex_);
  bool input_finished_ AIGES_GUARDED_BY(mutex_) = false;
  bool running_ AIGES_GUARDED_BY(mutex_) = false;    // somebody may be calling the engine
  bool ending_ AIGES_GUARDED_BY(mutex_) = false;     // the engine is not asked any more
  bool ended_ AIGES_GUARDED_BY(mutex_) = false;      // destroyed, licence returned
  bool end_shown_ AIGES_GUARDED_BY(mutex_) = false;  // the error may be taken
  bool end_taken_ AIGES_GUARDED_BY(mutex_) = false;
  bool is_released_ AIGES_GUARDED_BY(mutex_) = false;
  bool read_due_ AIGES_GUARDED_BY(mutex_) = false;
  int empty_reads_ AIGES_GUARDED_BY(mutex_) = 0;          // in a row
  Clock::duration read_time_ AIGES_GUARDED_BY(mutex_){};  // mean of the last few
  Clock::time_point last_progress_ AIGES_GUARDED_BY(mutex_);
  bool draining_ AIGES_GUARDED_BY(mutex_) = false;
  bool drain_again_ AIGES_GUARDED_BY(mutex_) = false;

  Status error_ AIGES_GUARDED_BY(mutex_);
  std::optional<Batch> final_ AIGES_GUARDED_BY(mutex_);  // until the session is completed
  std::deque<Batch> results_ AIGES_GUARDED_BY(mutex_);
  std::vector<std::pair<std::string, int>> seq_ AIGES_GUARDED_BY(mutex_);  // last, of each key
  std::shared_ptr<const std::function<void()>> listener_ AIGES_GUARDED_BY(mutex_);
  std::deque<std::pair<WaitId, Waiter>> waiters_ AIGES_GUARDED_BY(mutex_);
  WaitId last_wait_ AIGES_GUARDED_BY(mutex_) = 0;
  Watchdog::Id watch_ AIGES_GUARDED_BY(mutex_) = 0;
  Deadline watch_at_ AIGES_GUARDED_BY(mutex_) = Deadline::never();
};

}  // namespace aiges
