#include "engine/watchdog.h"

namespace aiges {

Watchdog::~Watchdog() {
  {
    MutexLock lock(mutex_);
    stop_ = true;
  }
  changed_.notify_all();
  if (thread_.joinable()) thread_.join();
}

Watchdog::Id Watchdog::schedule(Deadline deadline, std::function<void()> action) {
  MutexLock lock(mutex_);
  const Id id = next_id_++;
  const bool first = waiting_.empty() || deadline.time() < waiting_.begin()->first.first;
  waiting_.emplace(std::pair{deadline.time(), id}, std::move(action));
  times_.emplace(id, deadline.time());
  if (!thread_.joinable()) thread_ = std::thread([this] { run(); });
  if (first) changed_.notify_one();
  return id;
}

bool Watchdog::cancel(Id id) {
  std::function<void()> dropped;  // what it holds is released outside the lock
  MutexLock lock(mutex_);
  const auto time = times_.find(id);
  if (time == times_.end()) return false;
  const auto entry = waiting_.find({time->second, id});
  dropped = std::move(entry->second);
  waiting_.erase(entry);
  times_.erase(time);
  return true;
}

void Watchdog::run() {
  for (;;) {
    std::function<void()> action;
    {
      MutexLock lock(mutex_);
      for (;;) {
        if (stop_) return;
        const Deadline next =
            waiting_.empty() ? Deadline::never() : Deadline::at(waiting_.begin()->first.first);
        if (next.passed()) break;
        changed_.wait_until(mutex_, next);
      }
      const auto entry = waiting_.begin();
      action = std::move(entry->second);
      times_.erase(entry->first.second);
      waiting_.erase(entry);
    }
    action();
  }
}

}  // namespace aiges
