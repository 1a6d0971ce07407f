#include "buffer/reap_list.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <memory>
#include <mutex>
#include <thread>
#include <vector>

#include "support/latch.h"

namespace aiges {
namespace {

using test::Count;
using test::kSoon;
using test::Latch;

struct Log {
  std::mutex mutex;
  std::vector<int> order;
  std::vector<std::thread::id> threads;
  Count count;
};

class Logged final : public Reapable {
 public:
  Logged(std::shared_ptr<Log> log, int number) : log_(std::move(log)), number_(number) {}

 private:
  void reap() noexcept override {
    const std::shared_ptr<Log> log = log_;
    {
      const std::lock_guard lock(log->mutex);
      log->order.push_back(number_);
      log->threads.push_back(std::this_thread::get_id());
    }
    delete this;
    log->count.add();
  }
  const std::shared_ptr<Log> log_;
  const int number_;
};

class Blocking final : public Reapable {
 public:
  Blocking(Latch entered, Latch go) : entered_(std::move(entered)), go_(std::move(go)) {}

 private:
  void reap() noexcept override {
    entered_.open();
    (void)go_.wait();
    delete this;
  }
  const Latch entered_;
  const Latch go_;
};

// As an engine's host: owns the list, which keeps it alive.
struct Owner : std::enable_shared_from_this<Owner> {
  explicit Owner(Reaper& reaper) : list(reaper, [this] { return shared_from_this(); }) {}
  ReapList list;
};

class ReapListTest : public testing::Test {
 protected:
  void push(int number) { owner_->list.push(new Logged(log_, number), 16); }
  [[nodiscard]] bool flush() { return reaper_.flush(Deadline::after(test::kPatience)); }
  // After this the list knows that releases are quick.
  // A release that happens to be interrupted counts as slow: repeated until help is seen to work.
  void learn_quick() {
    for (bool helped = false; !helped;) {
      push(-1);
      ASSERT_TRUE(flush());
      push(-2);
      owner_->list.help();
      ASSERT_TRUE(flush());
      const std::lock_guard lock(log_->mutex);
      helped = log_->threads.back() == std::this_thread::get_id();
    }
    const std::lock_guard lock(log_->mutex);
    log_->order.clear();
    log_->threads.clear();
  }

  std::shared_ptr<Log> log_ = std::make_shared<Log>();
  Reaper reaper_;
  std::shared_ptr<Owner> owner_ = std::make_shared<Owner>(reaper_);
};

TEST_F(ReapListTest, ReaperReleasesTheOldestFirst) {
  for (int i = 0; i < 200; ++i) push(i);
  ASSERT_TRUE(flush());
  ASSERT_EQ(log_->order.size(), 200U);
  EXPECT_TRUE(std::is_sorted(log_->order.begin(), log_->order.end()));
  for (const std::thread::id id : log_->threads) EXPECT_NE(id, std::this_thread::get_id());
}

TEST_F(ReapListTest, NobodyHelpsBeforeItIsKnownToBeQuick) {
  const Latch entered;
  const Latch go;
  const test::OpenAtEnd at_end(go);
  reaper_.push(new Blocking(entered, go), std::size_t{1} << 20);
  ASSERT_TRUE(entered.wait());
  push(1);
  owner_->list.help();
  EXPECT_EQ(log_->count.get(), 0);
}

TEST_F(ReapListTest, HelpReleasesOnThisThreadWhatIsQuick) {
  learn_quick();
  const Latch entered;
  const Latch go;
  const test::OpenAtEnd at_end(go);
  reaper_.push(new Blocking(entered, go), std::size_t{1} << 20);
  ASSERT_TRUE(entered.wait());
  for (int i = 0; i < 5; ++i) push(i);
  owner_->list.help();
  EXPECT_EQ(log_->order, (std::vector<int>{0, 1, 2, 3, 4}));
  for (const std::thread::id id : log_->threads) EXPECT_EQ(id, std::this_thread::get_id());
  owner_->list.help();
  EXPECT_EQ(log_->order.size(), 5U);
}

TEST_F(ReapListTest, SlowReleaseEndsTheHelp) {
  learn_quick();
  const Latch entered;
  const Latch never;
  // Slow: it waits for a latch that a thread opens a while after the release has begun.
  const Latch go;
  owner_->list.push(new Blocking(entered, go), 16);
  auto opening = test::in_thread([&] {
    (void)entered.wait();
    (void)never.wait(std::chrono::milliseconds(5));
    go.open();
  });
  ASSERT_TRUE(flush());
  opening.get();
  const Latch entered_second;
  const Latch go_second;
  const test::OpenAtEnd at_end(go_second);
  reaper_.push(new Blocking(entered_second, go_second), std::size_t{1} << 20);
  ASSERT_TRUE(entered_second.wait());
  push(1);
  owner_->list.help();
  EXPECT_TRUE(log_->order.empty()) << "a call has paid for what is known to be slow";
}

TEST_F(ReapListTest, KeepsItsOwnerWhileTheReaperHasWork) {
  const Latch entered;
  const Latch go;
  const test::OpenAtEnd at_end(go);
  reaper_.push(new Blocking(entered, go), std::size_t{1} << 20);
  ASSERT_TRUE(entered.wait());
  push(1);
  const std::weak_ptr<Owner> watched = owner_;
  owner_.reset();
  EXPECT_FALSE(watched.expired());
  go.open();
  ASSERT_TRUE(flush());
  EXPECT_EQ(log_->count.get(), 1);
  EXPECT_TRUE(watched.expired());
}

TEST_F(ReapListTest, PushesFlushesAndHelpOfManyThreads) {
  constexpr int kThreads = 4;
  constexpr int kEach = 1500;
  std::vector<std::thread> threads;
  for (int t = 0; t < kThreads; ++t) {
    threads.emplace_back([&, t] {
      for (int i = 0; i < kEach; ++i) {
        push(t * kEach + i);
        if (t % 2 == 0) owner_->list.help();
        ASSERT_TRUE(i % 300 != 0 || flush());
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  ASSERT_TRUE(flush());
  EXPECT_EQ(log_->count.get(), kThreads * kEach);
  std::vector<int> order = log_->order;
  std::sort(order.begin(), order.end());
  EXPECT_EQ(std::adjacent_find(order.begin(), order.end()), order.end()) << "released twice";
}

}  // namespace
}  // namespace aiges
