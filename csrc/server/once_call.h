#pragma once

#include <atomic>
#include <memory>
#include <vector>

#include "server/flushable.h"
#include "server/job.h"
#include "server/served_engine.h"

namespace aiges::server {

class Call;

// A once request on its way through an engine, whatever protocol it came by: licence, engine,
// licence back, answer. The protocol decodes the request first, and encodes the one outcome.
class OnceCall : public Job, public Flushable, public std::enable_shared_from_this<OnceCall> {
 public:
  OnceCall(std::shared_ptr<Call> call, std::shared_ptr<ServedEngine> engine)
      : call_(std::move(call)), engine_(std::move(engine)) {}

  // On the leader, with everything of request() in place: what its views point into belongs to the
  // subclass. Later on this is called by nobody but itself.
  void begin();

  void run() final;
  bool slow() const final { return engine_->once_pace.slow(); }
  // Sees to the deadline, if there is no outcome by then.
  void flush() final;

 protected:
  // The outcome, once: on the thread that has it. The licence has been given back.
  virtual void answer(Result<OutputPtr> result) = 0;

  Call& call() const { return *call_; }
  ServedEngine& engine() const { return *engine_; }
  Request& request() { return request_; }
  // When the answer is no longer wanted: the RPC's own deadline, or a sooner one. Before begin().
  void set_deadline(Deadline deadline) { deadline_ = deadline_.sooner_of(deadline); }
  Deadline deadline() const { return deadline_; }

 private:
  void got_licence(Result<Licence> licence);
  void run_async();
  void end(Result<OutputPtr> result);
  void give_up(Status why);
  void tell_engine(const std::shared_ptr<Operation>& operation);

  const std::shared_ptr<Call> call_;
  const std::shared_ptr<ServedEngine> engine_;
  Request request_;
  Deadline deadline_ = Deadline::never();
  Licence licence_;
  TagText tag_;
  Clock::time_point async_began_;
  std::atomic<bool> ended_{false};
  std::atomic<bool> inside_{false};  // the engine may know the tag
  std::atomic<Watchdog::Id> alarm_{0};
  Mutex mutex_;
  std::shared_ptr<Operation> operation_ AIGES_GUARDED_BY(mutex_);  // of an asynchronous engine
};

}  // namespace aiges::server
