#include "session/session_table.h"

#include <utility>

#include "base/wait.h"

namespace aiges {

std::shared_ptr<SessionTable> SessionTable::make(Watchdog& watchdog, Options options) {
  // Not make_shared: the constructor is private.
  return std::shared_ptr<SessionTable>(new SessionTable(watchdog, options));
}

// NOLINTNEXTLINE(bugprone-exception-escape): as in the header
SessionTable::Reservation& SessionTable::Reservation::operator=(Reservation&& other) noexcept {
  if (this != &other) {
    give_up();
    table_ = std::move(other.table_);
    handle_ = std::move(other.handle_);
  }
  return *this;
}

void SessionTable::Reservation::fill(std::shared_ptr<StreamSession> session) {
  const std::shared_ptr<SessionTable> table = std::exchange(table_, nullptr);
  Waiters waiters;
  {
    Part& part = table->part_of(handle_);
    MutexLock lock(part.mutex);
    part.sessions.find(handle_)->second = session;
    waiters = take_waiters(part, handle_);
  }
  table->answer(std::move(waiters), std::move(session));
}

void SessionTable::Reservation::finish() {
  if (const std::shared_ptr<SessionTable> table = std::exchange(table_, nullptr))
    table->end_reservation(handle_, true);
}

void SessionTable::Reservation::give_up() {
  if (const std::shared_ptr<SessionTable> table = std::exchange(table_, nullptr))
    table->end_reservation(handle_, false);
}

Result<SessionTable::Reservation> SessionTable::reserve(std::string handle) {
  {
    Part& part = part_of(handle);
    MutexLock lock(part.mutex);
    if (!part.sessions.try_emplace(handle).second) {
      return Status(ErrorKind::kOverload, Code::kOverload, "session",
                    "handle:" + handle + " is already stored");
    }
    size_.fetch_add(1);
  }
  Reservation reservation;
  reservation.table_ = shared_from_this();
  reservation.handle_ = std::move(handle);
  return reservation;
}

Status SessionTable::not_found(Part& part, std::string_view handle) {
  if (part.released_times.contains(Hash()(handle))) {
    return Status(ErrorKind::kSession, Code::kInactive, "session",
                  "service instance inactive, already release: session " + std::string(handle) +
                      " has ended; begin a new one");
  }
  return Status(ErrorKind::kSession, Code::kUnknownHandle, "session",
                "service instance invalid: there is no session " + std::string(handle) +
                    "; begin one with its first frame");
}

void SessionTable::remember(Part& part, std::string_view handle) {
  const std::size_t hash = Hash()(handle);
  part.released.push_back(hash);
  ++part.released_times[hash];
  if (part.released.size() <= kRemembered) return;
  const auto oldest = part.released_times.find(part.released.front());
  part.released.pop_front();
  if (--oldest->second == 0) part.released_times.erase(oldest);
}

SessionTable::Found SessionTable::find(std::string_view handle) {
  Part& part = part_of(handle);
  MutexLock lock(part.mutex);
  const auto found = part.sessions.find(handle);
  if (found != part.sessions.end() && found->second) return found->second;
  return not_found(part, handle);
}

void SessionTable::find_or_wait(std::string_view handle, Deadline deadline, FoundCallback found) {
  std::shared_ptr<StreamSession> session;
  Status missing;
  {
    Part& part = part_of(handle);
    MutexLock lock(part.mutex);
    const auto entry = part.sessions.find(handle);
    const bool reserved = entry != part.sessions.end();
    if (reserved) session = entry->second;
    if (!session) {
      const bool early = reserved || (!part.released_times.contains(Hash()(handle)) &&
                                      options_.early_hold > Clock::duration::zero());
      if (early && !deadline.passed() && hold(part, handle, reserved, deadline, found)) return;
      missing = not_found(part, handle);
    }
  }
  if (session) {
    found(std::move(session));
  } else {
    found(std::move(missing));
  }
}

bool SessionTable::hold(Part& part, std::string_view handle, bool reserved, Deadline deadline,
                        FoundCallback& found) {
  if (held_.fetch_add(1) >= options_.max_held) {
    held_.fetch_sub(1);
    return false;
  }
  const WaiterId id = ++part.last_waiter;
  Waiter& waiter = part.waiters[std::string(handle)][id];
  waiter.found = std::move(found);
  waiter.deadline = deadline;
  const Deadline until =
      reserved ? deadline : deadline.sooner_of(Deadline::after(options_.early_hold));
  waiter.alarm = set_alarm(std::string(handle), id, until);
  return true;
}

Watchdog::Id SessionTable::set_alarm(std::string handle, WaiterId id, Deadline deadline) {
  if (deadline.infinite()) return 0;
  return watchdog_.schedule(deadline, [weak = weak_from_this(), handle = std::move(handle), id] {
    if (const std::shared_ptr<SessionTable> self = weak.lock()) self->expire(handle, id);
  });
}

void SessionTable::expire(const std::string& handle, WaiterId id) {
  FoundCallback found;
  Status missing;
  {
    Part& part = part_of(handle);
    MutexLock lock(part.mutex);
    const auto waiters = part.waiters.find(handle);
    if (waiters == part.waiters.end()) return;
    const auto waiter = waiters->second.find(id);
    if (waiter == waiters->second.end()) return;
    // The first frame came meanwhile, and its session is being opened.
    if (part.sessions.contains(handle) && !waiter->second.deadline.passed()) {
      waiter->second.alarm = set_alarm(handle, id, waiter->second.deadline);
      return;
    }
    found = std::move(waiter->second.found);
    waiters->second.erase(waiter);
    if (waiters->second.empty()) part.waiters.erase(waiters);
    missing = not_found(part, handle);
  }
  held_.fetch_sub(1);
  found(std::move(missing));
}

SessionTable::Waiters SessionTable::take_waiters(Part& part, const std::string& handle) {
  const auto waiters = part.waiters.find(handle);
  if (waiters == part.waiters.end()) return {};
  Waiters taken = std::move(waiters->second);
  part.waiters.erase(waiters);
  return taken;
}

// By value: it is the caller's last use of them.
void SessionTable::answer(Waiters waiters, const Found& found) {  // NOLINT(performance-*)
  for (auto& [id, waiter] : waiters) {
    if (waiter.alarm != 0) watchdog_.cancel(waiter.alarm);
    held_.fetch_sub(1);
    waiter.found(found);
  }
}

void SessionTable::end_reservation(const std::string& handle, bool remembered) {
  Waiters waiters;
  Status missing;
  {
    Part& part = part_of(handle);
    MutexLock lock(part.mutex);
    part.sessions.erase(handle);
    if (remembered) remember(part, handle);
    waiters = take_waiters(part, handle);
    missing = not_found(part, handle);
  }
  answer(std::move(waiters), std::move(missing));
  shrunk();
}

bool SessionTable::erase(std::string_view handle, const StreamSession* session) {
  std::shared_ptr<StreamSession> dropped;  // released outside the lock
  {
    Part& part = part_of(handle);
    MutexLock lock(part.mutex);
    const auto found = part.sessions.find(handle);
    if (found == part.sessions.end() || found->second.get() != session || !session) return false;
    dropped = std::move(found->second);
    part.sessions.erase(found);
    remember(part, handle);
  }
  shrunk();
  return true;
}

void SessionTable::shrunk() {
  if (size_.fetch_sub(1) != 1 || empty_waiters_.load() == 0) return;
  MutexLock lock(empty_mutex_);
  emptied_.notify_all();
}

std::vector<std::shared_ptr<StreamSession>> SessionTable::sessions() {
  std::vector<std::shared_ptr<StreamSession>> all;
  for (Part& part : parts_) {
    MutexLock lock(part.mutex);
    for (const auto& [handle, session] : part.sessions)
      if (session) all.push_back(session);
  }
  return all;
}

bool SessionTable::wait_empty(Deadline deadline) {
  // Announced before the look at the size: whoever makes it zero then sees that it must notify.
  empty_waiters_.fetch_add(1);
  WaitOutcome outcome{};
  {
    MutexLock lock(empty_mutex_);
    outcome = wait_for(emptied_, empty_mutex_, {deadline, nullptr},
                       [this]() AIGES_REQUIRES(empty_mutex_) { return size_.load() == 0; });
  }
  empty_waiters_.fetch_sub(1);
  return outcome == WaitOutcome::kReady;
}

}  // namespace aiges
