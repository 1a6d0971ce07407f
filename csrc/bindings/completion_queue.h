#pragma once

#include "bindings/python.h"

#include <deque>
#include <memory>

#include "base/mutex.h"
#include "base/status.h"
#include "buffer/output.h"

namespace aiges::py {

// Outcomes on their way to Python. Threads of engines and pools put them in without the GIL; one
// reader (an asyncio loop, or the dispatcher thread) watches the file descriptor and takes them
// out.
class CompletionQueue {
 public:
  CompletionQueue();
  ~CompletionQueue();
  CompletionQueue(const CompletionQueue&) = delete;
  CompletionQueue& operator=(const CompletionQueue&) = delete;

  // `token` is the Python callable that will get the outcome. Any thread.
  void push(std::shared_ptr<void> token, Result<OutputPtr> outcome, std::string engine);
  int fd() const { return fd_; }
  // With the GIL: a list of (token, Result or None, exception or None).
  pybind11::list drain();
  // Waits, without the GIL, until there is something or wake() was called.
  void wait();
  void wake() const;

 private:
  struct Entry {
    std::shared_ptr<void> token;
    Result<OutputPtr> outcome;
    std::string engine;
  };
  const int fd_;  // an eventfd: readable while there may be something
  Mutex mutex_;
  std::deque<Entry> entries_ AIGES_GUARDED_BY(mutex_);
};

void register_completion_queue(pybind11::module_& module);

}  // namespace aiges::py
