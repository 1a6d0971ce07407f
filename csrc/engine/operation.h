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
  ~Operation() override;

  bool wants_result() override { return !ended_.load(std::memory_order_acquire); }
  bool deliver(Result<OutputPtr> result) override;
  TagEnd tag_end() override {
    return completed_.load(std::memory_order_acquire) ? TagEnd::kCompleted : TagEnd::kGivenUp;
  }

  // Gives up: no completion, and the engine is told if it can be. False when it had ended.
  bool cancel();
  // Gives up with a deadline error.
  void expire();

 private:
  friend class EngineHost;
  enum class How { kResult, kCancelled, kExpired };
  bool end(How how, Result<OutputPtr> result);
  void tell_engine(How how);

  const std::shared_ptr<EngineHost> host_;
  std::atomic<bool> ended_{false};
  std::atomic<bool> completed_{false};
  Mutex mutex_;
  Completion completion_ AIGES_GUARDED_BY(mutex_);
  Watchdog::Id alarm_ AIGES_GUARDED_BY(mutex_) = 0;
  // What is given back when the operation ends (its place in the gate, a slot, resources).
  std::function<void()> give_back_ AIGES_GUARDED_BY(mutex_);
  std::atomic<bool> inside_{false};  // the engine has been, or is about to be, called for it
  // Set before the engine or the alarm can know of the operation, then constant.
  CallbackRouter::Tag tag_;
  TagText own_text_;  // the tag's text where the router does not keep it
  std::string session_id_;
};

}  // namespace aiges
