#include "engine/callback_router.h"

#include <utility>

namespace aiges {

CallbackRouter::Tag CallbackRouter::open(std::shared_ptr<ResultSink> sink) {
  const TagId id = next_id();
  MutexLock lock(mutex_);
  TagText* text = nullptr;
  if (resting_.size() > kQuarantine) {
    text = resting_.front();
    resting_.pop_front();
  } else {
    text = &texts_.emplace_back();
  }
  text->set(id);
  entries_.emplace(id, Entry{std::move(sink), text});
  return {id, text->c_str()};
}

void CallbackRouter::close(TagId id, TagEnd end) {
  std::shared_ptr<ResultSink> dropped;  // its destructor may do anything: outside the lock
  MutexLock lock(mutex_);
  const auto found = entries_.find(id);
  if (found == entries_.end()) return;
  resting_.push_back(found->second.text);
  dropped = std::move(found->second.sink);
  entries_.erase(found);
  ended_[id % kRemembered] = {id, end};
}

void CallbackRouter::count_refused(TagId id) {
  const std::uint64_t sequence = id & ((TagId{1} << kTagSequenceBits) - 1);
  if (engine_number_of(id) != engine_number_ || sequence == 0 ||
      sequence > sequence_.load(std::memory_order_relaxed)) {
    count(stats_.callbacks_unknown);
    return;
  }
  const Ended& ended = ended_[id % kRemembered];
  const bool completed = ended.id == id && ended.end == TagEnd::kCompleted;
  count(completed ? stats_.callbacks_double : stats_.callbacks_late);
}

int CallbackRouter::deliver(const char* tag, EngineContext::ResultMaker& maker) {
  const std::optional<TagId> id = TagText::parse(tag);
  if (!id) {
    count(stats_.callbacks_unknown);
    return -1;
  }
  std::shared_ptr<ResultSink> sink;
  {
    MutexLock lock(mutex_);
    const auto found = entries_.find(*id);
    if (found == entries_.end()) {
      count_refused(*id);
      return -1;
    }
    sink = found->second.sink;
  }
  // The copy is made without the lock: it may be megabytes.
  if (sink->wants_result()) {
    Result<OutputPtr> result = maker.make();
    // Counted first, so that whoever has the result finds it counted.
    count(stats_.callbacks);
    if (sink->deliver(std::move(result))) return 0;
    stats_.callbacks.fetch_sub(1, std::memory_order_relaxed);
  }
  // It finished between the look-up and now, or it is a session that keeps its tag until it closes.
  count(sink->tag_end() == TagEnd::kCompleted ? stats_.callbacks_double : stats_.callbacks_late);
  return -1;
}

}  // namespace aiges
