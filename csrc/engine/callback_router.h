#pragma once

#include <array>
#include <cstdint>
#include <deque>
#include <memory>
#include <unordered_map>

#include "base/mutex.h"
#include "base/status.h"
#include "buffer/output.h"
#include "engine/engine.h"
#include "engine/stats.h"
#include "engine/tag.h"

namespace aiges {

// How waiting for a tag ended.
enum class TagEnd { kCompleted, kGivenUp };

// Where results of one asynchronous request or session go. Called from engine threads: must not
// block.
class ResultSink {
 public:
  virtual ~ResultSink() = default;
  // False when no result is wanted any more (the final one is there, or the waiting was given up).
  virtual bool wants_result() = 0;
  // Returns false like wants_result(), decided atomically with taking the result.
  virtual bool deliver(Result<OutputPtr> result) = 0;
  // Why not, once no result is wanted any more.
  virtual TagEnd tag_end() = 0;
};

// The table from tags to those who wait for them: one per engine. A callback for a tag that is not
// in it is counted by what is known of the tag, and refused.
//
// The text of a tag must stay readable as long as an engine may still hold the pointer, and an
// engine that calls back late or twice holds it too long. So texts are never freed while the router
// lives, and used again only after kQuarantine others: a stray callback within that span finds its
// own tag, not another request's.
class CallbackRouter {
 public:
  CallbackRouter(std::uint32_t engine_number, Stats& stats)
      : engine_number_(engine_number), stats_(stats) {}
  CallbackRouter(const CallbackRouter&) = delete;
  CallbackRouter& operator=(const CallbackRouter&) = delete;

  struct Tag {
    TagId id = 0;
    const char* text = "";
  };

  // A tag for a call that nothing calls back; its text is the caller's to keep.
  TagId next_id() {
    return make_tag_id(engine_number_, sequence_.fetch_add(1, std::memory_order_relaxed) + 1);
  }
  Tag open(std::shared_ptr<ResultSink> sink);
  // Forgets the tag; harmless when it is not there.
  void close(TagId id, TagEnd end);

  // Gives a result to whom it belongs; 0 when it was taken, else -1.
  int deliver(const char* tag, EngineContext::ResultMaker& maker);

 private:
  struct Entry {
    std::shared_ptr<ResultSink> sink;
    TagText* text;
  };
  static constexpr std::size_t kQuarantine = 16384;
  // Ends of the last so many tags, to tell a double callback from a late one.
  static constexpr std::size_t kRemembered = 4096;

  void count_refused(TagId id) AIGES_REQUIRES(mutex_);

  const std::uint32_t engine_number_;
  Stats& stats_;
  std::atomic<std::uint64_t> sequence_{0};

  Mutex mutex_;
  std::unordered_map<TagId, Entry> entries_ AIGES_GUARDED_BY(mutex_);
  std::deque<TagText> texts_ AIGES_GUARDED_BY(mutex_);  // a deque: elements never move
  std::deque<TagText*> resting_ AIGES_GUARDED_BY(mutex_);
  struct Ended {
    TagId id = 0;
    TagEnd end = TagEnd::kCompleted;
  };
  std::array<Ended, kRemembered> ended_ AIGES_GUARDED_BY(mutex_);
};

}  // namespace aiges
