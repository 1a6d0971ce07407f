#pragma once

#include <chrono>
#include <condition_variable>
#include <future>
#include <memory>
#include <mutex>
#include <utility>

namespace aiges::test {

// How long a test waits for what must happen before it says that it did not. Only a failing test
// takes this long.
inline constexpr auto kPatience = std::chrono::seconds(20);
// How long a test watches for what must not happen, and the limit of waits that are to expire.
inline constexpr auto kSoon = std::chrono::milliseconds(30);

// A number that only grows, and that threads wait for.
class Count {
 public:
  void add(int by = 1) {
    const std::lock_guard lock(mutex_);
    value_ += by;
    changed_.notify_all();
  }
  int get() const {
    const std::lock_guard lock(mutex_);
    return value_;
  }
  // Returns false when the number was not reached in time.
  [[nodiscard]] bool reaches(int value, std::chrono::milliseconds time = kPatience) const {
    std::unique_lock lock(mutex_);
    return changed_.wait_for(lock, time, [&] { return value_ >= value; });
  }

 private:
  mutable std::mutex mutex_;
  mutable std::condition_variable changed_;
  int value_ = 0;
};

// A door that is opened once. Copies are the same door, so that a thread may outlive the test.
class Latch {
 public:
  void open() const { count_->add(); }
  bool is_open() const { return count_->get() != 0; }
  [[nodiscard]] bool wait(std::chrono::milliseconds time = kPatience) const {
    return count_->reaches(1, time);
  }

 private:
  std::shared_ptr<Count> count_ = std::make_shared<Count>();
};

// Opens a latch at the end of a scope: a test that fails early still lets its threads go.
class OpenAtEnd {
 public:
  explicit OpenAtEnd(Latch latch) : latch_(std::move(latch)) {}
  ~OpenAtEnd() { latch_.open(); }
  OpenAtEnd(const OpenAtEnd&) = delete;
  OpenAtEnd& operator=(const OpenAtEnd&) = delete;

 private:
  const Latch latch_;
};

// Runs `call` on a thread of its own.
template <class Call>
auto in_thread(Call call) {
  return std::async(std::launch::async, std::move(call));
}
template <class T>
[[nodiscard]] bool ready(const std::future<T>& future, std::chrono::milliseconds time = kPatience) {
  return future.wait_for(time) == std::future_status::ready;
}

}  // namespace aiges::test
