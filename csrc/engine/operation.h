#pragma once

#include <atomic>
#include <functional>
#include <memory>
#include <string>

#include "base/mutex.h"
#include "engine/callback_router.h"
#include "engine/watchdog.h"

namespace aiges {

class EngineHost;

// One asynchronous once request, from its start to the one outcome it has: a result, an error, its
// deadline, or being cancelled; whichever comes first wins and the others are refused.
class Operation final : public ResultSink, public std::enable_shared_from_this<Operation> {
 public:
  // Called once, on whatever thread the outcome was made (the engine's, the watchdog's, a pool's):
  // it must be short and must not block. Not called for a cancelled operation.
  using Completion = std::function<void(Result<OutputPtr>)>;

  Operation(std::shared_ptr<EngineHost> host, Completion completion);

  bool wants_result() override { return state_.load(std::memory_order_acquire) == State::kOpen; }
  bool deliver(Result<OutputPtr> result) override;
  TagEnd tag_end() override {
    return state_.load(std::memory_order_acquire) == State::kGivenUp ? TagEnd::kGivenUp
                                                                     : TagEnd::kCompleted;
  }

  // Gives up: no completion, and the engine is told if it can be. False when it had ended.
  bool cancel();
  // Gives up with a deadline error.
  void expire();

 private:
  friend class EngineHost;
  enum class State { kOpen, kCompleted, kGivenUp };
  enum class How { kResult, kCancelled, kExpired };
  bool end(How how, Result<OutputPtr> result);
  void tell_engine(How how, std::shared_ptr<void> stay) AIGES_NO_LOCK_ANALYSIS;  // ended: constant
  // The engine is about to be called for it; false when it has ended already.
  bool begin(CallbackRouter::Tag tag, std::string_view session_id);

  const std::shared_ptr<EngineHost> host_;
  std::atomic<State> state_{State::kOpen};
  // Its place in the engine, given back when the last holder lets go: this, until the operation
  // ends, and whoever is inside the engine for it, until the call returns.
  std::shared_ptr<void> stay_ AIGES_GUARDED_BY(mutex_);
  Mutex mutex_;
  Completion completion_ AIGES_GUARDED_BY(mutex_);
  Watchdog::Id alarm_ AIGES_GUARDED_BY(mutex_) = 0;
  bool inside_ AIGES_GUARDED_BY(mutex_) = false;  // the engine was, or is about to be, called
  CallbackRouter::Tag tag_ AIGES_GUARDED_BY(mutex_);
  std::string session_id_ AIGES_GUARDED_BY(mutex_);
  TagText own_text_;  // the tag's text where the router does not keep it
};

}  // namespace aiges
