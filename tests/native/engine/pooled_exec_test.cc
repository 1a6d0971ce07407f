#include <gtest/gtest.h>

#include <atomic>

#include "support/host_test.h"

namespace aiges::test {
namespace {

// Once requests that run on the host's pool, because the engine has no asynchronous mode or because
// the caller waits with a limit.
class PooledExecTest : public HostTest {
 protected:
  void SetUp() override {
    script_->modes = static_cast<ModeSet>(Mode::kOnce);
    script_->on_exec = [this](const Request&) -> Result<OutputPtr> {
      (void)go_.wait();
      return text_output("k", "pooled");
    };
  }
  void TearDown() override {
    go_.open();
    HostTest::TearDown();
  }
  Latch go_;
};

class Always final : public Interrupt {
 public:
  bool pending() override { return true; }
};

TEST_F(PooledExecTest, WaitingReturnsTheResult) {
  go_.open();
  start();
  EXPECT_EQ(text_of(host_->exec_waiting(a_request(), {})), "pooled");
  EXPECT_EQ(text_of(host_->exec_waiting(a_request(), patient())), "pooled");
  EXPECT_EQ(stat(&Stats::calls), 2U);
}

TEST_F(PooledExecTest, WaitingEndsAtTheDeadlineTheCallWhenItReturns) {
  start();
  const Result<OutputPtr> result = host_->exec_waiting(a_request(), within(kSoon));
  ASSERT_FALSE(result.ok());
  EXPECT_EQ(kind_of(result), "deadline");
  EXPECT_EQ(host_->gate().calls(), 1U) << "the engine is still at it";
  EXPECT_EQ(kind_of(host_->close(within(kSoon))), "deadline");
  EXPECT_EQ(script_->finis.get(), 0);
  go_.open();
  EXPECT_TRUE(script_->finis.reaches(1));
  EXPECT_EQ(stat(&Stats::failures), 1U);
}

TEST_F(PooledExecTest, InterruptEndsTheWaitAndTellsTheEngine) {
  script_->on_cancel = [](const std::string& tag) { EXPECT_TRUE(TagText::parse(tag.c_str())); };
  start();
  Always always;
  const Result<OutputPtr> result = host_->exec_waiting(a_request(), {Deadline::never(), &always});
  ASSERT_FALSE(result.ok());
  EXPECT_EQ(result.status().code(), Code::kInactive);
  EXPECT_EQ(result.status().message(), "interrupted");
  EXPECT_EQ(script_->cancels.get(), 1);
}

TEST_F(PooledExecTest, ExecAsyncUsesThePool) {
  start();
  const Outcome outcome;
  host_->exec_async(a_request(), Deadline::never(), outcome.completion());
  ASSERT_TRUE(script_->execs.reaches(1));
  EXPECT_EQ(outcome.times(), 0);
  go_.open();
  EXPECT_EQ(text_of(outcome.wait()), "pooled");
}

TEST_F(PooledExecTest, WaitingUsesTheAsynchronousModeWhereThereIsNothingElse) {
  script_->modes = static_cast<ModeSet>(Mode::kOnceAsync);
  script_->on_exec_async = [this](const Request& request, std::chrono::milliseconds) {
    EXPECT_EQ(script_->call_back(request.tag_text, text_output("k", "async")), 0);
    return Status();
  };
  start();
  EXPECT_EQ(text_of(host_->exec_waiting(a_request(), {})), "async");
  EXPECT_EQ(host_->exec(*a_request(), {}).status().code(), Code::kLoad);
}

TEST_F(PooledExecTest, FullIsAnOverloadNotADeadline) {
  start_with(1);
  auto inside = in_thread([this] { return host_->exec(*a_request(), {}).ok(); });
  ASSERT_TRUE(script_->execs.reaches(1));
  for (int i = 0; i < 5; ++i) {  // both limits end at the same moment: one must always win
    const Result<OutputPtr> result = host_->exec_waiting(a_request(), within(kSoon));
    ASSERT_FALSE(result.ok());
    EXPECT_EQ(kind_of(result), "overload") << result.status().message();
  }
  EXPECT_EQ(script_->execs.get(), 1);
  go_.open();
  EXPECT_TRUE(inside.get());
}

TEST_F(PooledExecTest, FullPoolIsAnOverloadToo) {
  start_with(1);
  auto inside = in_thread([this] { return host_->exec_waiting(a_request(), {}).ok(); });
  ASSERT_TRUE(script_->execs.reaches(1));
  const Result<OutputPtr> result = host_->exec_waiting(a_request(), within(kSoon));
  ASSERT_FALSE(result.ok());
  EXPECT_EQ(kind_of(result), "overload") << result.status().message();
  go_.open();
  EXPECT_TRUE(inside.get());
}

TEST_F(PooledExecTest, CancelledBeforeItsTurnNeverReachesTheEngine) {
  start_with(1);
  const Outcome first;
  const Outcome second;
  host_->exec_async(a_request(), Deadline::never(), first.completion());
  ASSERT_TRUE(script_->execs.reaches(1));
  const auto queued = host_->exec_async(a_request(), Deadline::never(), second.completion());
  EXPECT_TRUE(queued->cancel());
  go_.open();
  EXPECT_TRUE(host_->close(patient()).ok());
  EXPECT_EQ(script_->execs.get(), 1);
  EXPECT_EQ(second.times(), 0);
}

TEST_F(PooledExecTest, RequestIsHeldUntilTheEngineReturned) {
  start();
  auto request = a_request();
  const std::weak_ptr<const Request> watched = request;
  const Outcome outcome;
  host_->exec_async(std::move(request), Deadline::after(kSoon), outcome.completion());
  ASSERT_TRUE(script_->execs.reaches(1));
  EXPECT_FALSE(outcome.wait().ok());
  EXPECT_FALSE(watched.expired()) << "the engine may still read it";
  go_.open();
  EXPECT_TRUE(host_->close(patient()).ok());
  EXPECT_TRUE(watched.expired());
}

TEST_F(PooledExecTest, EngineIsNotFinishedWhileItIsBeingCancelled) {
  std::future<Status> closing;
  script_->on_cancel = [&](const std::string&) {
    go_.open();  // the call returns meanwhile
    closing = in_thread([this] { return host_->close(patient()); });
    EXPECT_FALSE(script_->finis.reaches(1, kSoon)) << "finished during wrapperCancel";
  };
  start();
  const Outcome outcome;
  const auto operation = host_->exec_async(a_request(), Deadline::never(), outcome.completion());
  ASSERT_TRUE(script_->execs.reaches(1));
  EXPECT_TRUE(operation->cancel());
  EXPECT_TRUE(closing.get().ok());
}

TEST_F(PooledExecTest, ExpiredCallIsCancelledThoughThePoolIsFull) {
  script_->on_cancel = [this](const std::string&) { go_.open(); };
  start_with(1);
  (void)host_->exec_waiting(a_request(), within(kSoon));
  EXPECT_TRUE(script_->cancels.reaches(1, std::chrono::seconds(2)))
      << "it waits for the call that it is to end";
}

TEST_F(PooledExecTest, DroppedResultOfAnExpiredRequestIsGivenBack) {
  script_->on_exec = [this](const Request&) -> Result<OutputPtr> {
    (void)go_.wait();
    return script_->held("nobody waits for it");
  };
  start();
  EXPECT_FALSE(host_->exec_waiting(a_request(), within(kSoon)).ok());
  go_.open();
  EXPECT_TRUE(host_->close(patient()).ok());
  EXPECT_TRUE(script_->given_back->reaches(1));
}

}  // namespace
}  // namespace aiges::test
