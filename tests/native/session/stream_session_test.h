#pragma once

#include <gtest/gtest.h>

#include <deque>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "session/stream_session.h"
#include "support/host_test.h"

namespace aiges::test {

// Threads that are joined by stop(); what is submitted later is refused.
class JoinedPool final : public Executor {
 public:
  explicit JoinedPool(int threads) {
    for (int i = 0; i < threads; ++i) threads_.emplace_back([this] { run(); });
  }
  ~JoinedPool() override { stop(); }
  JoinedPool(const JoinedPool&) = delete;
  JoinedPool& operator=(const JoinedPool&) = delete;

  bool submit(std::function<void()> work) override {
    const std::lock_guard lock(mutex_);
    if (stopped_) return false;
    queue_.push_back(std::move(work));
    wake_.notify_one();
    return true;
  }
  void stop() {
    {
      const std::lock_guard lock(mutex_);
      stopped_ = true;
    }
    wake_.notify_all();
    for (std::thread& thread : threads_)
      if (thread.joinable()) thread.join();
  }

 private:
  void run() {
    for (;;) {
      std::function<void()> work;
      {
        std::unique_lock lock(mutex_);
        wake_.wait(lock, [this] { return stopped_ || !queue_.empty(); });
        if (queue_.empty()) return;
        work = std::move(queue_.front());
        queue_.pop_front();
      }
      work();
    }
  }
  std::mutex mutex_;
  std::condition_variable wake_;
  std::deque<std::function<void()>> queue_;
  bool stopped_ = false;
  std::vector<std::thread> threads_;
};

inline std::string describe(const Result<Batch>& result) {
  if (!result.ok()) return "error " + std::to_string(static_cast<int>(result.status().code()));
  const Batch& batch = result.value();
  std::string text;
  std::size_t i = 0;
  for (const OutputItem& item : batch.output->items())
    text += std::string(item.key) + std::to_string(batch.seq.data()[i++]) + "=" +
            std::string(bytes_of(item)) + " ";
  return text + "(" + std::to_string(batch.status) + ")" + (batch.final ? " final" : "");
}
inline std::string describe(const StreamSession::TakeResult& result) {
  return result ? describe(*result) : "nothing";
}

// Takes everything as soon as a session says that there is something. What it keeps is the
// listener's too: that may still be returning when the test is over.
class Taker {
 public:
  void listen_to(const std::shared_ptr<StreamSession>& session) const {
    session->set_listener([state = state_, weak = std::weak_ptr(session)] {
      const auto taken_from = weak.lock();
      if (!taken_from) return;
      // One at a time, so that what is taken first is written down first.
      const std::lock_guard lock(state->mutex);
      while (auto result = taken_from->take()) {
        state->got.push_back(describe(*result));
        state->count.add();
        if (!result->ok() || result->value().final) state->end.open();
      }
    });
  }
  std::vector<std::string> got() const {
    const std::lock_guard lock(state_->mutex);
    return state_->got;
  }
  bool reaches(int number) const { return state_->count.reaches(number); }
  bool ends() const { return state_->end.wait(); }
  bool ended() const { return state_->end.is_open(); }

 private:
  struct State {
    std::mutex mutex;
    std::vector<std::string> got;
    Count count;
    Latch end;
  };
  std::shared_ptr<State> state_ = std::make_shared<State>();
};
using Strings = std::vector<std::string>;

// Keeps what wait_result() brought.
class Waited {
 public:
  StreamSession::ResultCallback callback() const {
    return [state = state_](std::optional<Result<Batch>> result) {
      state->text = describe(result);
      state->times.add();
    };
  }
  bool comes() const { return state_->times.reaches(1); }
  int times() const { return state_->times.get(); }
  const std::string& text() const { return state_->text; }

 private:
  struct State {
    std::string text;  // once it came
    Count times;
  };
  std::shared_ptr<State> state_ = std::make_shared<State>();
};

// Sessions on a FakeEngine that answers reads from a list, null while it is empty, and writes down
// what it is given.
class StreamSessionTest : public HostTest {
 protected:
  void SetUp() override {
    script_->on_read = [this]() -> Result<OutputPtr> {
      const std::lock_guard lock(mutex_);
      if (answers_.empty()) return OutputPtr();
      Result<OutputPtr> answer = std::move(answers_.front());
      answers_.pop_front();
      return answer;
    };
    script_->on_write = [this](std::span<const DataItem> items) {
      const std::lock_guard lock(mutex_);
      for (const DataItem& item : items)
        written_ += std::string(static_cast<const char*>(item.data), item.size) + " ";
      return Status();
    };
    options_.handle = "handle";
  }
  void TearDown() override {
    HostTest::TearDown();
    pool_.stop();
  }

  std::shared_ptr<StreamSession> open() {
    if (!host_) start();
    Result<std::shared_ptr<StreamSession>> session = try_open();
    EXPECT_TRUE(session.ok());
    return session.ok() ? session.value() : nullptr;
  }
  Result<std::shared_ptr<StreamSession>> try_open() {
    return StreamSession::open(host_, licences_->try_acquire(), {}, options_,
                               {watchdog_, pool_, counters_, *poller_},
                               [this](StreamSession&) { released_.add(); });
  }
  void answer(const char* text, int status, const char* key = "k") {
    answer_with(text_output(key, text, status));
  }
  void answer_with(Result<OutputPtr> answer) {
    const std::lock_guard lock(mutex_);
    answers_.push_back(std::move(answer));
  }
  std::string written() {
    const std::lock_guard lock(mutex_);
    return written_;
  }
  // A frame whose payload is its id.
  static Frame frame(std::int64_t id, int status = kStatusContinue, const char* key = "in") {
    auto text = std::make_shared<std::string>(std::to_string(id));
    Frame made;
    made.sync_id = id;
    DataItem item;
    item.key = key;
    item.data = text->data();
    item.size = text->size();
    item.status = status;
    made.items.push_back(item);
    made.keep = text;
    return made;
  }
  static Frame last_frame(std::int64_t id) { return frame(id, kStatusEnd); }
  static std::uint64_t number(const SessionCounters::Counter& counter) { return counter.load(); }

  JoinedPool pool_{2};  // stopped first, gone last: the watchdog may still want to give it work
  SessionCounters counters_;
  Watchdog watchdog_;
  std::shared_ptr<Licences> licences_ = Licences::make(watchdog_, {1, 1});
  std::shared_ptr<Poller> poller_ = Poller::make(watchdog_, pool_);
  StreamSession::Options options_;
  Count released_;

  std::mutex mutex_;
  std::deque<Result<OutputPtr>> answers_;
  std::string written_;
};

}  // namespace aiges::test
