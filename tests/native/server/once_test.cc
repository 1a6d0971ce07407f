// Once requests whose engine takes its time: deadlines, clients that leave, licences, the end.

#include "server/server_test.h"

namespace aiges::test {
namespace {

using namespace std::chrono_literals;

const std::string kCheck = "/grpc.health.v1.Health/Check";
// Long enough for a request to reach the engine before it passes.
const Http2Client::Headers kShortTimeout = {{"grpc-timeout", "500m"}};

class OnceTest : public ServerTest {
 protected:
  // Requests that say "hang" stay in the engine until release_; others are answered with their
  // bytes.
  void hang_on_demand() {
    script_->on_exec = [this](const Request& request) -> Result<OutputPtr> {
      const std::string text(static_cast<const char*>(request.data[0].data), request.data[0].size);
      if (text == "hang") {
        {
          const std::lock_guard lock(mutex_);
          tags_.emplace_back(request.tag_text);
        }
        hanging_.add();
        EXPECT_TRUE(release_.wait());
      }
      return text_output("key", text);
    };
  }
  // The engine can be told to stop, and does.
  void cancel_releases() {
    script_->on_cancel = [this](const std::string& tag) {
      {
        const std::lock_guard lock(mutex_);
        cancelled_.push_back(tag);
      }
      release_.open();
    };
  }
  // An engine with nothing but wrapperExecAsync, whose results come when a test says so.
  void be_async() {
    script_->modes = static_cast<ModeSet>(Mode::kOnceAsync);
    script_->on_exec_async = [this](const Request& request, std::chrono::milliseconds) {
      {
        const std::lock_guard lock(mutex_);
        tags_.emplace_back(request.tag_text);
      }
      hanging_.add();
      return Status();
    };
  }
  std::string tag(std::size_t number = 0) {
    const std::lock_guard lock(mutex_);
    return number < tags_.size() ? tags_[number] : "(none)";
  }
  std::vector<std::string> cancelled() {
    const std::lock_guard lock(mutex_);
    return cancelled_;
  }
  std::size_t in_use() const { return sessions().stats().in_use; }
  bool licences_come_back() const {
    return comes_true([&] { return in_use() == 0; });
  }
  void TearDown() override {
    release_.open();
    ServerTest::TearDown();
  }

  const Latch release_;
  Count hanging_;  // requests that are, or were, inside

 private:
  std::mutex mutex_;
  std::vector<std::string> tags_;
  std::vector<std::string> cancelled_;
};

TEST_F(OnceTest, ADeadlineEndsTheCallButNotTheEngines) {
  hang_on_demand();
  serve();
  Http2Client client(address());
  const Reply& reply = client.call(kExec, exec_message("hang"), kShortTimeout);
  EXPECT_EQ(reply.status(), "4");
  ASSERT_TRUE(hanging_.reaches(1));
  EXPECT_EQ(in_use(), 1U) << "the engine is still busy with it";
  EXPECT_TRUE(comes_true([&] { return shared().open_calls.load() == 0; }));
  release_.open();
  EXPECT_TRUE(licences_come_back());
}

TEST_F(OnceTest, ADeadlineTellsTheEngineOnce) {
  hang_on_demand();
  cancel_releases();
  serve();
  Http2Client client(address());
  EXPECT_EQ(client.call(kExec, exec_message("hang"), kShortTimeout).status(), "4");
  EXPECT_TRUE(licences_come_back());
  EXPECT_EQ(cancelled(), std::vector<std::string>{tag()});
}

TEST_F(OnceTest, AResetTellsTheEngineOnce) {
  hang_on_demand();
  cancel_releases();
  serve();
  Http2Client client(address());
  const std::int32_t stream = client.start(kExec, exec_message("hang"));
  ASSERT_TRUE(hanging_.reaches(1));
  client.reset(stream);
  EXPECT_TRUE(release_.wait());  // the engine was told
  EXPECT_TRUE(licences_come_back());
  client.hang_up();  // once more, for a call that is gone already
  EXPECT_TRUE(comes_true([&] { return shared().connections.load() == 0; }));
  EXPECT_EQ(cancelled(), std::vector<std::string>{tag()});
}

TEST_F(OnceTest, ADisconnectTellsTheEngineOfEveryCall) {
  hang_on_demand();
  script_->on_cancel = [](const std::string&) {};  // told, but in no hurry
  serve();
  {
    Http2Client client(address());
    client.start(kExec, exec_message("hang"));
    client.start(kExec, exec_message("hang"));
    ASSERT_TRUE(hanging_.reaches(2));
  }
  EXPECT_TRUE(script_->cancels.reaches(2));
  EXPECT_EQ(in_use(), 2U);
  release_.open();
  EXPECT_TRUE(licences_come_back());
  EXPECT_EQ(script_->cancels.get(), 2);
}

TEST_F(OnceTest, AnEngineThatCannotBeToldKeepsTheLicence) {
  hang_on_demand();
  serve();
  {
    Http2Client client(address());
    client.start(kExec, exec_message("hang"));
    ASSERT_TRUE(hanging_.reaches(1));
  }
  EXPECT_TRUE(comes_true([&] { return shared().open_calls.load() == 0; }));
  EXPECT_EQ(in_use(), 1U);
  release_.open();
  EXPECT_TRUE(licences_come_back());
}

TEST_F(OnceTest, AHangingEngineHoldsNobodyElseUp) {
  hang_on_demand();
  serve();
  Http2Client client(address());
  Http2Client other(address());
  const std::int32_t stuck = client.start(kExec, exec_message("hang"));
  ASSERT_TRUE(hanging_.reaches(1));
  for (int i = 0; i < 100; ++i) {
    const std::string text = std::to_string(i);
    for (Http2Client* each : {&client, &other}) {
      const Reply& reply = each->call(kExec, exec_message(text));
      ASSERT_EQ(reply.status(), "0");
      ASSERT_EQ(text_of_response(reply.messages.at(0)), text);
    }
  }
  EXPECT_FALSE(client.reply(stuck).closed);
  release_.open();
  EXPECT_EQ(client.wait(stuck).status(), "0");
}

TEST_F(OnceTest, WhenAllThreadsHangTheServerStillAnswers) {
  hang_on_demand();
  options_.max_threads = 2;
  serve();
  Http2Client client(address());
  std::vector<std::int32_t> streams;
  for (int i = 0; i < 2; ++i) streams.push_back(client.start(kExec, exec_message("hang")));
  ASSERT_TRUE(hanging_.reaches(2));
  streams.push_back(client.start(kExec, exec_message("waits")));
  EXPECT_EQ(client.call(kCheck, "").status(), "0");
  EXPECT_EQ(client.call("/aiges.v1.Engine/Describe", "").status(), "0");
  EXPECT_FALSE(client.reply(streams.back()).closed);
  release_.open();
  for (const std::int32_t stream : streams) EXPECT_EQ(client.wait(stream).status(), "0");
}

TEST_F(OnceTest, WithoutALicenceACallIsRefusedAtOnce) {
  hang_on_demand();
  engine_.sessions.licences.max = 1;
  serve();
  Http2Client client(address());
  const std::int32_t first = client.start(kExec, exec_message("hang"));
  ASSERT_TRUE(hanging_.reaches(1));
  const Reply& refused = client.call(kExec, exec_message("one too many"));
  EXPECT_EQ(refused.status(), "8");
  EXPECT_EQ(refused.header("aiges-code"), "10110");
  EXPECT_EQ(script_->execs.get(), 1);
  release_.open();
  EXPECT_EQ(client.wait(first).status(), "0");
  EXPECT_EQ(client.call(kExec, exec_message("now")).status(), "0");
}

// The tests of the queue: one licence, which the first call holds.
class OnceQueueTest : public OnceTest {
 protected:
  void serve_one(Clock::duration max_wait = kPatience) {
    hang_on_demand();
    engine_.wait_for_licence = true;
    engine_.sessions.licences = {1, 2};
    engine_.sessions.max_wait = max_wait;
    serve();
    client_ = std::make_unique<Http2Client>(address());
    first_ = client_->start(kExec, exec_message("hang"));
    ASSERT_TRUE(hanging_.reaches(1));
  }
  bool waiting(std::size_t number) const {
    return comes_true([&] { return sessions().stats().waiting == number; });
  }
  void TearDown() override {
    client_.reset();
    OnceTest::TearDown();
  }
  std::unique_ptr<Http2Client> client_;
  std::int32_t first_ = 0;
};

TEST_F(OnceQueueTest, WhoWaitsIsServedLater) {
  serve_one();
  const std::int32_t second = client_->start(kExec, exec_message("second"));
  const std::int32_t third = client_->start(kExec, exec_message("third"));
  ASSERT_TRUE(waiting(2));
  EXPECT_EQ(client_->call(kExec, exec_message("one too many")).status(), "8");
  EXPECT_EQ(script_->execs.get(), 1);
  release_.open();
  EXPECT_EQ(text_of_response(client_->wait(second).messages.at(0)), "second");
  EXPECT_EQ(text_of_response(client_->wait(third).messages.at(0)), "third");
  EXPECT_EQ(client_->wait(first_).status(), "0");
}

TEST_F(OnceQueueTest, TheDeadlineOfWhoWaitsIsADeadline) {
  serve_one();
  const Reply& reply = client_->call(kExec, exec_message("in vain"), kShortTimeout);
  EXPECT_EQ(reply.status(), "4");
  EXPECT_TRUE(waiting(0));
  release_.open();
  EXPECT_EQ(client_->wait(first_).status(), "0");
  EXPECT_EQ(script_->execs.get(), 1);
}

TEST_F(OnceQueueTest, WhoWaitedAsLongAsTheServerAllowsIsRefused) {
  serve_one(kSoon);
  const Reply& reply = client_->call(kExec, exec_message("in vain"));
  EXPECT_EQ(reply.status(), "8");
  EXPECT_EQ(reply.header("aiges-code"), "10110");
  EXPECT_EQ(script_->execs.get(), 1);
}

TEST_F(OnceQueueTest, WhoLeavesIsNoLongerInTheQueue) {
  serve_one();
  const std::int32_t leaves = client_->start(kExec, exec_message("in vain"));
  ASSERT_TRUE(waiting(1));
  {
    Http2Client other(address());
    other.start(kExec, exec_message("in vain"));
    ASSERT_TRUE(waiting(2));
  }
  ASSERT_TRUE(waiting(1));
  client_->reset(leaves);
  ASSERT_TRUE(waiting(0));
  release_.open();
  EXPECT_EQ(client_->wait(first_).status(), "0");
  EXPECT_EQ(client_->call(kExec, exec_message("next")).status(), "0");
  EXPECT_EQ(script_->execs.get(), 2);
}

TEST_F(OnceTest, AnAsynchronousEngineAnswersLater) {
  be_async();
  serve();
  Http2Client client(address());
  const std::int32_t stream = client.start(kExec, exec_message());
  ASSERT_TRUE(hanging_.reaches(1));
  EXPECT_EQ(in_use(), 1U);
  EXPECT_EQ(client.call(kCheck, "").status(), "0");
  EXPECT_EQ(script_->call_back(tag(), text_output("key", "later")), 0);
  const Reply& reply = client.wait(stream);
  EXPECT_EQ(reply.status(), "0");
  EXPECT_EQ(text_of_response(reply.messages.at(0)), "later");
  EXPECT_EQ(in_use(), 0U) << "given back before the answer left";
  EXPECT_EQ(script_->execs.get(), 0);
}

TEST_F(OnceTest, AnAsynchronousEngineMayAnswerAtOnceOrFail) {
  be_async();
  script_->on_exec_async = [this](const Request& request, std::chrono::milliseconds) -> Status {
    if (request.data[0].size == 2) return engine_says_no(42);
    EXPECT_EQ(script_->call_back(request.tag_text, text_output("key", "at once")), 0);
    return {};
  };
  serve();
  Http2Client client(address());
  EXPECT_EQ(text_of_response(client.call(kExec, exec_message()).messages.at(0)), "at once");
  const Reply& failed = client.call(kExec, exec_message("no"));
  EXPECT_EQ(failed.status(), "13");
  EXPECT_EQ(failed.header("aiges-engine-code"), "42");
  EXPECT_EQ(in_use(), 0U);
}

TEST_F(OnceTest, AnAsynchronousEngineThatIsLateIsNotHeard) {
  be_async();
  cancel_releases();
  serve();
  Http2Client client(address());
  EXPECT_EQ(client.call(kExec, exec_message(), kShortTimeout).status(), "4");
  ASSERT_TRUE(hanging_.reaches(1));
  EXPECT_TRUE(release_.wait());  // the engine was told
  EXPECT_TRUE(licences_come_back()) << "the engine holds no thread: nothing is waited for";
  EXPECT_NE(script_->call_back(tag(), text_output("key", "late")), 0);
  EXPECT_EQ(cancelled(), std::vector<std::string>{tag()});
  EXPECT_EQ(client.call(kCheck, "").status(), "0");
}

TEST_F(OnceTest, AnAsynchronousCallOfWhoLeavesIsCancelled) {
  be_async();
  cancel_releases();
  serve();
  Http2Client client(address());
  const std::int32_t stream = client.start(kExec, exec_message());
  ASSERT_TRUE(hanging_.reaches(1));
  client.reset(stream);
  EXPECT_TRUE(licences_come_back());
  EXPECT_TRUE(release_.wait());  // the engine was told
  EXPECT_EQ(cancelled(), std::vector<std::string>{tag()});
}

TEST_F(OnceTest, DrainingWaitsForACallInside) {
  hang_on_demand();
  serve();
  Http2Client client(address());
  const std::int32_t stream = client.start(kExec, exec_message("hang"));
  ASSERT_TRUE(hanging_.reaches(1));
  auto drained = in_thread([&] { return server_->drain(Deadline::after(kPatience)); });
  ASSERT_TRUE(client.wait_until([&] { return client.goaway(); }));
  ASSERT_TRUE(comes_true([&] { return sessions().draining(); }));
  // The door is open for the frames of sessions that are not over; nothing new begins.
  Http2Client other(address());
  EXPECT_EQ(other.call(kExec, exec_message("new")).status(), "14");
  EXPECT_FALSE(ready(drained, kSoon));
  release_.open();
  const Reply& reply = client.wait(stream);
  EXPECT_EQ(reply.status(), "0");
  EXPECT_EQ(text_of_response(reply.messages.at(0)), "hang");
  EXPECT_TRUE(client.closed_by_server());
  EXPECT_TRUE(other.closed_by_server());
  ASSERT_TRUE(ready(drained));
  EXPECT_TRUE(drained.get());
  EXPECT_FALSE(RawClient(address()).connected());
}

// A call has as long as a session has; the grace is for the engine to let go of what was cut off.
TEST_F(OnceTest, TheDeadlineOfADrainIsForCallsToo) {
  hang_on_demand();
  serve();
  Http2Client client(address());
  const std::int32_t stream = client.start(kExec, exec_message("hang"));
  ASSERT_TRUE(hanging_.reaches(1));
  auto drained = in_thread([&] { return sessions().drain(Deadline::after(kPatience), 0ms).ok(); });
  EXPECT_FALSE(ready(drained, kSoon));
  release_.open();
  EXPECT_EQ(client.wait(stream).status(), "0");
  ASSERT_TRUE(ready(drained));
  EXPECT_TRUE(drained.get());
}

TEST_F(OnceTest, AtTheDeadlineOfADrainItIsSaidThatACallWasCutOff) {
  hang_on_demand();
  options_.farewell = 30ms;
  serve();
  Http2Client client(address());
  client.start(kExec, exec_message("hang"));
  ASSERT_TRUE(hanging_.reaches(1));
  EXPECT_FALSE(sessions().drain(Deadline::after(kSoon), 0ms).ok());
}

// The server is stopped with a thread inside the engine: it does not wait for ever, and whoever
// comes back finds everything in place that it uses.
TEST_F(OnceTest, StoppingDoesNotWaitForAHangingEngine) {
  hang_on_demand();
  options_.farewell = 30ms;
  serve();
  Http2Client client(address());
  client.start(kExec, exec_message("hang"));
  ASSERT_TRUE(hanging_.reaches(1));
  server_->stop();
  EXPECT_TRUE(client.closed_by_server());
  EXPECT_EQ(in_use(), 1U);
  release_.open();
  EXPECT_TRUE(licences_come_back());
}

}  // namespace
}  // namespace aiges::test
