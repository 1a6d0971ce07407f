#include "buffer/reaper.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <memory>
#include <mutex>
#include <optional>
#include <thread>
#include <vector>

#include "support/latch.h"

namespace aiges {
namespace {

using test::Count;
using test::kSoon;
using test::Latch;

constexpr std::size_t kLight = 16;
constexpr std::size_t kHeavy = std::size_t{1} << 20;

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

// Its release does not return before the latch is opened.
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

Deadline patience() { return Deadline::after(test::kPatience); }

TEST(Reaper, FlushOfNothingReturnsAtOnce) {
  Reaper reaper;
  EXPECT_TRUE(reaper.flush(Deadline::at(Clock::time_point::min())));
}

TEST(Reaper, ReleasesOnAThreadOfItsOwn) {
  const auto log = std::make_shared<Log>();
  Reaper reaper;
  reaper.push(new Logged(log, 1), kLight);
  ASSERT_TRUE(log->count.reaches(1));  // the first push wakes it; nobody has to flush
  EXPECT_NE(log->threads[0], std::this_thread::get_id());
}

TEST(Reaper, FlushReturnsWhenEverythingWasReleased) {
  const auto log = std::make_shared<Log>();
  Reaper reaper;
  for (int i = 0; i < 1000; ++i) reaper.push(new Logged(log, i), kLight);
  EXPECT_TRUE(reaper.flush(patience()));
  EXPECT_EQ(log->count.get(), 1000);
}

TEST(Reaper, ReleasesTheOldestFirst) {
  const auto log = std::make_shared<Log>();
  const Latch entered;
  const Latch go;
  Reaper reaper;
  reaper.push(new Blocking(entered, go), kHeavy);
  ASSERT_TRUE(entered.wait());  // everything below waits in one batch
  for (int i = 0; i < 100; ++i) reaper.push(new Logged(log, i), i % 2 == 0 ? kLight : kHeavy);
  go.open();
  ASSERT_TRUE(reaper.flush(patience()));
  ASSERT_EQ(log->order.size(), 100U);
  EXPECT_TRUE(std::is_sorted(log->order.begin(), log->order.end()));
}

TEST(Reaper, LightObjectsAreReleasedWithoutAFlush) {
  const auto log = std::make_shared<Log>();
  Reaper reaper;
  // Each push meets the thread in another phase: awake, looking, or asleep.
  for (int i = 0; i < 60; ++i) {
    reaper.push(new Logged(log, i), kLight);
    if (i % 20 == 19) {
      ASSERT_TRUE(log->count.reaches(i + 1));
    }
  }
}

TEST(Reaper, WakesFromALongSleep) {
  const auto log = std::make_shared<Log>();
  Reaper reaper;
  reaper.push(new Logged(log, 0), kLight);
  ASSERT_TRUE(log->count.reaches(1));
  // Longer than the thread keeps looking.
  EXPECT_FALSE(log->count.reaches(2, 2 * kSoon));
  reaper.push(new Logged(log, 1), kLight);
  EXPECT_TRUE(log->count.reaches(2));
}

TEST(Reaper, FlushKeepsItsDeadline) {
  const Latch entered;
  const Latch go;
  Reaper reaper;
  const test::OpenAtEnd at_end(go);  // before the reaper ends: that waits for the release
  reaper.push(new Blocking(entered, go), kHeavy);
  ASSERT_TRUE(entered.wait());
  EXPECT_FALSE(reaper.flush(Deadline::after(kSoon)));
  EXPECT_FALSE(reaper.flush(Deadline::at(Clock::time_point::min())));
  go.open();
  EXPECT_TRUE(reaper.flush(patience()));
}

TEST(Reaper, PushDoesNotWaitForARelease) {
  const auto log = std::make_shared<Log>();
  const Latch entered;
  const Latch go;
  Reaper reaper;
  const test::OpenAtEnd at_end(go);  // before the reaper ends: that waits for the release
  reaper.push(new Blocking(entered, go), kHeavy);
  ASSERT_TRUE(entered.wait());
  auto pushing = test::in_thread([&] {
    for (int i = 0; i < 100; ++i) reaper.push(new Logged(log, i), kHeavy);
  });
  EXPECT_TRUE(test::ready(pushing));
  EXPECT_EQ(log->count.get(), 0);
}

TEST(Reaper, ItsEndReleasesEverything) {
  const auto log = std::make_shared<Log>();
  {
    Reaper reaper;
    for (int i = 0; i < 100; ++i) reaper.push(new Logged(log, i), kLight);
  }
  EXPECT_EQ(log->count.get(), 100);
}

TEST(Reaper, ManyProducers) {
  constexpr int kThreads = 4;
  constexpr int kEach = 2000;
  const auto log = std::make_shared<Log>();
  Reaper reaper;
  std::vector<std::thread> producers;
  for (int t = 0; t < kThreads; ++t) {
    producers.emplace_back([&, t] {
      for (int i = 0; i < kEach; ++i) {
        reaper.push(new Logged(log, t * kEach + i), i % 97 == 0 ? kHeavy : kLight);
        if (i % 500 == 0) {
          EXPECT_TRUE(reaper.flush(patience()));
        }
      }
    });
  }
  for (std::thread& producer : producers) producer.join();
  ASSERT_TRUE(reaper.flush(patience()));
  ASSERT_EQ(log->order.size(), std::size_t{kThreads} * kEach);
  // Each producer's objects went in its order, and each went once.
  std::vector<int> last(kThreads, -1);
  for (const int number : log->order) {
    int& before = last[static_cast<std::size_t>(number / kEach)];
    EXPECT_GT(number % kEach, before);
    before = number % kEach;
  }
}

// A flush that meets the very first push half-way has to wait for it like for any other.
TEST(Reaper, FlushMeetsTheFirstPush) {
  for (int round = 0; round < 1500; ++round) {
    const auto log = std::make_shared<Log>();
    std::optional<Reaper> reaper(std::in_place);
    std::atomic<bool> go{false};
    std::thread pusher([&] {
      while (!go) {
      }
      reaper->push(new Logged(log, 0), kLight);
    });
    go = true;
    const bool flushed = reaper->flush(Deadline::never());
    pusher.join();
    reaper.reset();
    ASSERT_TRUE(flushed) << "gave up without a deadline in round " << round;
  }
}

}  // namespace
}  // namespace aiges
