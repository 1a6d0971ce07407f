#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <memory>
#include <mutex>
#include <set>
#include <thread>
#include <vector>

#include "base/executor.h"
#include "support/latch.h"

namespace aiges {
namespace {

using test::Count;
using test::kSoon;
using test::Latch;

TEST(InlineExecutor, RunsWithinSubmit) {
  InlineExecutor executor;
  std::thread::id ran;
  EXPECT_TRUE(executor.submit([&] { ran = std::this_thread::get_id(); }));
  EXPECT_EQ(ran, std::this_thread::get_id());
}

TEST(ThreadPool, RunsElsewhere) {
  ThreadPool pool(2);
  std::promise<std::thread::id> ran;
  auto id = ran.get_future();
  EXPECT_TRUE(pool.submit([&] { ran.set_value(std::this_thread::get_id()); }));
  ASSERT_TRUE(test::ready(id));
  EXPECT_NE(id.get(), std::this_thread::get_id());
}

TEST(ThreadPool, GrowsToItsLimitAndNoFurther) {
  constexpr int kThreads = 3;
  ThreadPool pool(kThreads);
  const auto inside = std::make_shared<Count>();
  const auto finished = std::make_shared<Count>();
  const Latch go;
  for (int i = 0; i < 2 * kThreads; ++i) {
    pool.submit([=] {
      inside->add();
      (void)go.wait();
      finished->add();
    });
  }
  EXPECT_TRUE(inside->reaches(kThreads));
  EXPECT_FALSE(inside->reaches(kThreads + 1, kSoon));
  go.open();
  EXPECT_TRUE(finished->reaches(2 * kThreads));
}

TEST(ThreadPool, ALimitOfZeroIsOne) {
  ThreadPool pool(0);
  const Latch ran;
  EXPECT_TRUE(pool.submit([=] { ran.open(); }));
  EXPECT_TRUE(ran.wait());
}

TEST(ThreadPool, UsesAnIdleThreadAgain) {
  ThreadPool pool(8);
  std::mutex mutex;
  std::set<std::thread::id> ids;
  // A thread counts as idle a moment after its work has ended, so a new one may be made now and
  // then, but not for every piece of work.
  constexpr int kRounds = 400;
  for (int i = 0; i < kRounds; ++i) {
    Latch done;
    pool.submit([&, done] {
      {
        const std::lock_guard lock(mutex);
        ids.insert(std::this_thread::get_id());
      }
      done.open();
    });
    ASSERT_TRUE(done.wait());
  }
  const std::lock_guard lock(mutex);
  EXPECT_LE(ids.size(), 8U);
}

TEST(ThreadPool, NothingIsDroppedWithManySubmitters) {
  constexpr int kSubmitters = 4;
  constexpr int kEach = 500;
  ThreadPool pool(3);
  const auto ran = std::make_shared<Count>();
  {
    std::vector<std::thread> submitters;
    for (int s = 0; s < kSubmitters; ++s) {
      submitters.emplace_back([&] {
        for (int i = 0; i < kEach; ++i) EXPECT_TRUE(pool.submit([ran] { ran->add(); }));
      });
    }
    for (std::thread& submitter : submitters) submitter.join();
  }
  EXPECT_TRUE(ran->reaches(kSubmitters * kEach));
}

TEST(ThreadPool, OneThreadKeepsTheOrder) {
  ThreadPool pool(1);
  std::mutex mutex;
  std::vector<int> order;
  const auto ran = std::make_shared<Count>();
  for (int i = 0; i < 50; ++i) {
    pool.submit([&, i, ran] {
      {
        const std::lock_guard lock(mutex);
        order.push_back(i);
      }
      ran->add();
    });
  }
  ASSERT_TRUE(ran->reaches(50));
  const std::lock_guard lock(mutex);
  EXPECT_TRUE(std::is_sorted(order.begin(), order.end()));
}

TEST(ThreadPool, WorkMaySubmitMore) {
  ThreadPool pool(1);
  const Latch second;
  pool.submit([&pool, second] { pool.submit([second] { second.open(); }); });
  EXPECT_TRUE(second.wait());
}

TEST(ThreadPool, ItsEndDropsWhatHasNotStartedAndWaitsForNothing) {
  const Latch started;
  const Latch go;
  const Latch finished;
  const auto kept = std::make_shared<int>(0);
  std::atomic<bool> second_ran{false};
  {
    ThreadPool pool(1);
    pool.submit([=] {
      started.open();
      (void)go.wait();
      finished.open();
    });
    pool.submit([kept, &second_ran] { second_ran = true; });
    ASSERT_TRUE(started.wait());
    EXPECT_EQ(kept.use_count(), 2);
  }
  EXPECT_EQ(kept.use_count(), 1) << "what the dropped work held is released";
  EXPECT_FALSE(finished.is_open()) << "the end waited for a thread";
  go.open();
  EXPECT_TRUE(finished.wait());
  EXPECT_FALSE(second_ran);
}

TEST(ThreadPool, MayEndOnItsOwnThread) {
  auto pool = std::make_shared<ThreadPool>(2);
  const Latch done;
  ThreadPool& reference = *pool;
  // As when the last owner of an engine is a request of its own.
  reference.submit([held = std::move(pool), done]() mutable {
    held.reset();
    done.open();
  });
  EXPECT_TRUE(done.wait());
}

TEST(ThreadPool, ReleasesWorkAfterItRan) {
  ThreadPool pool(1);
  auto held = std::make_shared<int>(0);
  const std::weak_ptr<int> watched = held;
  pool.submit([held = std::move(held)] {});
  const Latch next;  // one thread: when this runs, the first work is gone
  pool.submit([next] { next.open(); });
  ASSERT_TRUE(next.wait());
  EXPECT_TRUE(watched.expired());
}

}  // namespace
}  // namespace aiges
