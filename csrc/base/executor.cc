#include "base/executor.h"

#include <chrono>
#include <deque>
#include <system_error>
#include <thread>
#include <utility>

#include "base/mutex.h"

namespace aiges {
namespace {
constexpr auto kIdleLife = std::chrono::seconds(10);
}

struct ThreadPool::State {
  explicit State(std::size_t max) : max_threads(max) {}
  const std::size_t max_threads;
  Mutex mutex;
  CondVar wake;
  std::deque<std::function<void()>> queue AIGES_GUARDED_BY(mutex);
  std::size_t threads AIGES_GUARDED_BY(mutex) = 0;
  std::size_t idle AIGES_GUARDED_BY(mutex) = 0;
  bool stopped AIGES_GUARDED_BY(mutex) = false;
};

ThreadPool::ThreadPool(std::size_t max_threads)
    : state_(std::make_shared<State>(max_threads == 0 ? 1 : max_threads)) {}

ThreadPool::~ThreadPool() {
  std::deque<std::function<void()>> dropped;
  {
    MutexLock lock(state_->mutex);
    state_->stopped = true;
    dropped.swap(state_->queue);
  }
  state_->wake.notify_all();
}

bool ThreadPool::submit(std::function<void()> work) {
  MutexLock lock(state_->mutex);
  if (state_->stopped) return false;
  state_->queue.push_back(std::move(work));
  if (state_->queue.size() <= state_->idle || state_->threads >= state_->max_threads) {
    state_->wake.notify_one();
    return true;
  }
  try {
    std::thread(run, state_).detach();
    ++state_->threads;
  } catch (const std::system_error&) {
    // No more threads to be had: those that exist will get to it. With none at all, nobody would.
    if (state_->threads == 0) {
      state_->queue.pop_back();
      return false;
    }
  }
  return true;
}

// By value: the pool may be gone before its threads are.
void ThreadPool::run(std::shared_ptr<State> state) {  // NOLINT(performance-unnecessary-value-param)
  for (;;) {
    std::function<void()> work;
    {
      MutexLock lock(state->mutex);
      const Deadline leave = Deadline::after(kIdleLife);
      ++state->idle;
      while (state->queue.empty() && !state->stopped) {
        if (!state->wake.wait_until(state->mutex, leave)) break;
      }
      --state->idle;
      if (state->queue.empty()) {
        --state->threads;
        return;
      }
      work = std::move(state->queue.front());
      state->queue.pop_front();
    }
    work();
  }
}

}  // namespace aiges
