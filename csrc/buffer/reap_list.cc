#include "buffer/reap_list.h"

#include <chrono>
#include <utility>

#include "base/clock.h"

namespace aiges {
namespace {

constexpr auto kQuick = std::chrono::microseconds(200);  // for one release
constexpr unsigned kMeasureEvery = 16;

}  // namespace

void ReapList::push(Reapable* object, std::size_t weight) noexcept {
  Reapable::push(head_, object);
  if (queued_.exchange(true, std::memory_order_acq_rel)) return;
  kept_alive_ = alive_();
  // Where calls release what waits, the reaper need not hurry, however much it is.
  reaper_.push(this, quick_.load(std::memory_order_relaxed) ? 0 : weight);
}

void ReapList::release_here() noexcept {
  // The exact clock costs as much as a small release: only every so often.
  const bool measured = turn_.fetch_add(1, std::memory_order_relaxed) % kMeasureEvery == 0;
  const Clock::time_point begin = measured ? Clock::now() : Clock::time_point();
  const std::size_t count = Reapable::release(head_.exchange(nullptr, std::memory_order_acq_rel));
  if (measured && count != 0 && (Clock::now() - begin) / count >= kQuick)
    quick_.store(false, std::memory_order_relaxed);
}

void ReapList::reap() noexcept {
  const std::shared_ptr<void> alive = std::move(kept_alive_);
  queued_.store(false, std::memory_order_release);
  const auto begin = Clock::now();
  const std::size_t count = Reapable::release(head_.exchange(nullptr, std::memory_order_acq_rel));
  if (count != 0) {
    quick_.store((Clock::now() - begin) / count < kQuick, std::memory_order_relaxed);
  }
}

}  // namespace aiges
