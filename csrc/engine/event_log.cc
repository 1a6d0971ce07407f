#include "engine/event_log.h"

#include <utility>

namespace aiges {
namespace {

unsigned bit(EngineContext::Event kind) { return 1U << static_cast<unsigned>(kind); }
std::string text(const char* value) { return value ? value : ""; }

}  // namespace

void EventLog::record(EngineContext::Event kind, const char* tag, const char* key,
                      const char* value, std::int64_t count, bool collected_soon) {
  const bool wanted = (wanted_.load(std::memory_order_relaxed) & bit(kind)) != 0;
  if (!wanted && kind != EngineContext::Event::kMeter) return;
  std::function<void()> notify;  // called without the lock
  {
    MutexLock lock(mutex_);
    if (kind == EngineContext::Event::kMeter) totals_[text(key)] += count;
    if (!wanted) return;
    if (events_.size() >= kMaxKept) events_.pop_front();
    events_.push_back({kind, text(tag), text(key), text(value), count});
    pending_.store(true, std::memory_order_release);
    if (!collected_soon && !notified_) {
      notified_ = true;
      notify = notify_;
    }
  }
  if (notify) notify();
}

void EventLog::listen(EngineContext::Event kind, std::function<void()> notify) {
  {
    MutexLock lock(mutex_);
    notify_ = std::move(notify);
  }
  wanted_.fetch_or(bit(kind), std::memory_order_relaxed);
}

void EventLog::announce() {
  std::function<void()> notify;  // called without the lock
  {
    MutexLock lock(mutex_);
    if (events_.empty() || std::exchange(notified_, true)) return;
    notify = notify_;
  }
  if (notify) notify();
}

std::vector<EventLog::Event> EventLog::take() {
  MutexLock lock(mutex_);
  std::vector<Event> taken(std::make_move_iterator(events_.begin()),
                           std::make_move_iterator(events_.end()));
  events_.clear();
  notified_ = false;
  pending_.store(false, std::memory_order_release);
  return taken;
}

std::map<std::string, std::int64_t> EventLog::totals() {
  MutexLock lock(mutex_);
  return totals_;
}

}  // namespace aiges
