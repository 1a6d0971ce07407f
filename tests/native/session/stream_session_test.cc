#include "session/stream_session_test.h"

namespace aiges::test {
namespace {

// Sessions whose engine is read.

TEST_F(StreamSessionTest, InRealTimeTheEngineIsReadOnceAfterEveryWriteAndToTheEndAfterTheLast) {
  const auto session = open();
  answer("a", kStatusBegin);
  session->push(frame(0, kStatusBegin));
  EXPECT_EQ(script_->reads.get(), 1);
  EXPECT_EQ(describe(session->take()), "k1=a (0)");
  EXPECT_EQ(describe(session->take()), "nothing");
  session->push(frame(1));
  EXPECT_EQ(script_->reads.get(), 2);
  EXPECT_EQ(describe(session->take()), "nothing");
  answer("b", kStatusContinue);
  answer("c", kStatusEnd);
  session->push(last_frame(2));
  EXPECT_EQ(script_->reads.get(), 4);
  EXPECT_EQ(describe(session->take()), "k2=b (1)");
  EXPECT_EQ(describe(session->take()), "k3=c (2) final");
  EXPECT_EQ(describe(session->take()), "nothing");
  EXPECT_EQ(written(), "0 1 2 ");
  EXPECT_EQ(number(counters_.completed), 1U);
  EXPECT_EQ(number(counters_.failed), 0U);
}

TEST_F(StreamSessionTest, OtherwiseItIsReadOnlyOnceTheInputHasEnded) {
  options_.real_time_results = false;
  const auto session = open();
  answer("a", kStatusBegin);
  answer("b", kStatusOnce);
  session->push(frame(0, kStatusBegin));
  session->push(frame(1));
  EXPECT_EQ(script_->reads.get(), 0);
  session->push(last_frame(2));
  EXPECT_EQ(describe(session->take()), "k1=a (0)");
  EXPECT_EQ(describe(session->take()), "k2=b (3) final");
}

TEST_F(StreamSessionTest, TheLicenceIsBackBeforeTheFinalResultCanBeTaken) {
  const auto session = open();
  EXPECT_EQ(licences_->in_use(), 1U);
  std::string at_final;
  session->set_listener([&] {
    while (auto result = session->take())
      at_final = describe(*result) + " in use " + std::to_string(licences_->in_use()) +
                 " destroyed " + std::to_string(script_->destroys.get());
  });
  answer("a", kStatusOnce);
  session->push(last_frame(0));
  EXPECT_EQ(at_final, "k1=a (3) final in use 0 destroyed 1");
  EXPECT_EQ(released_.get(), 1);
  session->set_listener(nullptr);
}

TEST_F(StreamSessionTest, OneLicenceServesSessionAfterSession) {
  for (int i = 0; i < 200; ++i) {
    const auto session = open();
    ASSERT_NE(session, nullptr) << i;
    Taker taker;
    taker.listen_to(session);
    session->push(frame(0, kStatusBegin));
    session->push(last_frame(1));
    answer("late", kStatusEnd);
    ASSERT_TRUE(taker.ends());
    ASSERT_EQ(taker.got(), Strings{"k1=late (2) final"});
  }
  EXPECT_EQ(licences_->refused(), 0U);
  EXPECT_EQ(script_->destroys.get(), 200);
}

TEST_F(StreamSessionTest, AFinalResultBeforeTheLastInputEndsTheSession) {
  const auto session = open();
  answer("early", kStatusEnd);
  session->push(frame(0, kStatusBegin));
  EXPECT_TRUE(session->ended());
  session->push(frame(1));
  EXPECT_EQ(written(), "0 ");
  EXPECT_EQ(number(counters_.old), 1U);
  EXPECT_EQ(describe(session->take()), "k1=early (2) final");
  EXPECT_EQ(script_->destroys.get(), 1);
}

TEST_F(StreamSessionTest, AnEngineThatHasNothingYetIsAskedAgainWithoutABlockedPush) {
  const auto session = open();
  Taker taker;
  taker.listen_to(session);
  session->push(last_frame(0));
  ASSERT_TRUE(script_->reads.reaches(10)) << "by another thread";
  EXPECT_FALSE(taker.ended());
  answer("a", kStatusContinue);
  ASSERT_TRUE(taker.reaches(1));
  answer("b", kStatusEnd);
  ASSERT_TRUE(taker.ends());
  EXPECT_EQ(taker.got(), (Strings{"k1=a (1)", "k2=b (2) final"}));
}

TEST_F(StreamSessionTest, WhoPushesWhileAnotherFeedsOnlyLeavesTheFrame) {
  const Latch go;
  const OpenAtEnd open_at_end(go);
  const Latch inside;
  script_->on_write = [&, write = script_->on_write](std::span<const DataItem> items) {
    inside.open();
    EXPECT_TRUE(go.wait());
    return write(items);
  };
  const auto session = open();
  auto feeder = in_thread([&] { session->push(frame(0, kStatusBegin)); });
  ASSERT_TRUE(inside.wait());
  session->push(frame(2));
  session->push(frame(1));
  EXPECT_EQ(script_->writes.get(), 1);
  go.open();
  ASSERT_TRUE(ready(feeder));
  EXPECT_EQ(written(), "0 1 2 ");
  session->close(CloseReason::kCancelled);
}

TEST_F(StreamSessionTest, AMissingFrameIsWaitedForThenSkippedAndCounted) {
  options_.order.gap_wait = kSoon;
  const auto session = open();
  Taker taker;
  taker.listen_to(session);
  session->push(frame(0, kStatusBegin));
  session->push(frame(0, kStatusBegin));
  session->push(last_frame(3));
  session->push(last_frame(3));
  answer("done", kStatusEnd);
  ASSERT_TRUE(taker.ends());
  EXPECT_EQ(written(), "0 3 ");
  EXPECT_EQ(number(counters_.skipped), 2U);
  EXPECT_EQ(number(counters_.duplicates), 1U);
  EXPECT_EQ(number(counters_.old), 1U);
  EXPECT_EQ(session->input_counts().skipped, 2U);
}

TEST_F(StreamSessionTest, AMissingFrameMayFailTheSession) {
  options_.order.gap_wait = kSoon;
  options_.order.gap_policy = GapPolicy::kFail;
  const auto session = open();
  Taker taker;
  taker.listen_to(session);
  session->push(frame(0, kStatusBegin));
  session->push(last_frame(2));
  ASSERT_TRUE(taker.ends());
  EXPECT_EQ(taker.got(), Strings{"error 10009"});
  EXPECT_EQ(licences_->in_use(), 0U);
}

TEST_F(StreamSessionTest, TooManyEarlyFramesFailTheSession) {
  options_.order.max_frames = 1;
  const auto session = open();
  session->push(frame(0, kStatusBegin));
  session->push(frame(2));
  session->push(frame(3));
  EXPECT_EQ(describe(session->take()), "error 10110");
  EXPECT_EQ(script_->destroys.get(), 1);
}

TEST_F(StreamSessionTest, AFrameWithoutPayloadHasItsPlaceAndIsNotWritten) {
  const auto session = open();
  Frame empty;
  empty.sync_id = 0;
  session->push(std::move(empty));
  session->push(frame(1));
  EXPECT_EQ(written(), "1 ");
  EXPECT_EQ(script_->writes.get(), 1);
  session->close(CloseReason::kCancelled);
}

TEST_F(StreamSessionTest, TheInputEndsWithItsLastStream) {
  options_.real_time_results = false;
  options_.inputs = {"audio", "text"};
  const auto session = open();
  answer("a", kStatusOnce);
  session->push(frame(0, kStatusEnd, "audio"));
  EXPECT_EQ(script_->reads.get(), 0) << "text was declared and has not ended";
  session->push(frame(1, kStatusEnd, "text"));
  EXPECT_EQ(describe(session->take()), "k1=a (3) final");
}

TEST_F(StreamSessionTest, ItsResultsMayEndKeyByKey) {
  options_.end_per_key = true;
  options_.outputs = {"words", "marks"};
  const auto session = open();
  answer("a", kStatusEnd, "words");
  answer("b", kStatusContinue, "marks");
  answer("c", kStatusEnd, "marks");
  session->push(last_frame(0));
  EXPECT_EQ(describe(session->take()), "words1=a (2)");
  EXPECT_EQ(describe(session->take()), "marks1=b (1)");
  EXPECT_EQ(describe(session->take()), "marks2=c (2) final");
}

TEST_F(StreamSessionTest, EveryItemIsNumberedWithinItsKey) {
  const auto session = open();
  const std::vector<OwnedOutput::Source> sources{{item_of("a", "x", kStatusContinue), {}},
                                                 {item_of("b", "y", kStatusContinue), {}},
                                                 {item_of("a", "z", kStatusOnce), {}}};
  answer("w", kStatusBegin, "a");
  answer_with(OwnedOutput::copy_of(sources));
  session->push(last_frame(0));
  EXPECT_EQ(describe(session->take()), "a1=w (0)");
  EXPECT_EQ(describe(session->take()), "a2=x b1=y a3=z (3) final");
}

TEST_F(StreamSessionTest, ResultsThatNobodyTakesFailThisSessionAlone) {
  options_.max_queued = 2;
  licences_->resize(2);
  const auto other = open();
  const auto session = open();
  for (int i = 0; i < 3; ++i) {
    answer("x", kStatusContinue);
    session->push(frame(i));
  }
  EXPECT_EQ(describe(session->take()), "error 10110");
  EXPECT_EQ(describe(session->take()), "nothing");
  answer("fine", kStatusOnce);
  other->push(last_frame(0));
  EXPECT_EQ(describe(other->take()), "k1=fine (3) final");
}

TEST_F(StreamSessionTest, TheFirstErrorIsTheNextThingTakenAndGivesTheLicenceBack) {
  const auto session = open();
  answer("a", kStatusBegin);
  session->push(frame(0, kStatusBegin));
  script_->on_write = [](std::span<const DataItem>) { return engine_says_no(7); };
  session->push(frame(1));
  EXPECT_EQ(licences_->in_use(), 0U);
  EXPECT_EQ(released_.get(), 0) << "its client has not heard of it";
  const auto result = session->take();
  EXPECT_EQ(describe(result), "error 10909");
  EXPECT_EQ(result->status().engine_code(), 7);
  EXPECT_EQ(result->status().session_id(), session->id());
  EXPECT_EQ(released_.get(), 1);
  EXPECT_EQ(describe(session->take()), "nothing");
  EXPECT_EQ(script_->destroys.get(), 1);
  EXPECT_EQ(number(counters_.failed), 1U);
}

TEST_F(StreamSessionTest, AnErrorOfAReadEndsItToo) {
  const auto session = open();
  answer_with(engine_says_no(8));
  session->push(frame(0, kStatusBegin));
  EXPECT_EQ(describe(session->take()), "error 10909");
  EXPECT_EQ(script_->destroys.get(), 1);
}

TEST_F(StreamSessionTest, OneThatCannotBeCreatedGivesItsLicenceBack) {
  script_->on_create = [](const Request&, bool) { return engine_says_no(9); };
  start();
  const auto session = try_open();
  ASSERT_FALSE(session.ok());
  EXPECT_EQ(session.status().engine_code(), 9);
  EXPECT_EQ(licences_->in_use(), 0U);
  EXPECT_EQ(released_.get(), 0);
  EXPECT_EQ(number(counters_.opened), 0U);
}

TEST_F(StreamSessionTest, WhoWaitsGetsOneResultEach) {
  const auto session = open();
  Waited first;
  Waited second;
  Waited third;
  EXPECT_NE(session->wait_result(Deadline::never(), first.callback()), 0U);
  EXPECT_NE(session->wait_result(Deadline::never(), second.callback()), 0U);
  answer("a", kStatusBegin);
  session->push(frame(0, kStatusBegin));
  EXPECT_EQ(first.text(), "k1=a (0)");
  EXPECT_EQ(second.times(), 0);
  EXPECT_NE(session->wait_result(Deadline::never(), third.callback()), 0U);
  answer("b", kStatusEnd);
  session->push(frame(1));
  EXPECT_EQ(second.text(), "k2=b (2) final");
  EXPECT_EQ(third.text(), "nothing") << "nothing follows, so nobody is kept";
  Waited late;
  EXPECT_EQ(session->wait_result(Deadline::never(), late.callback()), 0U);
  EXPECT_EQ(late.text(), "nothing");
  EXPECT_EQ(released_.get(), 1);
}

TEST_F(StreamSessionTest, WaitingEndsAtItsDeadlineOrWhenItIsGivenUp) {
  const auto session = open();
  Waited waited;
  session->wait_result(Deadline::after(kSoon), waited.callback());
  ASSERT_TRUE(waited.comes());
  EXPECT_EQ(waited.text(), "nothing");
  Waited poll;
  EXPECT_EQ(session->wait_result(Deadline::at(Clock::now()), poll.callback()), 0U);
  EXPECT_EQ(poll.text(), "nothing");
  Waited given_up;
  const auto id = session->wait_result(Deadline::never(), given_up.callback());
  EXPECT_TRUE(session->cancel_wait(id));
  EXPECT_FALSE(session->cancel_wait(id));
  answer("a", kStatusOnce);
  session->push(last_frame(0));
  EXPECT_EQ(given_up.times(), 0);
  EXPECT_EQ(describe(session->take()), "k1=a (3) final");
}

TEST_F(StreamSessionTest, AListenerThatComesLateIsToldAtOnce) {
  const auto session = open();
  answer("a", kStatusOnce);
  session->push(last_frame(0));
  Taker taker;
  taker.listen_to(session);
  EXPECT_EQ(taker.got(), Strings{"k1=a (3) final"});
}

}  // namespace
}  // namespace aiges::test
