#include "session/session.h"

#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <deque>

#include "support/session_test.h"

namespace aiges::test {
namespace {

// What both kinds of sessions have in common, tried on those whose results are fetched.
class SessionTest : public SessionTestBase {};

TEST_F(SessionTest, OpensWritesReadsCloses) {
  start();
  const auto session = open();
  ASSERT_NE(session, nullptr);
  EXPECT_EQ(session->mode(), Mode::kStream);
  EXPECT_FALSE(session->done());
  EXPECT_EQ(stat(&Stats::sessions_created), 1U);
  EXPECT_EQ(host_->live_sessions(), 1U);
  EXPECT_EQ(host_->gate().calls(), 1U);
  EXPECT_TRUE(session->write(an_item()).ok());
  EXPECT_EQ(stat(&Stats::bytes_in), 5U);
  EXPECT_EQ(text_of(session->read(patient())), "fake");
  EXPECT_EQ(stat(&Stats::bytes_out), 4U);
  EXPECT_TRUE(session->done());
  EXPECT_TRUE(session->close().ok());
  EXPECT_EQ(script_->destroys.get(), 1);
  EXPECT_EQ(script_->debug_infos.get(), 1) << "asked just before the end";
  EXPECT_EQ(host_->live_sessions(), 0U);
  EXPECT_EQ(host_->gate().calls(), 0U);
}

TEST_F(SessionTest, TagIsTheIdUnlessOneIsGiven) {
  std::string tag;
  bool with_callback = true;
  script_->on_create = [&](const Request& request, bool callback) {
    tag = request.tag_text;
    with_callback = callback;
    EXPECT_EQ(TagText::parse(request.tag_text), request.tag);
    return Status();
  };
  start();
  const auto first = open();
  EXPECT_EQ(first->id(), tag);
  EXPECT_FALSE(with_callback);
  Request request;
  request.session_id = "mine";
  const auto second = open(request);
  EXPECT_EQ(second->id(), "mine");
  EXPECT_NE(first->id(), tag);
  EXPECT_TRUE(first->close().ok());
  EXPECT_TRUE(second->close().ok());
}

TEST_F(SessionTest, NeedsItsMode) {
  script_->modes = static_cast<ModeSet>(Mode::kStreamAsync);
  start();
  const auto session = Session::open(host_, Request{}, Mode::kStream);
  ASSERT_FALSE(session.ok());
  EXPECT_EQ(session.status().code(), Code::kLoad);
  EXPECT_EQ(host_->gate().calls(), 0U);
}

TEST_F(SessionTest, FailedCreateIsNotDestroyed) {
  script_->on_create = [](const Request&, bool) { return engine_says_no(23); };
  start();
  const std::uint32_t id = host_->load_resource({}).value();
  Request request;
  request.resources = {&id, 1};
  const auto session = Session::open(host_, request, Mode::kStream);
  ASSERT_FALSE(session.ok());
  EXPECT_EQ(session.status().engine_code(), 23);
  EXPECT_EQ(script_->destroys.get(), 0);
  EXPECT_EQ(stat(&Stats::sessions_created), 0U);
  EXPECT_EQ(host_->gate().calls(), 0U);
  EXPECT_TRUE(host_->unload_resource(id).ok()) << "the resource is free again";
}

TEST_F(SessionTest, ResourcesAreInUseUntilItCloses) {
  start();
  const std::uint32_t id = host_->load_resource({}).value();
  Request request;
  request.resources = {&id, 1};
  const auto session = open(request);
  EXPECT_FALSE(host_->unload_resource(id).ok());
  EXPECT_TRUE(session->close().ok());
  EXPECT_TRUE(host_->unload_resource(id).ok());

  const std::uint32_t unknown = 77;
  request.resources = {&unknown, 1};
  EXPECT_EQ(kind_of(Session::open(host_, request, Mode::kStream)), "invalid data");
  EXPECT_EQ(script_->creates.get(), 1);
}

TEST_F(SessionTest, ReadAsksAgainUntilThereIsSomething) {
  std::atomic<int> asked{0};
  script_->on_read = [&]() -> Result<OutputPtr> {
    if (++asked < 8) return OutputPtr();
    return text_output("k", "at last", kStatusEnd);
  };
  start();
  const auto session = open();
  EXPECT_EQ(text_of(session->read(patient())), "at last");
  EXPECT_EQ(asked, 8);
  EXPECT_TRUE(session->close().ok());
}

TEST_F(SessionTest, ReadsNotMoreOftenThanNeeded) {
  script_->on_read = []() -> Result<OutputPtr> { return OutputPtr(); };
  start();
  const auto session = open();
  const Result<OutputPtr> nothing = session->read(within(std::chrono::milliseconds(100)));
  ASSERT_TRUE(nothing.ok());
  EXPECT_FALSE(nothing.value());
  // 20 us doubled eight times is the longest pause, 5 ms: in 100 ms some 9 + 20 questions.
  EXPECT_LE(script_->reads.get(), 40);
  EXPECT_GE(script_->reads.get(), 2);
  EXPECT_TRUE(session->close().ok());
}

TEST_F(SessionTest, NothingWithinTheLimitIsNoError) {
  script_->on_read = []() -> Result<OutputPtr> { return OutputPtr(); };
  start();
  const auto session = open();
  for (const WaitLimit& limit : {within(kSoon), WaitLimit{Deadline::at(Clock::now()), nullptr}}) {
    const Result<OutputPtr> nothing = session->read(limit);
    ASSERT_TRUE(nothing.ok());
    EXPECT_FALSE(nothing.value());
  }
  EXPECT_FALSE(session->done());
  EXPECT_TRUE(session->close().ok());
}

TEST_F(SessionTest, NothingAfterTheFinalResult) {
  std::deque<OutputPtr> answers{text_output("k", "1", kStatusBegin),
                                text_output("k", "2", kStatusContinue),
                                text_output("k", "3", kStatusEnd)};
  script_->on_read = [&]() -> Result<OutputPtr> {
    OutputPtr next = answers.front();
    answers.pop_front();
    return next;
  };
  start();
  const auto session = open();
  for (const char* expected : {"1", "2", "3"}) {
    EXPECT_FALSE(session->done());
    EXPECT_EQ(text_of(session->read({})), expected);
  }
  EXPECT_TRUE(session->done());
  EXPECT_EQ(text_of(session->read({})), "(none)");
  EXPECT_EQ(text_of(session->try_read()), "(none)");
  EXPECT_EQ(script_->reads.get(), 3);
  EXPECT_TRUE(session->close().ok());
}

TEST_F(SessionTest, FirstReadErrorStays) {
  script_->on_read = []() -> Result<OutputPtr> { return engine_says_no(31); };
  start();
  const auto session = open();
  const Result<OutputPtr> result = session->read({});
  ASSERT_FALSE(result.ok());
  EXPECT_EQ(result.status().engine_code(), 31);
  EXPECT_EQ(result.status().session_id(), session->id());
  EXPECT_TRUE(session->done());
  script_->on_read = nullptr;
  EXPECT_EQ(session->read({}).status().engine_code(), 31);
  EXPECT_EQ(session->write(an_item()).engine_code(), 31);
  EXPECT_EQ(script_->reads.get(), 1);
  EXPECT_EQ(script_->writes.get(), 0);
  EXPECT_TRUE(session->close().ok());
  EXPECT_EQ(script_->destroys.get(), 1);
}

TEST_F(SessionTest, FirstWriteErrorStays) {
  script_->on_write = [](std::span<const DataItem>) { return engine_says_no(41); };
  start();
  const auto session = open();
  EXPECT_EQ(session->write(an_item()).engine_code(), 41);
  EXPECT_EQ(session->write(an_item()).engine_code(), 41);
  EXPECT_EQ(session->read({}).status().engine_code(), 41);
  EXPECT_EQ(script_->writes.get(), 1);
  EXPECT_TRUE(session->close().ok());
}

TEST_F(SessionTest, RequestThatNeverReachedTheEngineHarmsNothing) {
  bool bad = true;
  script_->on_write = [&](std::span<const DataItem>) {
    return bad ? Status(ErrorKind::kInvalidData, Code::kInvalidData, "write", "too long")
               : Status();
  };
  start();
  const auto session = open();
  EXPECT_EQ(kind_of(session->write(an_item())), "invalid data");
  bad = false;
  EXPECT_TRUE(session->write(an_item()).ok());
  EXPECT_EQ(text_of(session->read({})), "fake");
  EXPECT_TRUE(session->close().ok());
}

TEST_F(SessionTest, WriteBehindAWriteThatFailsDoesNotReachTheEngine) {
  const Latch go;
  script_->on_write = [&](std::span<const DataItem>) {
    (void)go.wait();
    return engine_says_no(41);
  };
  start();
  const auto session = open();
  auto first = in_thread([&] { return session->write(an_item()); });
  ASSERT_TRUE(script_->writes.reaches(1));
  auto second = in_thread([&] { return session->write(an_item()); });
  EXPECT_FALSE(ready(second, kSoon));
  go.open();
  EXPECT_EQ(first.get().engine_code(), 41);
  EXPECT_EQ(second.get().engine_code(), 41);
  EXPECT_EQ(script_->writes.get(), 1) << "the first error stays";
  EXPECT_TRUE(session->close().ok());
}

TEST_F(SessionTest, CallsOfSeveralThreadsNeverOverlap) {
  std::atomic<int> reads{0};
  script_->on_read = [&]() -> Result<OutputPtr> {
    return ++reads > 400 ? text_output("k", "end", kStatusEnd)
                         : text_output("k", "more", kStatusContinue);
  };
  start();
  const auto session = open();
  std::vector<std::thread> threads;
  for (int t = 0; t < 4; ++t) {
    threads.emplace_back([&, t] {
      for (int i = 0; i < 200 && !session->done(); ++i) {
        EXPECT_TRUE(t % 2 == 0 ? session->write(an_item()).ok() : session->read({}).ok());
        EXPECT_TRUE(i % 10 != 0 || session->debug_info().ok());
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_TRUE(session->close().ok());  // the script tells of overlaps
}

TEST_F(SessionTest, ReadKeepsItsLimitWhileAWriteIsInside) {
  const Latch go;
  const OpenAtEnd at_end(go);
  script_->on_write = [&](std::span<const DataItem>) {
    (void)go.wait();
    return Status();
  };
  start();
  const auto session = open();
  auto writing = in_thread([&] { return session->write(an_item()).ok(); });
  ASSERT_TRUE(script_->writes.reaches(1));
  auto reading = in_thread([&] { return session->read(within(kSoon)); });
  EXPECT_TRUE(ready(reading, std::chrono::seconds(2))) << "it waits for the write instead";
  go.open();
  EXPECT_TRUE(writing.get());
  (void)reading.get();
  EXPECT_TRUE(session->close().ok());
}

TEST_F(SessionTest, InterruptEndsARead) {
  struct Always final : Interrupt {
    bool pending() override { return true; }
  } always;
  script_->modes = kAllModes;
  start();
  const auto session = open_async();
  const Result<OutputPtr> result = session->read({Deadline::never(), &always});
  EXPECT_EQ(text_of(result), "error: interrupted");
  EXPECT_FALSE(session->done());
  EXPECT_TRUE(session->close().ok());
}

TEST_F(SessionTest, InterruptEndsAReadThatAsksAgainAndAgain) {
  struct Always final : Interrupt {
    bool pending() override { return true; }
  } always;
  script_->on_read = [] { return Result<OutputPtr>(OutputPtr()); };
  start();
  const auto session = open();
  EXPECT_EQ(text_of(session->read({Deadline::never(), &always})), "error: interrupted");
  EXPECT_GT(script_->reads.get(), 1);
  EXPECT_FALSE(session->done());
  EXPECT_TRUE(session->close().ok());
}

TEST_F(SessionTest, DebugInfoBeforeAndAfterTheEnd) {
  start();
  const auto session = open();
  EXPECT_EQ(session->debug_info().value(), "fake session");
  EXPECT_TRUE(session->close().ok());
  EXPECT_EQ(script_->debug_infos.get(), 2);
  EXPECT_EQ(session->debug_info().value(), "fake session");
  EXPECT_EQ(script_->debug_infos.get(), 2);
}

TEST_F(SessionTest, ForkedChildIsRefused) {
  start();
  const auto session = open();
  const pid_t child = ::fork();
  if (child == 0) {
    const bool refused = !session->write(an_item()).ok() && !session->try_read().ok();
    (void)session->close();
    const bool untouched =
        script_->writes.get() == 0 && script_->reads.get() == 0 && script_->destroys.get() == 0;
    ::_exit((refused ? 1 : 0) + (untouched ? 2 : 0));
  }
  int status = 0;
  ASSERT_EQ(::waitpid(child, &status, 0), child);
  EXPECT_EQ(WEXITSTATUS(status), 3);
  EXPECT_TRUE(session->close().ok());
}

}  // namespace
}  // namespace aiges::test
