#include "server/once_call.h"

#include <utility>

#include "server/call.h"
#include "server/reactor.h"

namespace aiges::server {

void OnceCall::begin() {
  set_deadline(call_->deadline());
  if (!deadline_.infinite()) Reactor::flush_soon(shared_from_this());
  licence_ = engine_->sessions->try_take();
  if (licence_) {
    call_->reactor().submit(shared_from_this());
    return;
  }
  // Refuses at once where nobody may wait.
  const Licences::WaiterId waiter =
      engine_->sessions->acquire(deadline_, [self = shared_from_this()](Result<Licence> licence) {
        self->got_licence(std::move(licence));
      });
  if (waiter == 0) return;
  // Who is gone does not keep others out of the queue.
  call_->on_cancel([sessions = std::weak_ptr<ServedEngine>(engine_), waiter] {
    if (const auto engine = sessions.lock()) engine->sessions->cancel(waiter);
  });
}

void OnceCall::got_licence(Result<Licence> licence) {
  if (!licence.ok()) {
    // Who has no time left did not wait for too long by the server's measure, but by the client's.
    if (deadline_.passed()) {
      end(Status(ErrorKind::kDeadline, Code::kDeadline, "exec",
                 "the deadline passed while the request waited: " + licence.status().message()));
    } else {
      end(licence.status());
    }
    return;
  }
  licence_ = std::move(licence.value());
  call_->reactor().submit_from_anywhere(shared_from_this());
}

void OnceCall::run() {
  if (ended_.load(std::memory_order_acquire) || call_->cancelled()) {
    licence_.release();
    return;
  }
  EngineHost& host = *engine_->host;
  request_.tag = host.router().next_id();
  tag_.set(request_.tag);
  request_.tag_text = tag_.c_str();
  call_->note_session(session_id_of(request_));
  if (engine_->once_async()) {
    run_async();
    return;
  }
  if (host.engine().can_cancel()) {
    inside_.store(true, std::memory_order_release);
    call_->on_cancel([weak = weak_from_this()] {
      if (const auto self = weak.lock()) self->give_up(Status());
    });
  }
  const auto begin = Clock::now();
  Result<OutputPtr> result = host.exec(request_, {deadline_, nullptr});
  const auto end_of_call = Clock::now();
  engine_->once_pace.record(end_of_call - begin);
  call_->note_engine(begin, end_of_call);
  if (host.events().pending()) host.events().announce();
  inside_.store(false, std::memory_order_release);
  end(std::move(result));
}

void OnceCall::run_async() {
  async_began_ = Clock::now();
  // The engine may keep the buffers until its callback: they are this object's.
  const std::shared_ptr<const Request> request(shared_from_this(), &request_);
  std::shared_ptr<Operation> operation = engine_->host->exec_async(
      request, deadline_,
      [self = shared_from_this()](Result<OutputPtr> result) { self->end(std::move(result)); });
  {
    MutexLock lock(mutex_);
    operation_ = std::move(operation);
  }
  call_->on_cancel([weak = weak_from_this()] {
    if (const auto alive = weak.lock()) alive->give_up(Status());
  });
}

void OnceCall::end(Result<OutputPtr> result) {
  if (async_began_ != Clock::time_point()) call_->note_engine(async_began_, Clock::now());
  // Before the answer leaves: whoever has it may come back at once.
  licence_.release();
  if (ended_.exchange(true, std::memory_order_acq_rel)) return;
  if (const Watchdog::Id alarm = alarm_.exchange(0)) engine_->host->watchdog().cancel(alarm);
  answer(std::move(result));
}

void OnceCall::flush() {
  // An asynchronous request has its deadline in the engine's host.
  if (ended_.load(std::memory_order_acquire) || engine_->once_async()) return;
  alarm_.store(engine_->host->watchdog().schedule(deadline_, [weak = weak_from_this()] {
    const auto self = weak.lock();
    if (!self) return;
    // Telling the engine is foreign code, for which the watchdog has no time.
    self->call_->reactor().post([self] {
      self->give_up(Status(ErrorKind::kDeadline, Code::kDeadline, "exec",
                           "engine '" + self->engine_->name + "' gave no result in time"));
    });
  }));
}

void OnceCall::give_up(Status why) {
  if (ended_.exchange(true, std::memory_order_acq_rel)) return;
  if (!why.ok()) answer(std::move(why));
  std::shared_ptr<Operation> operation;
  {
    MutexLock lock(mutex_);
    operation = operation_;
  }
  if (!operation && !inside_.load(std::memory_order_acquire)) return;
  // Foreign code, which the leader has no time for; and the reactor's other threads may all be
  // inside the very calls that are to be ended.
  engine_->executor->submit(
      [self = shared_from_this(), operation] { self->tell_engine(operation); });
}

void OnceCall::tell_engine(const std::shared_ptr<Operation>& operation) {
  if (operation) {
    // If it has ended, whoever ended it gives the licence back.
    if (operation->cancel()) licence_.release();
    return;
  }
  // The engine's own call goes on, and keeps its licence until it returns.
  EngineHost& host = *engine_->host;
  if (!host.engine().can_cancel() || !host.enter("cancel").ok()) return;
  if (inside_.load(std::memory_order_acquire)) host.engine().cancel(request_.tag_text);
  host.leave();
}

}  // namespace aiges::server
