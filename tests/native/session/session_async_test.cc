#include <gtest/gtest.h>

#include "support/session_test.h"

namespace aiges::test {
namespace {

// Sessions whose engine calls back.
class SessionAsyncTest : public SessionTestBase {};

TEST_F(SessionAsyncTest, ResultsComeInOrderAndTheFinalOneEndsIt) {
  start();
  const auto session = open_async();
  EXPECT_EQ(text_of(session->try_read()), "(none)");
  EXPECT_EQ(call_back("1", kStatusBegin), 0);
  EXPECT_EQ(call_back("2"), 0);
  EXPECT_EQ(call_back("3", kStatusEnd), 0);
  EXPECT_EQ(call_back("4"), -1);
  EXPECT_FALSE(session->done());
  for (const char* expected : {"1", "2", "3"})
    EXPECT_EQ(text_of(session->read(patient())), expected);
  EXPECT_TRUE(session->done());
  EXPECT_EQ(text_of(session->read({})), "(none)");
  EXPECT_EQ(script_->reads.get(), 0) << "nothing is fetched";
  EXPECT_EQ(stat(&Stats::callbacks), 3U);
  EXPECT_EQ(stat(&Stats::callbacks_double), 1U);
  EXPECT_EQ(stat(&Stats::bytes_out), 3U);
  EXPECT_TRUE(session->close().ok());
  EXPECT_EQ(call_back("5"), -1);
  EXPECT_EQ(stat(&Stats::callbacks_double), 2U);
  EXPECT_EQ(stat(&Stats::callbacks_late), 0U);
}

TEST_F(SessionAsyncTest, ReadWaitsForTheCallback) {
  start();
  const auto session = open_async();
  auto reading = in_thread([&] { return text_of(session->read({})); });
  EXPECT_FALSE(ready(reading, kSoon));
  EXPECT_EQ(call_back("late"), 0);
  ASSERT_TRUE(ready(reading));
  EXPECT_EQ(reading.get(), "late");
  EXPECT_EQ(text_of(session->read(within(kSoon))), "(none)");
  EXPECT_TRUE(session->close().ok());
}

TEST_F(SessionAsyncTest, OneFinalResultReleasesEveryReader) {
  start();
  const auto session = open_async();
  std::vector<std::future<std::string>> reading;
  for (int i = 0; i < 3; ++i)
    reading.push_back(in_thread([&] { return text_of(session->read({})); }));
  EXPECT_FALSE(ready(reading[0], kSoon));
  EXPECT_EQ(call_back("final", kStatusOnce), 0);
  int got = 0;
  for (auto& one : reading) {
    ASSERT_TRUE(ready(one));
    if (one.get() == "final") ++got;
  }
  EXPECT_EQ(got, 1);
  EXPECT_TRUE(session->close().ok());
}

TEST_F(SessionAsyncTest, CallbackDuringCreateIsKept) {
  script_->on_create = [this](const Request& request, bool) {
    tag_ = request.tag_text;
    EXPECT_EQ(call_back("early"), 0);
    return Status();
  };
  start();
  const auto session = open({}, Mode::kStreamAsync);
  EXPECT_EQ(text_of(session->try_read()), "early");
  EXPECT_TRUE(session->close().ok());
}

TEST_F(SessionAsyncTest, CallbackWithinWriteDoesNotBlock) {
  script_->on_write = [this](std::span<const DataItem>) {
    EXPECT_EQ(call_back("answer"), 0);
    return Status();
  };
  start();
  const auto session = open_async();
  EXPECT_TRUE(session->write(an_item()).ok());
  EXPECT_EQ(text_of(session->try_read()), "answer");
  EXPECT_TRUE(session->close().ok());
}

TEST_F(SessionAsyncTest, ErrorComesAfterWhatWasBeforeItAndStays) {
  start();
  const auto session = open_async();
  EXPECT_EQ(call_back("before"), 0);
  EXPECT_EQ(script_->call_back(tag_, engine_says_no(33)), 0);
  EXPECT_EQ(call_back("after"), -1);
  EXPECT_EQ(text_of(session->read({})), "before");
  EXPECT_EQ(session->read({}).status().engine_code(), 33);
  EXPECT_EQ(session->read({}).status().engine_code(), 33);
  EXPECT_EQ(session->write(an_item()).engine_code(), 33);
  EXPECT_EQ(session->write(an_item()).session_id(), session->id());
  EXPECT_TRUE(session->done());
  EXPECT_TRUE(session->close().ok());
}

TEST_F(SessionAsyncTest, CallbackAfterCloseIsLate) {
  start();
  const auto session = open_async();
  EXPECT_EQ(call_back("unread"), 0);
  EXPECT_TRUE(session->close().ok());
  EXPECT_EQ(call_back("late"), -1);
  EXPECT_EQ(stat(&Stats::callbacks_late), 1U);
  EXPECT_EQ(stat(&Stats::callbacks_double), 0U);
}

// Between the close and the end of wrapperDestroy the session has been given up, too.
TEST_F(SessionAsyncTest, CallbackDuringDestroyOrCancelIsLate) {
  script_->on_cancel = [this](const std::string& tag) {
    EXPECT_EQ(tag, tag_);
    EXPECT_EQ(call_back("cancelled"), -1);
  };
  script_->on_destroy = [this] {
    EXPECT_EQ(call_back("destroyed"), -1);
    return Status();
  };
  start();
  const auto session = open_async();
  EXPECT_TRUE(session->close().ok());
  EXPECT_EQ(stat(&Stats::callbacks_late), 2U);
  EXPECT_EQ(stat(&Stats::callbacks_double), 0U);
}

TEST_F(SessionAsyncTest, SessionWithAFinalResultIsNotCancelled) {
  script_->on_cancel = [](const std::string&) {};
  start();
  const auto session = open_async();
  EXPECT_EQ(call_back("final", kStatusEnd), 0);
  EXPECT_TRUE(session->close().ok());
  EXPECT_EQ(script_->cancels.get(), 0);
}

TEST_F(SessionAsyncTest, NobodyReadsTooManyResults) {
  constexpr int kMost = 10'000;
  start();
  const auto session = open_async();
  for (int i = 0; i < kMost; ++i) ASSERT_EQ(call_back("x"), 0);
  EXPECT_EQ(call_back("one too many"), -1);
  EXPECT_EQ(call_back("and another"), -1);
  for (int i = 0; i < kMost; ++i) ASSERT_EQ(text_of(session->try_read()), "x");
  EXPECT_EQ(kind_of(session->try_read()), "overload");
  EXPECT_TRUE(session->done());
  EXPECT_TRUE(session->close().ok());
}

TEST_F(SessionAsyncTest, UnreadResultsAreReleasedByClose) {
  start();
  const auto session = open_async();
  OutputPtr result = text_output("k", "text", kStatusContinue);
  EXPECT_EQ(script_->call_back(tag_, script_->held("held")), 0);
  EXPECT_EQ(host_->gate().outputs(), 1U);
  EXPECT_TRUE(session->close().ok());
  EXPECT_TRUE(script_->given_back->reaches(1));
}

TEST_F(SessionAsyncTest, NotifiesOnceAtTheNextChange) {
  start();
  const auto session = open_async();
  int told = 0;
  session->notify_once([&] { ++told; });
  EXPECT_EQ(told, 0);
  EXPECT_EQ(call_back("1"), 0);
  EXPECT_EQ(told, 1);
  EXPECT_EQ(call_back("2"), 0);
  EXPECT_EQ(told, 1);
  session->notify_once([&] { ++told; });
  EXPECT_EQ(told, 2) << "there is something to read already";
  (void)session->try_read();
  (void)session->try_read();
  session->notify_once([&] { ++told; });
  EXPECT_EQ(told, 2);
  session->notify_once([&] { told += 10; });  // takes the place of the one before
  EXPECT_EQ(call_back("3"), 0);
  EXPECT_EQ(told, 12);
  EXPECT_TRUE(session->close().ok());
}

TEST_F(SessionAsyncTest, NotifiesOfErrorsAndOfTheClose) {
  script_->on_write = [](std::span<const DataItem>) { return engine_says_no(41); };
  start();
  int told = 0;
  const auto first = open_async();
  first->notify_once([&] { ++told; });
  EXPECT_FALSE(first->write(an_item()).ok());
  EXPECT_EQ(told, 1);
  EXPECT_TRUE(first->close().ok());
  const auto second = open_async();
  second->notify_once([&] { ++told; });
  EXPECT_TRUE(second->close().ok());
  EXPECT_EQ(told, 2);
  second->notify_once([&] { ++told; });
  EXPECT_EQ(told, 3) << "it is closed: there will be nothing to wait for";
}

TEST_F(SessionAsyncTest, NotifyMayReadAndCloseTheSession) {
  start();
  const auto session = open_async();
  std::string text;
  session->notify_once([&] {
    text = text_of(session->try_read());
    EXPECT_TRUE(session->close().ok());
  });
  EXPECT_EQ(call_back("1"), 0);
  EXPECT_EQ(text, "1");
  EXPECT_EQ(script_->destroys.get(), 1);
}

}  // namespace
}  // namespace aiges::test
