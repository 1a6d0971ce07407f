#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <thread>

#include "base/mutex.h"

namespace aiges {

// Something whose release may block and therefore does not happen where it is dropped.
class Reapable {
 public:
  virtual ~Reapable() = default;

 protected:
  // Adds to a stack of such objects; any thread.
  static void push(std::atomic<Reapable*>& head, Reapable* object) noexcept;
  // Releases a stack that was taken off its head, oldest first; returns how many there were.
  static std::size_t release(Reapable* newest) noexcept;

 private:
  friend class Reaper;
  virtual void reap() noexcept = 0;  // frees the object itself, unless something else owns it
  Reapable* next_ = nullptr;
};

// One thread that releases what others have no time to release: freeing an engine's output runs
// engine code, which must not happen under an interpreter lock or on a thread of that engine.
//
// A push is one atomic exchange. While pushes keep coming the thread looks every millisecond and is
// not woken for each of them (a wake-up costs more than the call whose output is being freed);
// large outputs and the first push after a quiet time wake it at once.
class Reaper {
 public:
  Reaper() = default;
  // Releases everything that was pushed, then ends the thread.
  ~Reaper();
  Reaper(const Reaper&) = delete;
  Reaper& operator=(const Reaper&) = delete;

  // Any thread; neither blocks nor allocates, but for starting the thread the first time.
  // `weight` is the memory, in bytes, that waits with the object.
  void push(Reapable* object, std::size_t weight) noexcept;

  // Returns when everything pushed before the call has been released, or at `deadline` (false).
  bool flush(Deadline deadline);

 private:
  void run();
  bool release_all();

  std::atomic<Reapable*> head_{nullptr};
  std::atomic<bool> asleep_{true};
  std::atomic<std::uint64_t> pushed_{0};

  Mutex mutex_;
  CondVar wake_;
  CondVar progress_;
  std::uint64_t released_ AIGES_GUARDED_BY(mutex_) = 0;
  bool hurry_ AIGES_GUARDED_BY(mutex_) = false;
  bool stop_ AIGES_GUARDED_BY(mutex_) = false;
  bool started_ AIGES_GUARDED_BY(mutex_) = false;
  std::thread thread_;
};

}  // namespace aiges
