#pragma once

#include <cstddef>
#include <functional>
#include <memory>

namespace aiges {

// Runs work somewhere else, or at once; whoever submits does not know which.
class Executor {
 public:
  virtual ~Executor() = default;
  // `work` must not throw. Returns false, without running it, once the executor was shut down.
  virtual bool submit(std::function<void()> work) = 0;
};

// Runs everything inside submit(); lets tests of asynchronous code do without threads.
class InlineExecutor final : public Executor {
 public:
  bool submit(std::function<void()> work) override {
    work();
    return true;
  }
};

// Threads that are made when work waits and none is idle, up to `max_threads`, and that end after
// some idle seconds. The queue is unbounded: whoever submits owns that memory anyway.
class ThreadPool final : public Executor {
 public:
  explicit ThreadPool(std::size_t max_threads);
  // Work that has not started is dropped. Threads are not waited for: one of them may be stuck in a
  // foreign library for ever; each keeps what it uses alive by itself.
  ~ThreadPool() override;
  ThreadPool(const ThreadPool&) = delete;
  ThreadPool& operator=(const ThreadPool&) = delete;

  bool submit(std::function<void()> work) override;

 private:
  struct State;
  static void run(std::shared_ptr<State> state);
  std::shared_ptr<State> state_;
};

}  // namespace aiges
