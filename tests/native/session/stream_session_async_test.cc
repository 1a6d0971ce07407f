#include "session/stream_session_test.h"

namespace aiges::test {
namespace {

// Sessions whose engine calls back.
class StreamSessionAsyncTest : public StreamSessionTest {
 protected:
  void SetUp() override {
    StreamSessionTest::SetUp();
    options_.mode = Mode::kStreamAsync;
    script_->on_create = [this](const Request& request, bool with_callback) {
      EXPECT_TRUE(with_callback);
      tag_ = request.tag_text;
      return Status();
    };
  }
  void TearDown() override {
    StreamSessionTest::TearDown();
    EXPECT_EQ(script_->reads.get(), 0) << "nothing is fetched";
    EXPECT_EQ(script_->destroys.get(), script_->creates.get());
  }
  int call_back(const std::string& text, int status = kStatusContinue) {
    return script_->call_back(tag_, text_output("k", text, status));
  }
  std::string tag_;
};

TEST_F(StreamSessionAsyncTest, ResultsArePushedAsTheyComeAndTheFinalOneEndsIt) {
  const auto session = open();
  Taker taker;
  taker.listen_to(session);
  EXPECT_EQ(call_back("a", kStatusBegin), 0);
  EXPECT_EQ(taker.got(), Strings{"k1=a (0)"}) << "on the engine's own thread";
  session->push(last_frame(0));
  EXPECT_EQ(call_back("b"), 0);
  EXPECT_EQ(call_back("c", kStatusEnd), 0);
  EXPECT_EQ(call_back("d"), -1);
  ASSERT_TRUE(taker.ends());
  EXPECT_EQ(taker.got(), (Strings{"k1=a (0)", "k2=b (1)", "k3=c (2) final"}));
  EXPECT_EQ(licences_->in_use(), 0U);
}

TEST_F(StreamSessionAsyncTest, TheEngineIsNotDestroyedInsideItsCallback) {
  const auto session = open();
  std::thread::id destroyed_on;
  script_->on_destroy = [&] {
    destroyed_on = std::this_thread::get_id();
    return Status();
  };
  Taker taker;
  taker.listen_to(session);
  EXPECT_EQ(call_back("a", kStatusOnce), 0);
  ASSERT_TRUE(taker.ends());
  EXPECT_NE(destroyed_on, std::this_thread::get_id());
}

TEST_F(StreamSessionAsyncTest, ACallbackWithinWriteNeedsNoOtherThread) {
  script_->on_write = [this](std::span<const DataItem>) {
    EXPECT_EQ(call_back("a"), 0);
    EXPECT_EQ(call_back("b", kStatusEnd), 0);
    return Status();
  };
  const auto session = open();
  Taker taker;
  taker.listen_to(session);
  session->push(last_frame(0));
  EXPECT_EQ(taker.got(), (Strings{"k1=a (1)", "k2=b (2) final"}));
  EXPECT_TRUE(session->ended());
}

TEST_F(StreamSessionAsyncTest, ACallbackDuringCreateIsKept) {
  script_->on_create = [this](const Request& request, bool) {
    tag_ = request.tag_text;
    EXPECT_EQ(call_back("early"), 0);
    return Status();
  };
  const auto session = open();
  EXPECT_EQ(describe(session->take()), "k1=early (1)");
  session->close(CloseReason::kCancelled);
}

TEST_F(StreamSessionAsyncTest, ResultsComeThroughWhileAWriteIsInside) {
  const Latch inside;
  const Latch go;
  const OpenAtEnd open_at_end(go);
  script_->on_write = [&](std::span<const DataItem>) {
    inside.open();
    EXPECT_TRUE(go.wait());
    return Status();
  };
  const auto session = open();
  Taker taker;
  taker.listen_to(session);
  auto feeder = in_thread([&] { session->push(frame(0, kStatusBegin)); });
  ASSERT_TRUE(inside.wait());
  EXPECT_EQ(call_back("a"), 0);
  EXPECT_EQ(taker.got(), Strings{"k1=a (1)"});
  EXPECT_EQ(call_back("b", kStatusEnd), 0);
  EXPECT_FALSE(taker.ended()) << "the licence cannot be back yet";
  go.open();
  ASSERT_TRUE(ready(feeder));
  EXPECT_EQ(taker.got().back(), "k2=b (2) final");
  EXPECT_TRUE(session->ended());
}

TEST_F(StreamSessionAsyncTest, AnErrorOfTheCallbackEndsIt) {
  const auto session = open();
  Taker taker;
  taker.listen_to(session);
  EXPECT_EQ(script_->call_back(tag_, engine_says_no(5)), 0);
  ASSERT_TRUE(taker.ends());
  EXPECT_EQ(taker.got(), Strings{"error 10909"});
}

TEST_F(StreamSessionAsyncTest, ResultsBeyondTheLimitFailIt) {
  options_.max_queued = 2;
  const auto session = open();
  for (int i = 0; i < 3; ++i) EXPECT_EQ(call_back("x"), 0);
  (void)call_back("y", kStatusEnd);  // too late, whether the engine hears of it or not
  Taker taker;
  taker.listen_to(session);
  ASSERT_TRUE(taker.ends());
  EXPECT_EQ(taker.got(), Strings{"error 10110"});
}

TEST_F(StreamSessionAsyncTest, ResultsOfAFastEngineKeepTheirOrder) {
  constexpr int kMany = 2000;
  options_.max_queued = kMany;
  const auto session = open();
  Taker taker;
  taker.listen_to(session);
  auto engine = in_thread([&] {
    for (int i = 1; i < kMany; ++i) EXPECT_EQ(call_back(std::to_string(i)), 0);
    EXPECT_EQ(call_back(std::to_string(kMany), kStatusEnd), 0);
  });
  for (int i = 0; i < 100; ++i) session->push(frame(i));
  ASSERT_TRUE(ready(engine));
  ASSERT_TRUE(taker.ends());
  const Strings got = taker.got();
  ASSERT_EQ(got.size(), std::size_t{kMany});
  for (int i = 1; i < kMany; ++i) {
    const std::string n = std::to_string(i);
    ASSERT_EQ(got[static_cast<std::size_t>(i) - 1], "k" + n + "=" + n + " (1)");
  }
}

TEST_F(StreamSessionAsyncTest, ACallbackThatNeverComesIsAnError) {
  options_.final_wait = kSoon;
  const auto session = open();
  Taker taker;
  taker.listen_to(session);
  session->push(last_frame(0));
  ASSERT_TRUE(taker.ends());
  EXPECT_EQ(taker.got(), Strings{"error 10102"});
}

TEST_F(StreamSessionAsyncTest, ResultsMayEndKeyByKey) {
  options_.end_per_key = true;
  options_.outputs = {"k", "m"};
  const auto session = open();
  EXPECT_EQ(call_back("a", kStatusEnd), 0);
  EXPECT_EQ(describe(session->take()), "k1=a (2)");
  EXPECT_EQ(script_->call_back(tag_, text_output("m", "b", kStatusOnce)), 0);
  Taker taker;
  taker.listen_to(session);
  ASSERT_TRUE(taker.ends());
  EXPECT_EQ(taker.got(), Strings{"m1=b (3) final"});
}

TEST_F(StreamSessionAsyncTest, TheEndOfTheEngineEndsIt) {
  const auto session = open();
  Taker taker;
  taker.listen_to(session);
  EXPECT_TRUE(host_->close(patient()).ok());
  ASSERT_TRUE(taker.ends());
  EXPECT_EQ(taker.got(), Strings{"error 10101"});
}

}  // namespace
}  // namespace aiges::test
