#include "session/session_manager.h"

#include "session/stream_session_test.h"

namespace aiges::test {
namespace {

class SessionManagerTest : public StreamSessionTest {
 protected:
  void SetUp() override {
    StreamSessionTest::SetUp();
    manager_options_.licences.max = 2;
    start();
  }
  void TearDown() override {
    StreamSessionTest::TearDown();
    EXPECT_EQ(script_->destroys.get(), script_->creates.get());
  }
  SessionManager& manager() {
    if (!manager_)
      manager_.emplace(watchdog_, pool_, AdvertisedAddress::parse("10.0.0.1", 5090).value(),
                       manager_options_);
    return *manager_;
  }
  std::shared_ptr<StreamSession> begin(std::string_view handle = "") {
    auto reservation = manager().reserve(handle);
    EXPECT_TRUE(reservation.ok());
    Licence licence = manager().try_take();
    EXPECT_TRUE(licence);
    if (!reservation.ok() || !licence) return nullptr;
    auto session =
        manager().open(host_, std::move(reservation.value()), std::move(licence), {}, options_);
    EXPECT_TRUE(session.ok());
    return session.ok() ? session.value() : nullptr;
  }
  int code_of(std::string_view handle) {
    const auto found = manager().find(handle);
    return found.ok() ? 0 : static_cast<int>(found.status().code());
  }
  SessionManager::Options manager_options_;
  std::optional<SessionManager> manager_;
};

TEST_F(SessionManagerTest, ASessionIsFoundByItsHandleUntilItsEndWasTaken) {
  const auto session = begin();
  const std::string handle = session->handle();
  EXPECT_EQ(handle.substr(0, 13), "00a00000113e2");
  EXPECT_EQ(manager().find(handle).value(), session);
  answer("a", kStatusOnce);
  session->push(last_frame(0));
  EXPECT_EQ(code_of(handle), 0) << "its result has not been fetched";
  EXPECT_EQ(manager().stats().in_use, 0U);
  EXPECT_EQ(describe(session->take()), "k1=a (3) final");
  EXPECT_EQ(code_of(handle), 10101);
  EXPECT_EQ(code_of("another"), 10008);
  const auto stats = manager().stats();
  EXPECT_EQ(stats.live, 0U);
  EXPECT_EQ(stats.opened, 1U);
  EXPECT_EQ(stats.completed, 1U);
}

TEST_F(SessionManagerTest, AClientMayNameTheHandleWhichIsItsOwnWhileItLives) {
  const auto session = begin("mine");
  EXPECT_EQ(session->handle(), "mine");
  const auto second = manager().reserve("mine");
  ASSERT_FALSE(second.ok());
  EXPECT_EQ(second.status().message(), "handle:mine is already stored");
  EXPECT_TRUE(manager().abort("mine").ok());
  EXPECT_EQ(code_of("mine"), 10101);
  EXPECT_EQ(manager().abort("mine").code(), Code::kInactive);
  EXPECT_EQ(manager().abort("other").code(), Code::kUnknownHandle);
  const auto again = begin("mine");
  EXPECT_EQ(code_of("mine"), 0);
  again->close(CloseReason::kCancelled);
}

TEST_F(SessionManagerTest, OverloadIsRefusedOrWaitedFor) {
  manager_options_.licences = {1, 1};
  Licence taken = manager().try_take();
  Latch granted;
  Licence mine;
  EXPECT_NE(manager().acquire(Deadline::never(),
                              [&](Result<Licence> result) {
                                mine = std::move(result.value());
                                granted.open();
                              }),
            0U);
  Status refused;
  EXPECT_EQ(manager().acquire(Deadline::never(),
                              [&](Result<Licence> result) { refused = result.status(); }),
            0U);
  EXPECT_EQ(refused.code(), Code::kOverload);
  EXPECT_EQ(manager().stats().waiting, 1U);
  taken.release();
  EXPECT_TRUE(granted.is_open());
  EXPECT_EQ(manager().stats().refused, 1U);
  manager().resize(2);
  EXPECT_TRUE(manager().try_take());
}

TEST_F(SessionManagerTest, WaitingHasTheManagersLimit) {
  manager_options_.licences = {0, 1};
  manager_options_.max_wait = kSoon;
  const Latch refused;
  manager().acquire(Deadline::never(), [refused](Result<Licence> result) {
    EXPECT_EQ(result.status().code(), Code::kOverload);
    refused.open();
  });
  EXPECT_TRUE(refused.wait());
}

TEST_F(SessionManagerTest, AnEvictedSessionIsRemembered) {
  options_.ttl = kSoon;
  const auto session = begin();
  Taker taker;
  taker.listen_to(session);
  ASSERT_TRUE(taker.ends());
  ASSERT_TRUE(script_->destroys.reaches(1));
  EXPECT_EQ(code_of(session->handle()), 10101);
  EXPECT_EQ(manager().stats().evicted, 1U);
}

TEST_F(SessionManagerTest, AFrameAheadOfTheFirstFindsItsSession) {
  manager_options_.table.early_hold = kPatience;
  const Latch found;
  manager().find_or_wait("mine", Deadline::never(), [found](SessionTable::Found result) {
    ASSERT_TRUE(result.ok());
    result.value()->push(frame(1));
    found.open();
  });
  EXPECT_FALSE(found.is_open());
  const auto session = begin("mine");
  EXPECT_TRUE(found.is_open());
  session->close(CloseReason::kCancelled);
}

TEST_F(SessionManagerTest, ASessionThatCannotBeOpenedGivesEverythingBack) {
  script_->on_create = [](const Request&, bool) { return engine_says_no(4); };
  auto reservation = manager().reserve("h");
  const auto session =
      manager().open(host_, std::move(reservation.value()), manager().try_take(), {}, options_);
  ASSERT_FALSE(session.ok());
  EXPECT_EQ(manager().stats().in_use, 0U);
  EXPECT_EQ(manager().stats().live, 0U);
  EXPECT_EQ(code_of("h"), 10101);
  script_->creates.add(-1);
}

TEST_F(SessionManagerTest, OneThatEndedBeforeItWasInTheTableDoesNotStayThere) {
  options_.deadline = Deadline::at(Clock::now());
  const auto session = begin("h");
  ASSERT_TRUE(script_->destroys.reaches(1));
  Taker taker;
  taker.listen_to(session);
  ASSERT_TRUE(taker.ends());
  EXPECT_EQ(code_of("h"), 10101);
}

TEST_F(SessionManagerTest, DrainLetsWhatRunsEndAndRefusesWhatIsNew) {
  const auto session = begin();
  auto draining = in_thread([&] { return manager().drain(Deadline::after(kPatience)); });
  EXPECT_FALSE(ready(draining, kSoon));
  EXPECT_TRUE(manager().draining());
  EXPECT_EQ(manager().reserve("").status().code(), Code::kOverload);
  EXPECT_FALSE(manager().try_take());
  EXPECT_EQ(code_of(session->handle()), 0);
  answer("a", kStatusOnce);
  session->push(last_frame(0));
  EXPECT_FALSE(ready(draining, kSoon)) << "its result has not been fetched";
  EXPECT_EQ(describe(session->take()), "k1=a (3) final");
  ASSERT_TRUE(ready(draining));
  EXPECT_TRUE(draining.get().ok());
}

TEST_F(SessionManagerTest, DrainCutsOffWhatDoesNotEnd) {
  const auto session = begin();
  Taker taker;
  taker.listen_to(session);
  const Status status = manager().drain(Deadline::after(kSoon));
  EXPECT_EQ(status.code(), Code::kDeadline);
  EXPECT_EQ(status.message(), "1 sessions or calls had not ended and were cut off");
  EXPECT_EQ(script_->destroys.get(), 1);
  ASSERT_TRUE(taker.ends());
  EXPECT_EQ(taker.got(), Strings{"error 10101"});
}

TEST_F(SessionManagerTest, DrainDoesNotWaitForeverForAnEngineThatHangs) {
  const Licence once = manager().try_take();
  const Status status = manager().drain(Deadline::after(kPatience), kSoon);
  EXPECT_EQ(status.message(), "1 calls are still inside the engine");
}

TEST_F(SessionManagerTest, ItsEndClosesWhatIsOpenAndSessionsMayOutliveIt) {
  const auto session = begin();
  manager_.reset();
  Taker taker;
  taker.listen_to(session);
  ASSERT_TRUE(taker.ends());
  EXPECT_EQ(taker.got(), Strings{"error 10101"});
  ASSERT_TRUE(script_->destroys.reaches(1));
}

TEST_F(SessionManagerTest, TenThousandSessionsAreOrdinary) {
  constexpr std::size_t kMany = 10'000;
  manager_options_.licences.max = kMany;
  std::vector<std::shared_ptr<StreamSession>> sessions;
  for (std::size_t i = 0; i < kMany; ++i) {
    sessions.push_back(begin());
    ASSERT_NE(sessions.back(), nullptr);
  }
  EXPECT_EQ(manager().stats().live, kMany);
  EXPECT_EQ(manager().stats().in_use, kMany);
  EXPECT_FALSE(manager().try_take());
  for (const auto& session : sessions) {
    const auto found = manager().find(session->handle());
    ASSERT_TRUE(found.ok());
    answer("a", kStatusOnce);
    found.value()->push(last_frame(0));
    ASSERT_EQ(describe(session->take()), "k1=a (3) final");
  }
  EXPECT_EQ(manager().stats().live, 0U);
  EXPECT_EQ(manager().stats().in_use, 0U);
}

}  // namespace
}  // namespace aiges::test
