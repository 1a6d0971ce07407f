#include "session/poller.h"

#include <atomic>

#include "session/stream_session_test.h"

namespace aiges::test {
namespace {

// Counts how often it is asked, and asks to be asked again.
class FakeClient final : public Poller::Client, public std::enable_shared_from_this<FakeClient> {
 public:
  FakeClient(Poller& poller, Clock::duration ask_time) : poller_(poller), ask_time_(ask_time) {}
  void add() { poller_.add(weak_from_this(), attempt_++, ask_time_); }
  void poll() override {
    if (on_poll) on_poll();
    const bool again = attempt_ < wanted;
    asked.add();
    if (again) add();
  }

  std::function<void()> on_poll;
  int wanted = 1;
  Count asked;

 private:
  Poller& poller_;
  const Clock::duration ask_time_;
  std::atomic<int> attempt_{0};
};

// Keeps what it is given until it is told to run it.
class HeldExecutor final : public Executor {
 public:
  bool submit(std::function<void()> work) override {
    const std::lock_guard lock(mutex_);
    jobs_.push_back(std::move(work));
    count.add();
    return true;
  }
  void run_all() {
    std::deque<std::function<void()>> jobs;
    {
      const std::lock_guard lock(mutex_);
      jobs.swap(jobs_);
    }
    for (const auto& job : jobs) job();
  }
  Count count;

 private:
  std::mutex mutex_;
  std::deque<std::function<void()>> jobs_;
};

class PollerTest : public testing::Test {
 protected:
  void TearDown() override {
    go_.open();
    pool_.stop();
  }
  std::shared_ptr<FakeClient> client(Clock::duration ask_time = {}) {
    return std::make_shared<FakeClient>(*poller_, ask_time);
  }
  // A client whose asking lasts until the test ends.
  std::shared_ptr<FakeClient> hanging(Clock::duration ask_time = {}) {
    auto made = client(ask_time);
    made->on_poll = [inside = inside_, go = go_] {
      inside.open();
      EXPECT_TRUE(go.wait());
    };
    return made;
  }

  JoinedPool pool_{2};  // one thread for what hangs
  Watchdog watchdog_;
  std::shared_ptr<Poller> poller_ = Poller::make(watchdog_, pool_);
  Latch inside_;
  Latch go_;
};

TEST_F(PollerTest, EveryoneIsAskedAsOftenAsTheyWish) {
  std::vector<std::shared_ptr<FakeClient>> clients;
  for (int i = 0; i < 500; ++i) {
    clients.push_back(client());
    clients.back()->wanted = 10;
    clients.back()->add();
  }
  for (const auto& each : clients) ASSERT_TRUE(each->asked.reaches(10));
  pool_.stop();
  for (const auto& each : clients) EXPECT_EQ(each->asked.get(), 10);
  EXPECT_EQ(poller_->waiting(), 0U);
}

TEST_F(PollerTest, NobodyWaitingMeansNoAlarm) {
  EXPECT_FALSE(poller_->has_alarm());
  const auto one = client();
  one->on_poll = [this] { EXPECT_FALSE(poller_->has_alarm()); };
  one->add();
  ASSERT_TRUE(one->asked.reaches(1));
  EXPECT_FALSE(poller_->has_alarm());
}

TEST_F(PollerTest, OneThatHangsHoldsNobodyUp) {
  const auto stuck = hanging();
  stuck->add();
  ASSERT_TRUE(inside_.wait());
  const auto other = client();
  other->wanted = 5;
  other->add();
  EXPECT_TRUE(other->asked.reaches(5));
  EXPECT_EQ(stuck->asked.get(), 0);
}

TEST_F(PollerTest, ThoseInTheSameRoundAreTakenOverFromOneThatHangs) {
  // The pool is held until all of them are due, so that one round has them all.
  const Latch held;
  const Latch holding;
  ASSERT_TRUE(pool_.submit([holding, held] {
    holding.open();
    EXPECT_TRUE(held.wait());
  }));
  ASSERT_TRUE(holding.wait());
  const auto stuck = hanging();
  std::vector<std::shared_ptr<FakeClient>> others;
  stuck->add();
  for (int i = 0; i < 20; ++i) {
    others.push_back(client());
    others.back()->add();
  }
  ASSERT_TRUE(inside_.wait());
  held.open();
  for (const auto& each : others) EXPECT_TRUE(each->asked.reaches(1));
  EXPECT_EQ(stuck->asked.get(), 0);
}

TEST_F(PollerTest, WhoIsSlowHasAJobOfItsOwnAndTheOthersShareOne) {
  HeldExecutor jobs;
  const std::shared_ptr<Poller> poller = Poller::make(watchdog_, jobs);
  std::vector<std::shared_ptr<FakeClient>> clients;
  for (const Clock::duration time : {Clock::duration(), Clock::duration(std::chrono::seconds(1))}) {
    for (int i = 0; i < 3; ++i) {
      clients.push_back(std::make_shared<FakeClient>(*poller, time));
      clients.back()->add();
    }
  }
  // The slow ones are due last: when their jobs are there, everybody is due.
  ASSERT_TRUE(jobs.count.reaches(4));
  jobs.run_all();
  for (const auto& each : clients) EXPECT_EQ(each->asked.get(), 1);
  EXPECT_EQ(jobs.count.get(), 4);
}

TEST_F(PollerTest, WhoIsGoneIsNotAsked) {
  const auto asked = std::make_shared<std::atomic<int>>(0);
  auto gone = client();
  gone->on_poll = [asked] { ++*asked; };
  const auto later = client();
  later->wanted = 3;
  {
    // The only thread that could ask is held meanwhile.
    const Latch held;
    const Latch one_holds;
    const Latch two_hold;
    for (const Latch& holds : {one_holds, two_hold})
      ASSERT_TRUE(pool_.submit([holds, held] {
        holds.open();
        EXPECT_TRUE(held.wait());
      }));
    ASSERT_TRUE(one_holds.wait() && two_hold.wait());
    gone->add();
    gone.reset();
    later->add();
    held.open();
  }
  ASSERT_TRUE(later->asked.reaches(3));
  EXPECT_EQ(*asked, 0);
  EXPECT_EQ(poller_->waiting(), 0U);
}

TEST_F(PollerTest, ItMayGoWhileOthersWait) {
  std::vector<std::shared_ptr<FakeClient>> clients;
  for (int i = 0; i < 50; ++i) {
    clients.push_back(client());
    clients.back()->add();
  }
  poller_.reset();
  pool_.stop();
  for (const auto& each : clients) EXPECT_LE(each->asked.get(), 1);
}

TEST_F(PollerTest, WithoutAnExecutorItAsksAllTheSame) {
  pool_.stop();
  const auto one = client();
  one->wanted = 3;
  one->add();
  EXPECT_TRUE(one->asked.reaches(3));
}

}  // namespace
}  // namespace aiges::test
