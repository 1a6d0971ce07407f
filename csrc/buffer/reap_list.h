#pragma once

#include <atomic>
#include <cstddef>
#include <functional>
#include <memory>

#include "buffer/reaper.h"

namespace aiges {

// What one engine has to release. The reaper's thread does it, unless a call into the engine comes
// by first: that call, on a thread that holds no lock and may take its time, releases what waits
// before it goes on. The engine then gets back the memory that is still in the cache, instead of
// touching new memory for every result; at 16 KiB a call is three times as fast for it. A release
// that once took long is left to the reaper, so that nobody's call pays for it.
class ReapList final : private Reapable {
 public:
  // `alive` returns what keeps this object alive; it is held while the reaper has work for it.
  ReapList(Reaper& reaper, std::function<std::shared_ptr<void>()> alive)
      : reaper_(reaper), alive_(std::move(alive)) {}

  // As Reaper::push.
  void push(Reapable* object, std::size_t weight) noexcept;
  // Releases what waits, on this thread, where that is known to be quick.
  void help() {
    if (quick_.load(std::memory_order_relaxed) && head_.load(std::memory_order_relaxed))
      release_here();
  }

 private:
  void reap() noexcept override;
  void release_here() noexcept;

  Reaper& reaper_;
  const std::function<std::shared_ptr<void>()> alive_;
  std::atomic<Reapable*> head_{nullptr};
  std::atomic<bool> queued_{false};  // whether the reaper is going to come
  std::atomic<bool> quick_{false};   // whether the last release took microseconds
  std::atomic<unsigned> turn_{0};
  std::shared_ptr<void> kept_alive_;  // written by whoever set queued_, read by the reaper
};

}  // namespace aiges
