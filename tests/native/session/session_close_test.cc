#include <gtest/gtest.h>

#include "support/session_test.h"

namespace aiges::test {
namespace {

class SessionCloseTest : public SessionTestBase {
 protected:
  void hold_write(Status result = {}) {
    script_->on_write = [this, result](std::span<const DataItem>) {
      (void)go_.wait();
      return result;
    };
  }
  std::future<Status> blocked_write(const std::shared_ptr<Session>& session) {
    auto writing = in_thread([session] { return session->write(an_item()); });
    EXPECT_TRUE(script_->writes.reaches(1));
    return writing;
  }
  void TearDown() override {
    go_.open();
    SessionTestBase::TearDown();
  }
  Latch go_;
};

TEST_F(SessionCloseTest, TwiceDestroysOnce) {
  start();
  const auto session = open();
  EXPECT_TRUE(session->close().ok());
  EXPECT_TRUE(session->close().ok());
  EXPECT_TRUE(session->done());
  EXPECT_EQ(script_->destroys.get(), 1);
}

TEST_F(SessionCloseTest, NothingWorksAfterwards) {
  start();
  const auto session = open();
  EXPECT_TRUE(session->close().ok());
  for (const Status& status :
       {session->write(an_item()), session->read({}).status(), session->try_read().status()}) {
    EXPECT_EQ(kind_of(status), "session");
    EXPECT_EQ(status.code(), Code::kInactive);
    EXPECT_EQ(status.session_id(), session->id());
  }
  EXPECT_EQ(script_->writes.get() + script_->reads.get(), 0);
}

TEST_F(SessionCloseTest, WaitsForTheCallInside) {
  hold_write();
  start();
  const auto session = open();
  auto writing = blocked_write(session);
  auto closing = in_thread([&] { return session->close(); });
  EXPECT_FALSE(ready(closing, kSoon));
  EXPECT_EQ(script_->destroys.get(), 0);
  go_.open();
  EXPECT_TRUE(closing.get().ok());
  EXPECT_TRUE(writing.get().ok());
  EXPECT_EQ(script_->destroys.get(), 1);
}

TEST_F(SessionCloseTest, CallThatOutlastsTheLimitDestroysWhenItReturns) {
  hold_write();
  start();
  const auto session = open();
  auto writing = blocked_write(session);
  const Status status = session->close(within(kSoon));
  EXPECT_EQ(kind_of(status), "deadline");
  EXPECT_EQ(status.session_id(), session->id());
  EXPECT_EQ(script_->destroys.get(), 0);
  EXPECT_EQ(kind_of(session->write(an_item())), "session") << "it is closed already";
  go_.open();
  (void)writing.get();
  EXPECT_TRUE(script_->destroys.reaches(1));
  EXPECT_TRUE(session->close(patient()).ok());
  EXPECT_EQ(script_->destroys.get(), 1);
}

TEST_F(SessionCloseTest, SecondCloseReturnsWhenTheFirstHasDestroyed) {
  const Latch destroying;
  script_->on_destroy = [&] {
    destroying.open();
    (void)go_.wait();
    return Status();
  };
  start();
  const auto session = open();
  auto first = in_thread([&] { return session->close(); });
  ASSERT_TRUE(destroying.wait());
  auto second = in_thread([&] { return session->close(); });
  EXPECT_FALSE(ready(second, kSoon));
  go_.open();
  EXPECT_TRUE(first.get().ok());
  EXPECT_TRUE(second.get().ok());
  EXPECT_EQ(script_->destroys.get(), 1);
}

TEST_F(SessionCloseTest, DestroyErrorIsTold) {
  script_->on_destroy = [] { return engine_says_no(25); };
  start();
  const auto session = open();
  const Status status = session->close();
  EXPECT_EQ(status.engine_code(), 25);
  EXPECT_EQ(status.session_id(), session->id());
  EXPECT_TRUE(session->close().ok());
  EXPECT_EQ(host_->live_sessions(), 0U);
}

TEST_F(SessionCloseTest, AfterAFailedCallDestroysToo) {
  hold_write(engine_says_no(41));
  start();
  const auto session = open();
  auto writing = blocked_write(session);
  auto closing = in_thread([&] { return session->close(); });
  EXPECT_FALSE(ready(closing, kSoon));
  go_.open();
  EXPECT_EQ(writing.get().engine_code(), 41);
  EXPECT_TRUE(closing.get().ok());
  EXPECT_EQ(script_->destroys.get(), 1);
}

TEST_F(SessionCloseTest, WaitersLearnThatItClosed) {
  start();
  const auto session = open_async();
  auto reading = in_thread([&] { return session->read({}); });
  EXPECT_FALSE(ready(reading, kSoon));
  EXPECT_TRUE(session->close().ok());
  ASSERT_TRUE(ready(reading));
  EXPECT_EQ(kind_of(reading.get()), "session");
}

TEST_F(SessionCloseTest, WriterWhoWaitsForAnotherLearnsThatItClosed) {
  hold_write();
  start();
  const auto session = open();
  auto first = blocked_write(session);
  auto second = in_thread([&] { return session->write(an_item()); });
  EXPECT_FALSE(ready(second, kSoon));
  auto closing = in_thread([&] { return session->close(); });
  ASSERT_TRUE(ready(second));
  EXPECT_EQ(kind_of(second.get()), "session");
  go_.open();
  EXPECT_TRUE(closing.get().ok());
  EXPECT_EQ(script_->writes.get(), 1);
}

TEST_F(SessionCloseTest, EngineIsToldToCancelWhatRuns) {
  script_->on_cancel = [this](const std::string&) { go_.open(); };
  hold_write();
  start();
  const auto session = open();
  auto writing = blocked_write(session);
  EXPECT_TRUE(session->close().ok());
  EXPECT_EQ(script_->cancels.get(), 1);
  (void)writing.get();
}

TEST_F(SessionCloseTest, EngineIsNotCancelledAfterItsEnd) {
  script_->on_cancel = [](const std::string&) {};
  hold_write();
  start();
  const auto session = open();
  auto writing = blocked_write(session);
  // Runs on the closing thread, after the session was marked and before it is cancelled: meanwhile
  // the write returns and destroys the session, and the engine is closed.
  session->notify_once([&] {
    go_.open();
    (void)script_->destroys.reaches(1, kSoon);
    auto closing = in_thread([this] { return host_->close(within(kSoon)); });
    (void)closing.get();
  });
  EXPECT_TRUE(session->close().ok());
  (void)writing.get();
  EXPECT_EQ(script_->faults(), "");
}

TEST_F(SessionCloseTest, HostClosesOpenSessions) {
  start();
  const auto first = open();
  const auto second = open_async();
  EXPECT_EQ(host_->live_sessions(), 2U);
  EXPECT_TRUE(host_->close({}).ok());
  EXPECT_EQ(script_->destroys.get(), 2);
  EXPECT_EQ(script_->finis.get(), 1);
  EXPECT_EQ(kind_of(first->write(an_item())), "session");
  EXPECT_TRUE(second->close().ok());
  EXPECT_EQ(kind_of(Session::open(host_, Request{}, Mode::kStream)), "engine");
}

TEST_F(SessionCloseTest, HostClosesSessionsThatNobodyHoldsAnyMore) {
  start();
  (void)open();
  EXPECT_EQ(host_->live_sessions(), 1U);
  EXPECT_TRUE(host_->close(patient()).ok());
  EXPECT_EQ(script_->destroys.get(), 1);
}

TEST_F(SessionCloseTest, HostCloseKeepsItsLimitWithACallInside) {
  hold_write();
  start();
  const auto session = open();
  auto writing = blocked_write(session);
  EXPECT_EQ(kind_of(host_->close(within(kSoon))), "deadline");
  EXPECT_EQ(script_->finis.get(), 0);
  go_.open();
  (void)writing.get();
  EXPECT_TRUE(script_->finis.reaches(1));
  EXPECT_EQ(script_->destroys.get(), 1);
}

TEST_F(SessionCloseTest, SessionThatOpensDuringTheHostsCloseIsClosedToo) {
  const Latch creating;
  script_->on_create = [&](const Request&, bool) {
    creating.open();
    (void)go_.wait();
    return Status();
  };
  start();
  auto opening = in_thread([this] { return Session::open(host_, Request{}, Mode::kStream); });
  ASSERT_TRUE(creating.wait());
  auto closing = in_thread([this] { return host_->close(within(std::chrono::seconds(2))); });
  EXPECT_FALSE(ready(closing, kSoon));
  go_.open();
  auto opened = opening.get();
  EXPECT_EQ(kind_of(closing.get()), "ok") << "nobody closes the new session";
  EXPECT_EQ(script_->destroys.get(), 1);
  if (opened.ok()) {
    EXPECT_TRUE(opened.value()->close().ok());
  }
}

TEST_F(SessionCloseTest, RacingWritesReadsAndClosesDestroyOnce) {
  start();
  script_->on_read = []() -> Result<OutputPtr> { return text_output("k", "x", kStatusContinue); };
  for (int round = 1; round <= 150; ++round) {
    const auto session = open();
    std::vector<std::thread> threads;
    for (int t = 0; t < 2; ++t) {
      threads.emplace_back([&] {
        while (session->write(an_item()).ok() && session->try_read().ok()) {
        }
      });
    }
    for (int t = 0; t < 2; ++t) threads.emplace_back([&] { EXPECT_TRUE(session->close().ok()); });
    for (std::thread& thread : threads) thread.join();
    ASSERT_EQ(script_->destroys.get(), round);
  }
  EXPECT_EQ(host_->gate().calls(), 0U);
}

}  // namespace
}  // namespace aiges::test
