#pragma once

#include <atomic>
#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <string>
#include <vector>

#include "base/mutex.h"
#include "engine/engine.h"

namespace aiges {

// What an engine metered, traced and measured. Meters are summed by key in any case; events are
// kept for a listener only where one said it wants their kind, because the listener may be slow
// (Python) and engine threads must not wait for it: they leave the event here, and it is collected
// later.
class EventLog {
 public:
  struct Event {
    EngineContext::Event kind;
    std::string tag;
    std::string key;
    std::string value;
    std::int64_t count;
  };

  // `collected_soon`: the call that raised the event collects it when it returns, so that nobody
  // else need be told.
  void record(EngineContext::Event kind, const char* tag, const char* key, const char* value,
              std::int64_t count, bool collected_soon);

  // From now on events of this kind are kept. `notify` is called, on the engine's thread, when
  // there are some that nobody is about to collect; it must be short and must not block.
  void listen(EngineContext::Event kind, std::function<void()> notify);
  // For a call whose caller does not collect what it raised: has it collected elsewhere.
  void announce();
  bool pending() const { return pending_.load(std::memory_order_acquire); }
  std::vector<Event> take();
  std::map<std::string, std::int64_t> totals();

 private:
  // With nobody collecting, the oldest events go.
  static constexpr std::size_t kMaxKept = 100'000;

  std::atomic<bool> pending_{false};
  std::atomic<unsigned> wanted_{0};
  Mutex mutex_;
  std::function<void()> notify_ AIGES_GUARDED_BY(mutex_);
  bool notified_ AIGES_GUARDED_BY(mutex_) = false;
  std::deque<Event> events_ AIGES_GUARDED_BY(mutex_);
  std::map<std::string, std::int64_t> totals_ AIGES_GUARDED_BY(mutex_);
};

}  // namespace aiges
