#include "buffer/reaper.h"

#include <chrono>

namespace aiges {
namespace {
constexpr auto kLook = std::chrono::milliseconds(1);
constexpr int kQuietLooks = 20;                          // empty looks before the thread sleeps
constexpr std::size_t kHeavy = std::size_t{256} * 1024;  // bytes worth a wake-up of their own
}  // namespace

void Reapable::push(std::atomic<Reapable*>& head, Reapable* object) noexcept {
  Reapable* newest = head.load(std::memory_order_relaxed);
  do {
    object->next_ = newest;
  } while (!head.compare_exchange_weak(newest, object, std::memory_order_seq_cst,
                                       std::memory_order_relaxed));
}

std::size_t Reapable::release(Reapable* newest) noexcept {
  Reapable* oldest = nullptr;
  while (newest) {
    Reapable* next = newest->next_;
    newest->next_ = oldest;
    oldest = newest;
    newest = next;
  }
  std::size_t count = 0;
  for (; oldest; ++count) {
    Reapable* next = oldest->next_;
    oldest->reap();
    oldest = next;
  }
  return count;
}

Reaper::~Reaper() {
  {
    MutexLock lock(mutex_);
    stop_ = true;
    hurry_ = true;
  }
  wake_.notify_all();
  if (thread_.joinable()) thread_.join();
  release_all();
}

void Reaper::push(Reapable* object, std::size_t weight) noexcept {
  pushed_.fetch_add(1, std::memory_order_relaxed);
  Reapable::push(head_, object);
  // Sequentially consistent with run(): either it sees the object, or this sees it asleep.
  const bool was_asleep = asleep_.load(std::memory_order_seq_cst);
  if (!was_asleep && weight < kHeavy) return;
  {
    MutexLock lock(mutex_);
    hurry_ = true;
    if (!started_ && !stop_) {
      started_ = true;
      thread_ = std::thread([this] { run(); });
    }
  }
  wake_.notify_one();
}

bool Reaper::release_all() {
  Reapable* newest = head_.exchange(nullptr, std::memory_order_seq_cst);
  if (!newest) return false;
  const std::size_t count = Reapable::release(newest);
  {
    MutexLock lock(mutex_);
    released_ += count;
  }
  progress_.notify_all();
  return true;
}

void Reaper::run() {
  int quiet = 0;
  for (;;) {
    quiet = release_all() ? 0 : quiet + 1;
    MutexLock lock(mutex_);
    if (stop_) return;
    Deadline until = Deadline::after(kLook);
    if (quiet >= kQuietLooks) {
      asleep_.store(true, std::memory_order_seq_cst);
      if (head_.load(std::memory_order_seq_cst) == nullptr) until = Deadline::never();
    }
    while (!hurry_ && wake_.wait_until(mutex_, until)) {
    }
    if (hurry_ || quiet >= kQuietLooks) quiet = 0;
    hurry_ = false;
    asleep_.store(false, std::memory_order_seq_cst);
  }
}

bool Reaper::flush(Deadline deadline) {
  const std::uint64_t target = pushed_.load(std::memory_order_relaxed);
  MutexLock lock(mutex_);
  if (!started_) return target == released_;
  while (released_ < target) {
    hurry_ = true;
    wake_.notify_one();
    if (!progress_.wait_until(mutex_, deadline) && deadline.passed()) return released_ >= target;
  }
  return true;
}

}  // namespace aiges
