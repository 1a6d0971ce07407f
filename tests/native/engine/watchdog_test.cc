#include "engine/watchdog.h"

#include <gtest/gtest.h>

#include <memory>
#include <mutex>
#include <optional>
#include <thread>
#include <vector>

#include "support/latch.h"

namespace aiges {
namespace {

using std::chrono::hours;
using std::chrono::milliseconds;
using test::Count;
using test::kSoon;
using test::Latch;

TEST(Watchdog, RunsWhatIsDueOnItsOwnThread) {
  Watchdog watchdog;
  std::promise<std::thread::id> ran;
  auto id = ran.get_future();
  watchdog.schedule(Deadline::at(Clock::now()), [&] { ran.set_value(std::this_thread::get_id()); });
  ASSERT_TRUE(test::ready(id));
  EXPECT_NE(id.get(), std::this_thread::get_id());
}

TEST(Watchdog, RunsNothingBeforeItsTime) {
  Watchdog watchdog;
  std::promise<Clock::time_point> ran;
  auto when = ran.get_future();
  const Deadline deadline = Deadline::after(kSoon);
  watchdog.schedule(deadline, [&] { ran.set_value(Clock::now()); });
  ASSERT_TRUE(test::ready(when));
  EXPECT_GE(when.get(), deadline.time());
}

TEST(Watchdog, RunsInTheOrderOfTime) {
  Watchdog watchdog;
  std::mutex mutex;
  std::vector<int> order;
  Count ran;
  const Clock::time_point base = Clock::now() + kSoon;
  const auto note = [&](int number) {
    return [&, number] {
      {
        const std::lock_guard lock(mutex);
        order.push_back(number);
      }
      ran.add();
    };
  };
  watchdog.schedule(Deadline::at(base + milliseconds(3)), note(3));
  watchdog.schedule(Deadline::at(base + milliseconds(1)), note(1));
  watchdog.schedule(Deadline::at(base + milliseconds(2)), note(2));
  watchdog.schedule(Deadline::at(base + milliseconds(1)), note(11));  // the same time as 1
  ASSERT_TRUE(ran.reaches(4));
  EXPECT_EQ(order, (std::vector<int>{1, 11, 2, 3}));
}

TEST(Watchdog, WakesForWhatIsSoonerThanWhatItWaitsFor) {
  Watchdog watchdog;
  watchdog.schedule(Deadline::after(hours(1)), [] { FAIL(); });
  const Latch ran;
  watchdog.schedule(Deadline::after(milliseconds(1)), [ran] { ran.open(); });
  EXPECT_TRUE(ran.wait());
}

TEST(Watchdog, NeverWaitsForEver) {
  Watchdog watchdog;
  const Watchdog::Id id = watchdog.schedule(Deadline::never(), [] { FAIL(); });
  const Latch ran;
  watchdog.schedule(Deadline::after(milliseconds(1)), [ran] { ran.open(); });
  EXPECT_TRUE(ran.wait());
  EXPECT_TRUE(watchdog.cancel(id));
}

TEST(Watchdog, CancelledActionsDoNotRun) {
  Watchdog watchdog;
  const Watchdog::Id cancelled = watchdog.schedule(Deadline::after(kSoon), [] { FAIL(); });
  const Latch later;
  watchdog.schedule(Deadline::after(2 * kSoon), [later] { later.open(); });
  EXPECT_TRUE(watchdog.cancel(cancelled));
  EXPECT_FALSE(watchdog.cancel(cancelled));
  EXPECT_TRUE(later.wait());
}

TEST(Watchdog, CancelAfterTheRunOrOfNothingIsFalse) {
  Watchdog watchdog;
  EXPECT_FALSE(watchdog.cancel(12345));
  const Latch ran;
  const Watchdog::Id id = watchdog.schedule(Deadline::at(Clock::now()), [ran] { ran.open(); });
  ASSERT_TRUE(ran.wait());
  EXPECT_FALSE(watchdog.cancel(id));
}

TEST(Watchdog, CancelReleasesTheActionOutsideItsLock) {
  Watchdog watchdog;
  const Latch released;
  struct Holder {
    ~Holder() {
      (void)watchdog->cancel(0);  // would block for ever under the lock
      released.open();
    }
    Watchdog* watchdog;
    Latch released;
  };
  auto holder = std::make_shared<Holder>(&watchdog, released);
  const Watchdog::Id id =
      watchdog.schedule(Deadline::after(hours(1)), [holder = std::move(holder)] {});
  auto cancelling = test::in_thread([&] { return watchdog.cancel(id); });
  ASSERT_TRUE(test::ready(cancelling));
  EXPECT_TRUE(cancelling.get());
  EXPECT_TRUE(released.is_open());
}

TEST(Watchdog, ActionsMayScheduleAndCancel) {
  Watchdog watchdog;
  const Latch ran;
  const Watchdog::Id victim = watchdog.schedule(Deadline::after(hours(1)), [] { FAIL(); });
  watchdog.schedule(Deadline::at(Clock::now()), [&watchdog, ran, victim] {
    EXPECT_TRUE(watchdog.cancel(victim));
    watchdog.schedule(Deadline::at(Clock::now()), [ran] { ran.open(); });
  });
  EXPECT_TRUE(ran.wait());
}

TEST(Watchdog, ItsEndDropsWhatWaits) {
  const auto held = std::make_shared<int>(0);
  {
    Watchdog watchdog;
    watchdog.schedule(Deadline::after(hours(1)), [held] { FAIL(); });
    EXPECT_EQ(held.use_count(), 2);
  }
  EXPECT_EQ(held.use_count(), 1);
}

TEST(Watchdog, EachActionRunsOrIsCancelledNeverBoth) {
  constexpr int kThreads = 4;
  constexpr int kEach = 300;
  Count ran;
  Count cancelled;
  {
    Watchdog watchdog;
    std::vector<std::thread> threads;
    for (int t = 0; t < kThreads; ++t) {
      threads.emplace_back([&] {
        for (int i = 0; i < kEach; ++i) {
          const Watchdog::Id id = watchdog.schedule(
              Deadline::after(std::chrono::microseconds(i % 40)), [&] { ran.add(); });
          if (i % 3 == 0) std::this_thread::yield();
          if (watchdog.cancel(id)) cancelled.add();
        }
      });
    }
    for (std::thread& thread : threads) thread.join();
    // What is left is due already: all of it comes before an action that is scheduled now.
    const Latch last;
    watchdog.schedule(Deadline::after(milliseconds(1)), [last] { last.open(); });
    ASSERT_TRUE(last.wait());
  }
  EXPECT_EQ(ran.get() + cancelled.get(), kThreads * kEach);
}

}  // namespace
}  // namespace aiges
