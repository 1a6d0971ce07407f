// Who leads, who runs which job, and what is flushed when. Most tests are the sentinel themselves:
// two looks are what it takes to lose the lead, however slow the machine is.

#include "server/reactor.h"

#include <gtest/gtest.h>

#include <atomic>
#include <thread>
#include <vector>

#include "server/sentinel.h"
#include "support/latch.h"

namespace aiges::server {
namespace {

using test::Count;
using test::kPatience;
using test::kSoon;
using test::Latch;
using test::OpenAtEnd;

class TestJob final : public Job {
 public:
  explicit TestJob(std::function<void()> work, bool slow = false)
      : work_(std::move(work)), slow_(slow) {}
  void run() override { work_(); }
  bool slow() const override { return slow_; }

 private:
  const std::function<void()> work_;
  const bool slow_;
};
std::shared_ptr<Job> quick(std::function<void()> work) {
  return std::make_shared<TestJob>(std::move(work));
}
std::shared_ptr<Job> slow(std::function<void()> work) {
  return std::make_shared<TestJob>(std::move(work), true);
}

// Knows how often, and on which thread, it was flushed.
class TestFlushable final : public Flushable {
 public:
  void flush() override {
    thread_ = std::this_thread::get_id();
    times.add();
  }
  std::thread::id thread() const { return thread_; }
  Count times;

 private:
  std::atomic<std::thread::id> thread_{};
};

class ReactorTest : public testing::Test {
 protected:
  Reactor& start(std::size_t max_threads = 4) {
    reactor_ = std::make_shared<Reactor>(max_threads, sentinel_);
    reactor_->start();
    return *reactor_;
  }
  Reactor& start_watched(std::size_t max_threads = 4) {
    reactor_ = std::make_shared<Reactor>(max_threads, sentinel_);
    sentinel_.watch(*reactor_);
    sentinel_.start();
    reactor_->start();
    return *reactor_;
  }
  void TearDown() override {
    sentinel_.stop();
    if (reactor_) {
      EXPECT_TRUE(reactor_->stop(Deadline::after(kPatience)));
    }
  }
  // Waits for a turn of the leader, that is, until what was posted before is done.
  [[nodiscard]] bool leader_turns() {
    const Latch turned;
    reactor_->post([turned] { turned.open(); });
    return turned.wait();
  }
  // What the sentinel does to a leader that it finds in one job twice.
  void take_lead() {
    EXPECT_TRUE(reactor_->look());
    EXPECT_TRUE(reactor_->look());
  }
  std::thread::id thread_of_leader() {
    std::thread::id id;
    const Latch told;
    reactor_->post([&] {
      id = std::this_thread::get_id();
      told.open();
    });
    EXPECT_TRUE(told.wait());
    return id;
  }

  Sentinel sentinel_;
  std::shared_ptr<Reactor> reactor_;
};

TEST_F(ReactorTest, QuickJobsRunOnTheLeaderInOrder) {
  Reactor& reactor = start();
  const std::thread::id leader = thread_of_leader();
  std::vector<int> order;
  Count done;
  reactor.post([&] {
    for (int i = 0; i < 10; ++i) {
      reactor.submit(quick([&, i] {
        EXPECT_EQ(std::this_thread::get_id(), leader);
        EXPECT_TRUE(reactor.in_job());
        order.push_back(i);
        done.add();
      }));
    }
    EXPECT_TRUE(order.empty()) << "a job runs when the turn's reading is done";
  });
  ASSERT_TRUE(done.reaches(10));
  EXPECT_EQ(order, (std::vector<int>{0, 1, 2, 3, 4, 5, 6, 7, 8, 9}));
  EXPECT_EQ(reactor.threads(), 1U);
}

TEST_F(ReactorTest, ASlowJobGivesTheLeadAwayFirst) {
  Reactor& reactor = start();
  const std::thread::id first = thread_of_leader();
  const Latch inside;
  const Latch release;
  const OpenAtEnd at_end(release);
  reactor.submit_from_anywhere(slow([&reactor, first, inside, release] {
    EXPECT_EQ(std::this_thread::get_id(), first);
    EXPECT_FALSE(reactor.in_job());
    inside.open();
    EXPECT_TRUE(release.wait());
  }));
  ASSERT_TRUE(inside.wait());
  EXPECT_NE(thread_of_leader(), first);
  const Latch ran;
  reactor.submit_from_anywhere(quick([ran] { ran.open(); }));
  EXPECT_TRUE(ran.wait());
  EXPECT_EQ(reactor.threads(), 2U);
}

TEST_F(ReactorTest, AHangingJobLosesTheLead) {
  Reactor& reactor = start();
  const std::thread::id first = thread_of_leader();
  const Latch inside;
  const Latch release;
  const OpenAtEnd at_end(release);
  reactor.submit_from_anywhere(quick([=] {
    inside.open();
    EXPECT_TRUE(release.wait());
  }));
  ASSERT_TRUE(inside.wait());
  EXPECT_TRUE(reactor.look());
  EXPECT_EQ(reactor.threads(), 1U) << "one look is not enough";
  EXPECT_TRUE(reactor.look());
  EXPECT_EQ(reactor.threads(), 2U);
  EXPECT_NE(thread_of_leader(), first);
  EXPECT_FALSE(reactor.look()) << "who leads now is in no job";
  const Latch ran;
  reactor.submit_from_anywhere(quick([ran] { ran.open(); }));
  EXPECT_TRUE(ran.wait());
}

// What was read together with it must not wait for it.
TEST_F(ReactorTest, JobsBehindAHangingOneRunWithoutIt) {
  Reactor& reactor = start();
  const Latch inside;
  const Latch release;
  const OpenAtEnd at_end(release);
  const Latch ran;
  reactor.post([&] {
    reactor.submit(quick([=] {
      inside.open();
      EXPECT_TRUE(release.wait());
    }));
    reactor.submit(quick([ran] { ran.open(); }));
  });
  ASSERT_TRUE(inside.wait());
  take_lead();
  EXPECT_TRUE(ran.wait());
}

TEST_F(ReactorTest, TwoLooksAtDifferentJobsTakeNothing) {
  Reactor& reactor = start();
  const Latch first_inside;
  const Latch second_inside;
  const Latch first_release;
  const Latch second_release;
  const OpenAtEnd first_end(first_release);
  const OpenAtEnd second_end(second_release);
  reactor.post([&] {
    reactor.submit(quick([=] {
      first_inside.open();
      EXPECT_TRUE(first_release.wait());
    }));
    reactor.submit(quick([=] {
      second_inside.open();
      EXPECT_TRUE(second_release.wait());
    }));
  });
  ASSERT_TRUE(first_inside.wait());
  EXPECT_TRUE(reactor.look());
  first_release.open();
  ASSERT_TRUE(second_inside.wait());
  EXPECT_TRUE(reactor.look());
  EXPECT_EQ(reactor.threads(), 1U);
  EXPECT_TRUE(reactor.in_job());
}

TEST_F(ReactorTest, AfterAHangJobsAreGivenAwayUntilOneIsQuick) {
  Reactor& reactor = start();
  const Latch inside;
  const Latch release;
  const OpenAtEnd at_end(release);
  reactor.submit_from_anywhere(quick([=] {
    inside.open();
    EXPECT_TRUE(release.wait());
  }));
  ASSERT_TRUE(inside.wait());
  take_lead();
  // The next job says that it is quick, and is not believed: it hangs, and nobody has to look.
  const Latch next_inside;
  reactor.submit_from_anywhere(quick([&reactor, next_inside, release] {
    EXPECT_FALSE(reactor.in_job());
    next_inside.open();
    EXPECT_TRUE(release.wait());
  }));
  ASSERT_TRUE(next_inside.wait());
  ASSERT_TRUE(leader_turns());
  // Sooner or later one is quick on this machine too; those after it run on the leader.
  bool led = false;
  const Deadline patience = Deadline::after(kPatience);
  while (!led && !patience.passed()) {
    Count done;
    reactor.submit_from_anywhere(quick([&] {
      led = reactor.in_job();
      done.add();
    }));
    ASSERT_TRUE(done.reaches(1));
  }
  EXPECT_TRUE(led);
}

TEST_F(ReactorTest, WhatFindsNoThreadIsTakenByWhoComesBack) {
  Reactor& reactor = start(1);
  const Latch inside;
  const Latch release;
  const OpenAtEnd at_end(release);
  std::thread::id first;
  reactor.submit_from_anywhere(slow([&first, inside, release] {
    first = std::this_thread::get_id();
    inside.open();
    EXPECT_TRUE(release.wait());
  }));
  ASSERT_TRUE(inside.wait());
  Count ran;
  std::vector<std::thread::id> threads;
  for (const bool is_slow : {true, false, true}) {
    reactor.submit_from_anywhere(std::make_shared<TestJob>(
        [&] {
          threads.push_back(std::this_thread::get_id());
          ran.add();
        },
        is_slow));
  }
  ASSERT_TRUE(leader_turns());
  ASSERT_TRUE(leader_turns());
  EXPECT_EQ(ran.get(), 0) << "one at a time";
  EXPECT_EQ(reactor.threads(), 2U);
  release.open();
  ASSERT_TRUE(ran.reaches(3));
  EXPECT_EQ(threads, (std::vector<std::thread::id>(3, first)));
}

TEST_F(ReactorTest, WithAllThreadsInsideTheLeadIsKept) {
  Reactor& reactor = start(1);
  const Latch inside;
  const Latch release;
  const OpenAtEnd at_end(release);
  reactor.submit_from_anywhere(slow([=] {
    inside.open();
    EXPECT_TRUE(release.wait());
  }));
  ASSERT_TRUE(inside.wait());
  ASSERT_TRUE(leader_turns());
  EXPECT_FALSE(reactor.look());
  EXPECT_FALSE(reactor.look());
  EXPECT_EQ(reactor.threads(), 2U);
}

TEST_F(ReactorTest, WhatATurnProducesIsFlushedAtItsEnd) {
  Reactor& reactor = start();
  const std::thread::id leader = thread_of_leader();
  const auto read = std::make_shared<TestFlushable>();
  const auto answered = std::make_shared<TestFlushable>();
  reactor.post([&] {
    Reactor::flush_soon(read);
    EXPECT_EQ(read->times.get(), 0);
    for (int i = 0; i < 3; ++i) {
      reactor.submit(quick([&] {
        Reactor::flush_soon(answered);
        EXPECT_EQ(answered->times.get(), 0) << "with the others of this turn";
        EXPECT_EQ(read->times.get(), 0);
      }));
    }
  });
  ASSERT_TRUE(read->times.reaches(1));
  ASSERT_TRUE(answered->times.reaches(3));
  EXPECT_EQ(read->thread(), leader);
  EXPECT_EQ(answered->thread(), leader);
}

TEST_F(ReactorTest, WhatIsReadyDoesNotWaitForASlowJob) {
  Reactor& reactor = start();
  const auto ready = std::make_shared<TestFlushable>();
  Count checked;
  reactor.post([&] {
    Reactor::flush_soon(ready);
    reactor.submit(slow([&] {
      EXPECT_EQ(ready->times.get(), 1);
      checked.add();
    }));
  });
  ASSERT_TRUE(checked.reaches(1));
}

TEST_F(ReactorTest, WhoDoesNotLeadFlushesAtOnce) {
  Reactor& reactor = start();
  const auto here = std::make_shared<TestFlushable>();
  Reactor::flush_soon(here);
  EXPECT_EQ(here->thread(), std::this_thread::get_id());
  Count checked;
  reactor.submit_from_anywhere(slow([&] {
    const auto there = std::make_shared<TestFlushable>();
    Reactor::flush_soon(there);
    EXPECT_EQ(there->times.get(), 1);
    checked.add();
  }));
  ASSERT_TRUE(checked.reaches(1));
}

TEST_F(ReactorTest, WhoLostTheLeadFlushesByItself) {
  Reactor& reactor = start();
  const Latch inside;
  const Latch release;
  const OpenAtEnd at_end(release);
  const auto object = std::make_shared<TestFlushable>();
  std::thread::id worker;
  reactor.submit_from_anywhere(quick([&worker, object, inside, release] {
    worker = std::this_thread::get_id();
    Reactor::flush_soon(object);
    inside.open();
    EXPECT_TRUE(release.wait());
    Reactor::flush_soon(object);
  }));
  ASSERT_TRUE(inside.wait());
  take_lead();
  ASSERT_TRUE(leader_turns());
  EXPECT_EQ(object->times.get(), 0) << "it belongs to the job, not to who leads now";
  release.open();
  ASSERT_TRUE(object->times.reaches(2));
  EXPECT_EQ(object->thread(), worker);
}

TEST_F(ReactorTest, AThreadInsideAnEngineIsNotWaitedForForEver) {
  Reactor& reactor = start();
  const Latch inside;
  const Latch release;
  const OpenAtEnd at_end(release);
  reactor.submit_from_anywhere(slow([=] {
    inside.open();
    EXPECT_TRUE(release.wait());
  }));
  ASSERT_TRUE(inside.wait());
  EXPECT_FALSE(reactor.stop(Deadline::after(kSoon)));
  EXPECT_NE(reactor.threads(), 0U);
  release.open();
  EXPECT_TRUE(reactor.stop(Deadline::after(kPatience)));
  EXPECT_EQ(reactor.threads(), 0U);
}

// The same for one that still led when the end came.
TEST_F(ReactorTest, ALeaderInsideAnEngineIsNotWaitedForForEver) {
  Reactor& reactor = start();
  const Latch inside;
  const Latch release;
  const OpenAtEnd at_end(release);
  reactor.submit_from_anywhere(quick([=] {
    inside.open();
    EXPECT_TRUE(release.wait());
  }));
  ASSERT_TRUE(inside.wait());
  EXPECT_FALSE(reactor.stop(Deadline::after(kSoon)));
  release.open();
  EXPECT_TRUE(reactor.stop(Deadline::after(kPatience)));
}

TEST_F(ReactorTest, ItsThreadsKeepIt) {
  Reactor& reactor = start();
  const std::weak_ptr<Reactor> alive = reactor_;
  const Latch inside;
  const Latch release;
  const OpenAtEnd at_end(release);
  reactor.submit_from_anywhere(slow([=] {
    inside.open();
    EXPECT_TRUE(release.wait());
  }));
  ASSERT_TRUE(inside.wait());
  EXPECT_FALSE(reactor_->stop(Deadline::after(kSoon)));
  reactor_.reset();
  EXPECT_FALSE(alive.expired());
  release.open();
  const Deadline patience = Deadline::after(kPatience);
  while (!alive.expired() && !patience.passed()) std::this_thread::yield();
  EXPECT_TRUE(alive.expired());
}

TEST_F(ReactorTest, AtTheEndActionsRunAndJobsAreDropped) {
  Reactor& reactor = start(1);
  const Latch inside;
  const Latch release;
  const OpenAtEnd at_end(release);
  reactor.submit_from_anywhere(slow([=] {
    inside.open();
    EXPECT_TRUE(release.wait());
  }));
  ASSERT_TRUE(inside.wait());
  std::atomic<int> jobs{0};
  const auto in_backlog = std::make_shared<int>();
  reactor.submit_from_anywhere(slow([&, in_backlog] { ++jobs; }));
  ASSERT_TRUE(leader_turns());
  ASSERT_TRUE(leader_turns());
  EXPECT_FALSE(reactor.stop(Deadline::after(kSoon)));
  // The loop is over, a thread is not: what comes now is still heard.
  const auto in_queue = std::make_shared<int>();
  Count actions;
  reactor.post([&] { actions.add(); });
  reactor.submit_from_anywhere(quick([&, in_queue] { ++jobs; }));
  release.open();
  ASSERT_TRUE(reactor.stop(Deadline::after(kPatience)));
  EXPECT_EQ(actions.get(), 1);
  EXPECT_EQ(jobs.load(), 0);
  EXPECT_EQ(in_backlog.use_count(), 1);
  EXPECT_EQ(in_queue.use_count(), 1);
  // And nothing afterwards.
  const auto too_late = std::make_shared<int>();
  reactor.post([&actions, too_late] { actions.add(); });
  EXPECT_EQ(too_late.use_count(), 1);
  EXPECT_EQ(actions.get(), 1);
}

TEST_F(ReactorTest, TheSentinelNoticesAHangingJob) {
  Reactor& reactor = start_watched();
  const Latch release;
  const OpenAtEnd at_end(release);
  Count inside;
  for (int i = 1; i <= 3; ++i) {
    reactor.submit_from_anywhere(quick([&inside, release] {
      inside.add();
      EXPECT_TRUE(release.wait());
    }));
    ASSERT_TRUE(inside.reaches(i));
    ASSERT_TRUE(leader_turns());
  }
}

// Between the hangs it is given the time to fall asleep, and has to be woken by the job itself.
TEST_F(ReactorTest, TheSentinelWakesForAJob) {
  Reactor& reactor = start_watched();
  const Latch release;
  const OpenAtEnd at_end(release);
  const Latch nothing;
  EXPECT_FALSE(nothing.wait(5 * kSoon));
  const Latch inside;
  reactor.submit_from_anywhere(quick([=] {
    inside.open();
    EXPECT_TRUE(release.wait());
  }));
  ASSERT_TRUE(inside.wait());
  EXPECT_TRUE(leader_turns());
}

TEST_F(ReactorTest, AnIdleReactorIsInNoJob) {
  Reactor& reactor = start();
  ASSERT_TRUE(leader_turns());
  EXPECT_FALSE(reactor.in_job());
  EXPECT_FALSE(reactor.look());
  EXPECT_FALSE(reactor.look());
  EXPECT_EQ(reactor.threads(), 1U);
}

// Quick, slow and hanging jobs from several threads: each runs once, whoever leads meanwhile.
TEST_F(ReactorTest, EveryJobRunsOnce) {
  Reactor& reactor = start_watched(3);
  constexpr int kThreads = 3;
  constexpr int kJobs = 300;
  Count done;
  std::vector<std::atomic<int>> runs(kThreads * kJobs);
  std::vector<std::thread> threads;
  for (int t = 0; t < kThreads; ++t) {
    threads.emplace_back([&, t] {
      for (int i = 0; i < kJobs; ++i) {
        const auto work = [&, number = static_cast<std::size_t>(t * kJobs + i)] {
          if (number % 50 == 7) {  // long enough that the sentinel may take the lead
            const Deadline end = Deadline::after(std::chrono::milliseconds(4));
            while (!end.passed()) {
            }
          }
          ++runs[number];
          done.add();
        };
        reactor.submit_from_anywhere(std::make_shared<TestJob>(work, i % 5 == 0));
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  ASSERT_TRUE(done.reaches(kThreads * kJobs));
  for (const auto& each : runs) ASSERT_EQ(each.load(), 1);
}

}  // namespace
}  // namespace aiges::server
