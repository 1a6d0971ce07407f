#include "engine/engine_host.h"

#include <time.h>

#include <algorithm>
#include <limits>
#include <utility>

#include "base/fork.h"

namespace aiges {
namespace {

// Enough to know whether a call took milliseconds; a fraction of the cost of an exact clock.
std::int64_t coarse_nanoseconds() {
  timespec now{};
  clock_gettime(CLOCK_MONOTONIC_COARSE, &now);
  return std::int64_t{now.tv_sec} * 1'000'000'000 + now.tv_nsec;
}
constexpr std::int64_t kSlowNanoseconds = 5'000'000;  // more than one tick of that clock

std::size_t total_size(std::span<const DataItem> items) {
  std::size_t total = 0;
  for (const DataItem& item : items) total += item.size;
  return total;
}

std::chrono::milliseconds remaining(Deadline deadline) {
  if (deadline.infinite()) return std::chrono::milliseconds(0);
  const auto left = std::chrono::ceil<std::chrono::milliseconds>(deadline.time() - Clock::now());
  // 0 would mean "no limit" to the engine, and its number is an int.
  return std::clamp(left, std::chrono::milliseconds(1),
                    std::chrono::milliseconds(std::numeric_limits<int>::max()));
}

// Whether this thread is inside a call whose caller collects the events it raised.
thread_local int collects_events = 0;

// Where a waiting thread receives the outcome of an operation.
struct Arrival {
  Mutex mutex;
  CondVar arrived;
  std::optional<Result<OutputPtr>> result AIGES_GUARDED_BY(mutex);
};

}  // namespace

std::string describe_modes(ModeSet modes) {
  std::string text;
  const auto add = [&](Mode mode, const char* name) {
    if (has_mode(modes, mode)) text += (text.empty() ? "" : ", ") + std::string(name);
  };
  add(Mode::kOnce, "once");
  add(Mode::kOnceAsync, "once_async");
  add(Mode::kStream, "stream");
  add(Mode::kStreamAsync, "stream_async");
  return text.empty() ? "none" : text;
}

EngineHost::EngineHost(Runtime& runtime, std::unique_ptr<Engine> engine, Options options)
    : runtime_(runtime),
      engine_(std::move(engine)),
      options_(std::move(options)),
      number_(runtime_.last_engine_number.fetch_add(1) + 1),
      fork_generation_(fork_generation()),
      outputs_(runtime_.reaper, [this] { return shared_from_this(); }),
      slots_(options_.concurrency),
      router_(number_, stats_),
      gate_([this] { finish(); }),
      pool_(options_.concurrency != 0 ? options_.concurrency : options_.pool_threads) {}

Status EngineHost::start(std::span<const Pair> config) {
  const ModeSet offered = engine_->modes();
  if ((options_.wanted_modes & ~offered) != 0) {
    return Status(ErrorKind::kLoad, Code::kLoad, "load",
                  "engine '" + name() + "' offers " + describe_modes(offered) + "; asked for " +
                      describe_modes(options_.wanted_modes));
  }
  modes_ = options_.wanted_modes != 0 ? options_.wanted_modes : offered;
  engine_->connect(shared_from_this());
  if (Status status = engine_->init(config); !status.ok()) return status;
  version_ = engine_->version();
  schema_ = engine_->schema();
  started_.store(true, std::memory_order_release);
  return {};
}

bool EngineHost::in_forked_child() const { return fork_generation() != fork_generation_; }

void EngineHost::reap(Reapable* object, std::size_t bytes) {
  // The reaper's thread stayed in the parent, and so did the engine that owns the memory.
  if (in_forked_child()) return;
  being_freed_.fetch_add(1, std::memory_order_relaxed);
  outputs_.push(object, bytes);
}

Status EngineHost::check_process(const char* what) const {
  if (in_forked_child()) {
    return Status(ErrorKind::kEngine, Code::kInactive, what,
                  "engine '" + name() +
                      "' was loaded before this process was forked, and its threads and locks "
                      "exist only in the parent; load the engine in the child, or start "
                      "children with the 'spawn' method");
  }
  return {};
}

Status EngineHost::enter(const char* what) {
  if (Status status = check_process(what); !status.ok()) return status;
  if (!started_.load(std::memory_order_acquire) || !gate_.enter())
    return Status(ErrorKind::kEngine, Code::kInactive, what, "engine '" + name() + "' is closed");
  return {};
}

Status EngineHost::no_mode(ModeSet needed) const {
  return Status(ErrorKind::kEngine, Code::kLoad, "exec",
                "engine '" + name() + "' offers " + describe_modes(modes_) + "; this call needs " +
                    describe_modes(needed));
}

Status EngineHost::no_slot(WaitOutcome outcome) const {
  if (outcome == WaitOutcome::kInterrupted)
    return Status(ErrorKind::kSession, Code::kInactive, "exec", "interrupted");
  return Status(ErrorKind::kOverload, Code::kOverload, "exec",
                "engine '" + name() + "' is busy: all " +
                    std::to_string(slots_.limit() != 0 ? slots_.limit() : options_.pool_threads) +
                    " places stayed taken for as long as the call could wait");
}

Result<OutputPtr> EngineHost::exec(const Request& request, const WaitLimit& limit) {
  if (!has_mode(modes_, Mode::kOnce)) return no_mode(static_cast<ModeSet>(Mode::kOnce));
  if (Status status = enter("exec"); !status.ok()) return status;
  count(stats_.calls);
  const WaitOutcome slot = slots_.acquire(limit);
  Result<OutputPtr> result =
      slot == WaitOutcome::kReady ? exec_inside(request) : Result<OutputPtr>(no_slot(slot));
  if (slot == WaitOutcome::kReady) slots_.release();
  if (!result.ok()) count(stats_.failures);
  gate_.leave();
  return result;
}

Result<OutputPtr> EngineHost::exec_inside(const Request& request) {
  if (Status status = resources_.acquire(request.resources); !status.ok()) return status;
  count(stats_.bytes_in, total_size(request.data));
  Request tagged = request;
  TagText text;
  if (tagged.tag == 0) {
    tagged.tag = router_.next_id();
    text.set(tagged.tag);
    tagged.tag_text = text.c_str();
  }
  outputs_.help();
  const std::int64_t begin = coarse_nanoseconds();
  ++collects_events;
  Result<OutputPtr> result = engine_->exec(tagged);
  --collects_events;
  const bool slow = coarse_nanoseconds() - begin >= kSlowNanoseconds;
  if (slow != slow_.load(std::memory_order_relaxed)) slow_.store(slow, std::memory_order_relaxed);
  if (result.ok()) {
    count(stats_.bytes_out, result.value()->bytes());
  } else {
    result = Status(result.status()).with_session_id(session_id_of(tagged));
  }
  resources_.release(request.resources);
  return result;
}

void EngineHost::set_alarm(const std::shared_ptr<Operation>& operation, Deadline deadline) {
  if (deadline.infinite()) return;
  MutexLock lock(operation->mutex_);
  operation->alarm_ =
      runtime_.watchdog.schedule(deadline, [weak = std::weak_ptr<Operation>(operation)] {
        if (const auto alive = weak.lock()) alive->expire();
      });
}

struct EngineHost::Stay {
  Stay(std::shared_ptr<EngineHost> entered, std::shared_ptr<const Request> asked)
      : host(std::move(entered)), request(std::move(asked)) {}
  Stay(const Stay&) = delete;
  Stay& operator=(const Stay&) = delete;
  ~Stay() {
    if (has_resources) host->resources_.release(request->resources);
    if (has_slot) host->slots_.release();
    request.reset();
    host->gate_.leave();
  }
  const std::shared_ptr<EngineHost> host;
  std::shared_ptr<const Request> request;  // and with it the caller's buffers
  bool has_slot = false;
  bool has_resources = false;
};

std::shared_ptr<Operation> EngineHost::exec_async(std::shared_ptr<const Request> request,
                                                  Deadline deadline,
                                                  Operation::Completion completion) {
  return start_operation(std::move(request), deadline, std::move(completion),
                         has_mode(modes_, Mode::kOnceAsync) ? Mode::kOnceAsync : Mode::kOnce);
}

std::shared_ptr<Operation> EngineHost::start_operation(std::shared_ptr<const Request> request,
                                                       Deadline deadline,
                                                       Operation::Completion completion,
                                                       Mode mode) {
  auto operation = std::make_shared<Operation>(shared_from_this(), std::move(completion));
  if (!has_mode(modes_, mode)) {
    operation->deliver(
        no_mode(static_cast<ModeSet>(Mode::kOnce) | static_cast<ModeSet>(Mode::kOnceAsync)));
    return operation;
  }
  if (Status status = enter("exec"); !status.ok()) {
    operation->deliver(std::move(status));
    return operation;
  }
  count(stats_.calls);
  auto stay = std::make_shared<Stay>(shared_from_this(), std::move(request));
  {
    MutexLock lock(operation->mutex_);
    operation->stay_ = stay;
  }
  if (mode == Mode::kOnceAsync && slots_.try_acquire()) {
    stay->has_slot = true;
    start_async(operation, *stay, deadline, true);
    return operation;
  }
  set_alarm(operation, deadline);
  // The caller must not be blocked: another thread waits for the slot, or for the engine. While the
  // request waits only the operation holds its place, so that giving it up frees the place at once.
  const bool queued = pool_.submit(
      [self = shared_from_this(), operation, deadline, mode, place = std::weak_ptr<Stay>(stay)] {
        if (place.expired()) return;
        const WaitOutcome slot = self->slots_.acquire({deadline, nullptr});
        std::shared_ptr<Stay> held = place.lock();
        if (held && slot == WaitOutcome::kReady) {
          held->has_slot = true;
          self->run_queued(operation, std::move(held), deadline, mode);
        } else if (slot == WaitOutcome::kReady) {
          self->slots_.release();
        } else {
          operation->deliver(self->no_slot(slot));
        }
      });
  if (!queued) operation->deliver(no_slot(WaitOutcome::kDeadline));
  return operation;
}

void EngineHost::run_queued(const std::shared_ptr<Operation>& operation, std::shared_ptr<Stay> stay,
                            Deadline deadline, Mode mode) {
  if (mode == Mode::kOnceAsync) {
    start_async(operation, *stay, deadline, false);
    return;
  }
  const TagId id = router_.next_id();
  operation->own_text_.set(id);
  const CallbackRouter::Tag tag{id, operation->own_text_.c_str()};
  if (!operation->begin(tag, stay->request->session_id)) return;
  Request tagged = *stay->request;
  tagged.tag = tag.id;
  tagged.tag_text = tag.text;
  Result<OutputPtr> result = exec_inside(tagged);
  // The engine may have held the call longer than anyone waited: only now it has left.
  stay.reset();
  operation->deliver(std::move(result));
}

void EngineHost::start_async(const std::shared_ptr<Operation>& operation, Stay& stay,
                             Deadline deadline, bool alarm) {
  const CallbackRouter::Tag tag = router_.open(operation);
  if (!operation->begin(tag, stay.request->session_id)) {
    router_.close(tag.id, TagEnd::kGivenUp);
    return;
  }
  if (alarm) set_alarm(operation, deadline);
  Status status = resources_.acquire(stay.request->resources);
  if (status.ok()) {
    stay.has_resources = true;
    count(stats_.bytes_in, total_size(stay.request->data));
    Request tagged = *stay.request;
    tagged.tag = tag.id;
    tagged.tag_text = tag.text;
    status = engine_->exec_async(tagged, remaining(deadline));
  }
  if (!status.ok()) operation->deliver(std::move(status));
}

Result<OutputPtr> EngineHost::exec_waiting(std::shared_ptr<const Request> request,
                                           const WaitLimit& limit) {
  const auto arrival = std::make_shared<Arrival>();
  Operation::Completion completion = [arrival](Result<OutputPtr> result) {
    {
      MutexLock lock(arrival->mutex);
      arrival->result = std::move(result);
    }
    arrival->arrived.notify_one();
  };
  const std::shared_ptr<Operation> operation =
      start_operation(std::move(request), limit.deadline, std::move(completion),
                      has_mode(modes_, Mode::kOnce) ? Mode::kOnce : Mode::kOnceAsync);
  // The operation ends by itself at the deadline; the wait ends with it.
  const auto arrived = [&]() AIGES_REQUIRES(arrival->mutex) { return arrival->result.has_value(); };
  MutexLock lock(arrival->mutex);
  const WaitLimit interruptible{Deadline::never(), limit.interrupt};
  while (wait_for(arrival->arrived, arrival->mutex, interruptible, arrived) ==
         WaitOutcome::kInterrupted) {
    if (operation->cancel())
      return Status(ErrorKind::kSession, Code::kInactive, "exec", "interrupted");
  }
  // NOLINTNEXTLINE(bugprone-unchecked-optional-access): what was waited for
  return std::move(*arrival->result);
}

Result<std::uint32_t> EngineHost::load_resource(const DataItem& data) {
  if (Status status = enter("load_resource"); !status.ok()) return status;
  Result<std::uint32_t> result = resources_.reserve();
  if (Status status = engine_->load_resource(data, result.value()); status.ok()) {
    resources_.add(result.value());
  } else {
    result = std::move(status);
  }
  gate_.leave();
  return result;
}

Status EngineHost::unload_resource(std::uint32_t id) {
  if (Status status = enter("unload_resource"); !status.ok()) return status;
  Status status = resources_.remove(id);
  if (status.ok()) status = engine_->unload_resource(id);
  gate_.leave();
  return status;
}

void EngineHost::add_session(TagId id, std::weak_ptr<HostedSession> session) {
  MutexLock lock(mutex_);
  sessions_.emplace(id, std::move(session));
}

void EngineHost::remove_session(TagId id) {
  MutexLock lock(mutex_);
  sessions_.erase(id);
}

std::size_t EngineHost::live_sessions() {
  MutexLock lock(mutex_);
  return sessions_.size();
}

Status EngineHost::close(const WaitLimit& limit) {
  // A forked child has no thread to wait for and no right to finish its parent's engine.
  if (in_forked_child() || !started_.load(std::memory_order_acquire)) return {};
  gate_.close(shared_from_this());
  std::map<TagId, std::weak_ptr<HostedSession>> open;
  {
    MutexLock lock(mutex_);
    open = sessions_;
  }
  for (const auto& [id, weak] : open)
    if (const auto session = weak.lock()) session->close_for_host(limit);

  WaitOutcome outcome = gate_.wait_calls(limit);
  if (outcome == WaitOutcome::kReady && gate_.outputs() != 0) {
    // Those that nobody looks at any more only have to be freed: told to hurry, and waited for.
    (void)runtime_.reaper.flush(Deadline::at(Clock::now()));
    outcome = gate_.wait_until(limit, [this] {
      return gate_.outputs() == 0 || being_freed_.load(std::memory_order_relaxed) <= 0;
    });
  }
  // Outputs that are still looked at keep the engine alive; the last of them finishes it.
  if (outcome == WaitOutcome::kReady && gate_.outputs() == 0) {
    outcome = gate_.wait_finished(limit);
  } else {
    gate_.let_go();
  }
  if (outcome == WaitOutcome::kInterrupted)
    return Status(ErrorKind::kSession, Code::kInactive, "close", "interrupted");
  if (outcome == WaitOutcome::kDeadline) {
    return Status(ErrorKind::kDeadline, Code::kDeadline, "close",
                  std::to_string(gate_.calls()) + " calls or sessions are still inside engine '" +
                      name() + "', and " + std::to_string(being_freed_.load()) +
                      " outputs are being freed; it takes no new calls and finishes when all that "
                      "is done");
  }
  MutexLock lock(mutex_);
  return std::exchange(fini_status_, Status());
}

void EngineHost::finish() {
  for (const std::uint32_t id : resources_.remove_all()) (void)engine_->unload_resource(id);
  ended_.store(true, std::memory_order_relaxed);
  Status status = engine_->fini();
  MutexLock lock(mutex_);
  fini_status_ = std::move(status);
}

Status EngineHost::engine_error(const char* where, Code code, int engine_code) {
  return engine_failure(where, code, engine_code, engine_->error_text(engine_code));
}

int EngineHost::on_result(const char* tag, ResultMaker& maker) {
  return router_.deliver(tag, maker);
}

int EngineHost::on_event(Event event, const char* tag, const char* key, const char* text,
                         std::int64_t count) {
  if (ended_.load(std::memory_order_relaxed)) return -1;
  events_.record(event, tag, key, text, count, collects_events > 0);
  return 0;
}

}  // namespace aiges
