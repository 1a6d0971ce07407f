#include "session/session_table.h"

#include "session/stream_session_test.h"

namespace aiges::test {
namespace {

std::string code_of(const SessionTable::Found& found) {
  return found.ok() ? "found" : std::to_string(static_cast<int>(found.status().code()));
}

// Keeps what find_or_wait() brought.
class Looked {
 public:
  SessionTable::FoundCallback callback() const {
    return [state = state_](SessionTable::Found found) {
      state->code = code_of(found);
      state->times.add();
    };
  }
  bool comes() const { return state_->times.reaches(1); }
  int times() const { return state_->times.get(); }
  const std::string& code() const { return state_->code; }

 private:
  struct State {
    std::string code;  // once it came
    Count times;
  };
  std::shared_ptr<State> state_ = std::make_shared<State>();
};

class SessionTableTest : public StreamSessionTest {
 protected:
  SessionTable& table() {
    if (!table_) table_ = SessionTable::make(watchdog_, table_options_);
    return *table_;
  }
  SessionTable::Reservation reserve(const std::string& handle) {
    auto reservation = table().reserve(handle);
    EXPECT_TRUE(reservation.ok());
    return reservation.ok() ? std::move(reservation.value()) : SessionTable::Reservation();
  }
  SessionTable::Options table_options_;
  std::shared_ptr<SessionTable> table_;
};

TEST_F(SessionTableTest, FindsWhatIsInItAndTellsTheRestApart) {
  EXPECT_EQ(code_of(table().find("h")), "10008");
  auto reservation = reserve("h");
  EXPECT_EQ(code_of(table().find("h")), "10008");
  const auto session = open();
  reservation.fill(session);
  EXPECT_EQ(table().find("h").value(), session);
  EXPECT_EQ(table().size(), 1U);
  EXPECT_EQ(table().sessions().size(), 1U);
  EXPECT_FALSE(table().erase("h", nullptr));
  EXPECT_TRUE(table().erase("h", session.get()));
  EXPECT_FALSE(table().erase("h", session.get()));
  EXPECT_EQ(code_of(table().find("h")), "10101");
  EXPECT_EQ(table().size(), 0U);
  session->close(CloseReason::kCancelled);
}

TEST_F(SessionTableTest, AHandleInUseHasItsOwnError) {
  const auto first = reserve("h");
  const auto second = table().reserve("h");
  ASSERT_FALSE(second.ok());
  EXPECT_EQ(second.status().code(), Code::kOverload);
  EXPECT_EQ(second.status().message(), "handle:h is already stored");
}

TEST_F(SessionTableTest, AReservationIsGivenUpOrRemembered) {
  {
    const auto reservation = reserve("a");
  }
  EXPECT_EQ(code_of(table().find("a")), "10008");
  reserve("b").finish();
  EXPECT_EQ(code_of(table().find("b")), "10101");
  auto again = reserve("b");
  again = reserve("c");
  EXPECT_EQ(table().size(), 1U) << "the one before was given up";
  again.give_up();
  again.give_up();
  EXPECT_EQ(table().size(), 0U);
}

TEST_F(SessionTableTest, TheLastThousandReleasedHandlesAreRemembered) {
  for (int i = 0; i < 40'000; ++i) reserve("handle " + std::to_string(i)).finish();
  for (int i = 39'000; i < 40'000; ++i)
    ASSERT_EQ(code_of(table().find("handle " + std::to_string(i))), "10101") << i;
  EXPECT_EQ(code_of(table().find("handle 0")), "10008") << "and not all of them for ever";
}

TEST_F(SessionTableTest, AHandleReleasedTwiceIsRememberedByItsSecondTime) {
  reserve("twice").finish();
  for (int i = 0; i < 8'000; ++i) reserve("x" + std::to_string(i)).finish();
  reserve("twice").finish();
  for (int i = 0; i < 900; ++i) reserve("y" + std::to_string(i)).finish();
  EXPECT_EQ(code_of(table().find("twice")), "10101");
}

TEST_F(SessionTableTest, AFrameAheadOfTheFirstIsHeldForAMoment) {
  table_options_.early_hold = kPatience;
  Looked looked;
  table().find_or_wait("h", Deadline::never(), looked.callback());
  EXPECT_EQ(looked.times(), 0);
  auto reservation = reserve("h");
  EXPECT_EQ(looked.times(), 0);
  const auto session = open();
  reservation.fill(session);
  EXPECT_EQ(looked.code(), "found");
  Looked live;
  table().find_or_wait("h", Deadline::never(), live.callback());
  EXPECT_EQ(live.code(), "found");
  table().erase("h", session.get());
  Looked late;
  table().find_or_wait("h", Deadline::never(), late.callback());
  EXPECT_EQ(late.code(), "10101") << "what has ended does not come back";
  session->close(CloseReason::kCancelled);
}

TEST_F(SessionTableTest, AndThenRefused) {
  table_options_.early_hold = kSoon;
  Looked unknown;
  table().find_or_wait("h", Deadline::never(), unknown.callback());
  ASSERT_TRUE(unknown.comes());
  EXPECT_EQ(unknown.code(), "10008");
  Looked out_of_time;
  table().find_or_wait("h", Deadline::at(Clock::now()), out_of_time.callback());
  EXPECT_EQ(out_of_time.code(), "10008");
}

TEST_F(SessionTableTest, WhileItsSessionIsBeingOpenedItWaitsUntilItsOwnDeadline) {
  table_options_.early_hold = kSoon;
  Looked early;
  Looked limited;
  table().find_or_wait("h", Deadline::after(kPatience), early.callback());
  auto reservation = reserve("h");
  table().find_or_wait("h", Deadline::after(3 * kSoon), limited.callback());
  ASSERT_TRUE(limited.comes());
  EXPECT_EQ(limited.code(), "10008");
  EXPECT_EQ(early.times(), 0) << "longer than the hold";
  reservation.finish();
  EXPECT_EQ(early.code(), "10101");
}

TEST_F(SessionTableTest, OnlySoManyAreHeld) {
  table_options_.early_hold = kPatience;
  table_options_.max_held = 2;
  Looked looked[3];
  for (const Looked& one : looked) table().find_or_wait("h", Deadline::never(), one.callback());
  EXPECT_EQ(looked[1].times(), 0);
  EXPECT_EQ(looked[2].code(), "10008");
  reserve("h").give_up();
  EXPECT_EQ(looked[0].code(), "10008");
  EXPECT_EQ(looked[1].code(), "10008");
  Looked again;
  table().find_or_wait("h", Deadline::never(), again.callback());
  EXPECT_EQ(again.times(), 0) << "there is room again";
}

TEST_F(SessionTableTest, WithoutAHoldNothingWaits) {
  table_options_.early_hold = Clock::duration::zero();
  Looked looked;
  table().find_or_wait("h", Deadline::never(), looked.callback());
  EXPECT_EQ(looked.code(), "10008");
}

TEST_F(SessionTableTest, ItsEmptinessCanBeWaitedFor) {
  EXPECT_TRUE(table().wait_empty(Deadline::never()));
  auto reservation = reserve("h");
  EXPECT_FALSE(table().wait_empty(Deadline::after(kSoon)));
  auto waiting = in_thread([&] { return table().wait_empty(Deadline::after(kPatience)); });
  EXPECT_FALSE(ready(waiting, kSoon));
  reservation.finish();
  EXPECT_TRUE(waiting.get());
}

}  // namespace
}  // namespace aiges::test
