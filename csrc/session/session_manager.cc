#include "session/session_manager.h"

#include <string>
#include <utility>

namespace aiges {

SessionManager::SessionManager(Watchdog& watchdog, Executor& executor, AdvertisedAddress address,
                               Options options)
    : watchdog_(watchdog),
      executor_(executor),
      max_wait_(options.max_wait),
      minter_(address),
      state_(std::make_shared<State>()) {
  state_->licences = Licences::make(watchdog, options.licences);
  state_->table = SessionTable::make(watchdog, options.table);
  state_->poller = Poller::make(watchdog, executor);
}

SessionManager::~SessionManager() {
  state_->licences->close();
  close_all();
}

void SessionManager::close_all() {
  for (const std::shared_ptr<StreamSession>& session : state_->table->sessions())
    session->close(CloseReason::kShutdown);
}

Result<SessionTable::Reservation> SessionManager::reserve(std::string_view handle) {
  if (draining()) {
    return Status(ErrorKind::kOverload, Code::kOverload, "session",
                  "the server is going down and takes nothing new");
  }
  return state_->table->reserve(handle.empty() ? minter_.mint() : std::string(handle));
}

Licences::WaiterId SessionManager::acquire(Deadline deadline, Licences::Granted granted) {
  return state_->licences->acquire(deadline.sooner_of(Deadline::after(max_wait_)),
                                   std::move(granted));
}

Result<std::shared_ptr<StreamSession>> SessionManager::open(std::shared_ptr<EngineHost> host,
                                                            SessionTable::Reservation reservation,
                                                            Licence licence, const Request& request,
                                                            StreamSession::Options options) {
  options.handle = reservation.handle();
  const StreamSession::Services services{watchdog_, executor_, state_->counters, *state_->poller};
  Result<std::shared_ptr<StreamSession>> session = StreamSession::open(
      std::move(host), std::move(licence), request, std::move(options), services,
      [state = state_](StreamSession& ended) { state->table->erase(ended.handle(), &ended); });
  if (!session.ok()) {
    reservation.finish();
    return session;
  }
  reservation.fill(session.value());
  // It may have come to its end before it was in the table.
  if (session.value()->released())
    state_->table->erase(session.value()->handle(), session.value().get());
  return session;
}

SessionTable::Found SessionManager::find(std::string_view handle) {
  SessionTable::Found found = state_->table->find(handle);
  if (found.ok()) found.value()->touch();
  return found;
}

void SessionManager::find_or_wait(std::string_view handle, Deadline deadline,
                                  SessionTable::FoundCallback found) {
  state_->table->find_or_wait(handle, deadline,
                              [found = std::move(found)](SessionTable::Found result) {
                                if (result.ok()) result.value()->touch();
                                found(std::move(result));
                              });
}

Status SessionManager::abort(std::string_view handle) {
  const SessionTable::Found found = state_->table->find(handle);
  if (!found.ok()) return found.status();
  found.value()->close(CloseReason::kCancelled);
  return {};
}

Status SessionManager::drain(Deadline deadline, Clock::duration grace) {
  draining_.store(true, std::memory_order_release);
  state_->licences->close();
  const bool in_time = state_->table->wait_empty(deadline);
  const std::size_t cut_off = state_->table->size();
  if (!in_time) close_all();
  // A licence comes back once the engine has let go: that is what is waited for, not the table.
  // Once calls that need no handle are not in the table either, and have until the deadline too.
  const Deadline let_go = Deadline::after(grace);
  if (!state_->licences->wait_idle(let_go.time() > deadline.time() ? let_go : deadline)) {
    return Status(
        ErrorKind::kDeadline, Code::kDeadline, "drain",
        std::to_string(state_->licences->in_use()) + " calls are still inside the engine");
  }
  if (in_time) return {};
  return Status(ErrorKind::kDeadline, Code::kDeadline, "drain",
                std::to_string(cut_off) + " sessions or calls had not ended and were cut off");
}

SessionManager::Stats SessionManager::stats() const {
  const auto get = [](const SessionCounters::Counter& counter) {
    return counter.load(std::memory_order_relaxed);
  };
  const SessionCounters& counters = state_->counters;
  Stats stats;
  stats.live = state_->table->size();
  stats.licences = state_->licences->max();
  stats.in_use = state_->licences->in_use();
  stats.waiting = state_->licences->waiting();
  stats.refused = state_->licences->refused();
  stats.opened = get(counters.opened);
  stats.completed = get(counters.completed);
  stats.failed = get(counters.failed);
  stats.evicted = get(counters.evicted);
  stats.duplicate_frames = get(counters.duplicates);
  stats.old_frames = get(counters.old);
  stats.skipped_frames = get(counters.skipped);
  return stats;
}

}  // namespace aiges
