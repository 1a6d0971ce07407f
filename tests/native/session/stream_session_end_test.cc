#include "session/stream_session_test.h"

namespace aiges::test {
namespace {

// How sessions end when it is not the engine that ends them.
class StreamSessionEndTest : public StreamSessionTest {
 protected:
  // The next write stays inside the engine until the latch opens.
  void block_writes() {
    script_->on_write = [this](std::span<const DataItem>) {
      inside_.open();
      EXPECT_TRUE(go_.wait());
      return Status();
    };
  }
  bool licence_returns() {
    const Latch back;
    licences_->acquire(Deadline::never(), [back](Result<Licence>) { back.open(); });
    return back.wait();
  }
  void TearDown() override {
    go_.open();
    StreamSessionTest::TearDown();
    EXPECT_EQ(script_->destroys.get(), script_->creates.get()) << "exactly once each";
    EXPECT_EQ(licences_->in_use(), 0U);
  }
  Latch inside_;
  Latch go_;
};

TEST_F(StreamSessionEndTest, CloseDestroysAndDropsWhatWasNotTaken) {
  const auto session = open();
  answer("a", kStatusBegin);
  session->push(frame(0, kStatusBegin));
  session->close(CloseReason::kDisconnected);
  EXPECT_EQ(released_.get(), 1) << "its handle is free at once";
  ASSERT_TRUE(licence_returns());
  EXPECT_EQ(script_->destroys.get(), 1);
  session->close(CloseReason::kCancelled);
  session->push(frame(1));
  EXPECT_EQ(script_->writes.get(), 1);
  EXPECT_EQ(released_.get(), 1);
}

TEST_F(StreamSessionEndTest, WhoeverListensIsToldWhyItWasClosed) {
  const auto session = open();
  Taker taker;
  taker.listen_to(session);
  session->close(CloseReason::kShutdown);
  ASSERT_TRUE(taker.ends());
  EXPECT_EQ(taker.got(), Strings{"error 10101"});
}

TEST_F(StreamSessionEndTest, ACallInsideTheEngineIsToldToStopAndTheLicenceFollowsWhenItReturns) {
  const Latch cancelled;
  script_->on_cancel = [&](const std::string&) { cancelled.open(); };
  block_writes();
  const auto session = open();
  Taker taker;
  taker.listen_to(session);
  auto feeder = in_thread([&] { session->push(frame(0, kStatusBegin)); });
  ASSERT_TRUE(inside_.wait());
  session->close(CloseReason::kCancelled);
  EXPECT_TRUE(cancelled.wait());
  ASSERT_TRUE(taker.ends()) << "the client does not wait for the engine";
  EXPECT_EQ(taker.got(), Strings{"error 10101"});
  EXPECT_EQ(licences_->in_use(), 1U);
  EXPECT_EQ(script_->destroys.get(), 0);
  EXPECT_FALSE(session->ended());
  go_.open();
  ASSERT_TRUE(ready(feeder));
  EXPECT_TRUE(session->ended());
  EXPECT_EQ(licences_->in_use(), 0U);
  EXPECT_EQ(script_->destroys.get(), 1);
  EXPECT_EQ(released_.get(), 1);
}

TEST_F(StreamSessionEndTest, ManyThreadsMayCloseAtOnce) {
  for (int round = 0; round < 50; ++round) {
    const auto session = open();
    ASSERT_NE(session, nullptr);
    std::vector<std::thread> threads;
    for (int i = 0; i < 3; ++i)
      threads.emplace_back([&, i] {
        if (i == 0) session->push(frame(0, kStatusBegin));
        session->close(CloseReason::kCancelled);
      });
    for (std::thread& thread : threads) thread.join();
    ASSERT_TRUE(script_->destroys.reaches(round + 1));
    ASSERT_TRUE(licence_returns());
    EXPECT_EQ(released_.get(), round + 1);
  }
}

TEST_F(StreamSessionEndTest, AnIdleSessionIsEvicted) {
  options_.ttl = kSoon;
  const auto session = open();
  Taker taker;
  taker.listen_to(session);
  ASSERT_TRUE(taker.ends());
  EXPECT_EQ(taker.got(), Strings{"error 10101"});
  EXPECT_EQ(released_.get(), 1);
  EXPECT_EQ(number(counters_.evicted), 1U);
  EXPECT_TRUE(licence_returns());
}

TEST_F(StreamSessionEndTest, WhoWaitsForAResultKeepsItFromBeingIdle) {
  options_.ttl = kSoon;
  const auto session = open();
  Waited waited;
  std::uint64_t evicted = 99;
  session->wait_result(Deadline::after(3 * kSoon),
                       [&, callback = waited.callback()](std::optional<Result<Batch>> result) {
                         evicted = number(counters_.evicted);
                         callback(std::move(result));
                       });
  ASSERT_TRUE(waited.comes());
  EXPECT_EQ(waited.text(), "nothing");
  EXPECT_EQ(evicted, 0U);
  ASSERT_TRUE(released_.reaches(1)) << "and then it is";
}

TEST_F(StreamSessionEndTest, AResultThatNobodyFetchesGoesWithTheTtl) {
  options_.ttl = kSoon;
  const auto session = open();
  answer("a", kStatusOnce);
  session->push(last_frame(0));
  ASSERT_TRUE(released_.reaches(1));
  EXPECT_EQ(number(counters_.evicted), 1U);
  EXPECT_EQ(number(counters_.failed), 0U) << "it had its result";
  EXPECT_EQ(describe(session->take()), "k1=a (3) final") << "who still has the session has it";
}

TEST_F(StreamSessionEndTest, WithoutATtlNobodyIsEvicted) {
  options_.ttl = Clock::duration::zero();
  const auto session = open();
  EXPECT_FALSE(released_.reaches(1, kSoon));
  session->close(CloseReason::kCancelled);
}

TEST_F(StreamSessionEndTest, ItsDeadlineEndsIt) {
  options_.deadline = Deadline::after(kSoon);
  const auto session = open();
  Taker taker;
  taker.listen_to(session);
  ASSERT_TRUE(taker.ends());
  EXPECT_EQ(taker.got(), Strings{"error 10102"});
  EXPECT_EQ(number(counters_.evicted), 0U);
}

TEST_F(StreamSessionEndTest, AnEngineThatGivesNoFinalResultIsAnErrorNotSilence) {
  options_.final_wait = kSoon;
  const auto session = open();
  Waited waited;
  session->wait_result(Deadline::never(), waited.callback());
  session->push(last_frame(0));
  ASSERT_TRUE(waited.comes());
  EXPECT_EQ(waited.text(), "error 10102");
  EXPECT_TRUE(licence_returns());
}

TEST_F(StreamSessionEndTest, EveryResultGivesTheEngineItsTimeAnew) {
  options_.final_wait = 10 * kSoon;
  const auto session = open();
  Taker taker;
  taker.listen_to(session);
  session->push(last_frame(0));
  const auto end = Clock::now() + 12 * kSoon;
  int given = 0;
  for (auto last = Clock::now(); last < end; last = Clock::now()) {
    answer("x", kStatusContinue);
    ASSERT_TRUE(taker.reaches(++given));
    if (Clock::now() - last > 5 * kSoon) GTEST_SKIP() << "this machine is too busy to tell";
  }
  answer("y", kStatusEnd);
  ASSERT_TRUE(taker.ends());
  EXPECT_EQ(taker.got().back(), "k" + std::to_string(given + 1) + "=y (2) final");
}

TEST_F(StreamSessionEndTest, TheEndOfTheEngineEndsAnIdleSession) {
  const auto session = open();
  Taker taker;
  taker.listen_to(session);
  EXPECT_TRUE(host_->close(patient()).ok());
  ASSERT_TRUE(taker.ends());
  EXPECT_EQ(taker.got(), Strings{"error 10101"});
}

TEST_F(StreamSessionEndTest, OneThatIsForgottenIsDestroyedAllTheSame) {
  start();
  ASSERT_TRUE(try_open().ok());
  EXPECT_EQ(script_->destroys.get(), 1);
  EXPECT_EQ(licences_->in_use(), 0U);
}

}  // namespace
}  // namespace aiges::test
