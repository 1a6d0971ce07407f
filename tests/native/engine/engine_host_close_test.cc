#include <gtest/gtest.h>

#include <thread>
#include <vector>

#include "support/host_test.h"

namespace aiges::test {
namespace {

class EngineHostCloseTest : public HostTest {
 protected:
  void hold_exec() {
    script_->on_exec = [this](const Request&) -> Result<OutputPtr> {
      (void)go_.wait();
      return text_output("k", "v");
    };
  }
  Latch go_;
};

TEST_F(EngineHostCloseTest, FinishesOnceHoweverOftenItIsCalled) {
  start();
  for (int i = 0; i < 3; ++i) EXPECT_TRUE(host_->close({}).ok());
  EXPECT_TRUE(host_->closed());
  EXPECT_EQ(script_->finis.get(), 1);
}

TEST_F(EngineHostCloseTest, RefusesEverythingAfterwards) {
  start();
  EXPECT_TRUE(host_->close({}).ok());
  for (const Status& status :
       {host_->exec(*a_request(), {}).status(), host_->load_resource({}).status(),
        host_->unload_resource(1), host_->exec_waiting(a_request(), {}).status()}) {
    ASSERT_FALSE(status.ok());
    EXPECT_EQ(status.code(), Code::kInactive);
    EXPECT_NE(status.message().find("closed"), std::string::npos);
  }
  EXPECT_EQ(script_->execs.get(), 0);
}

TEST_F(EngineHostCloseTest, WaitsForCallsInside) {
  hold_exec();
  start();
  auto inside = in_thread([this] { return host_->exec(*a_request(), {}).ok(); });
  ASSERT_TRUE(script_->execs.reaches(1));
  auto closing = in_thread([this] { return host_->close({}); });
  EXPECT_FALSE(ready(closing, kSoon));
  EXPECT_EQ(host_->exec(*a_request(), {}).status().code(), Code::kInactive);
  EXPECT_EQ(script_->finis.get(), 0);
  go_.open();
  EXPECT_TRUE(inside.get());
  EXPECT_TRUE(closing.get().ok());
  EXPECT_EQ(script_->finis.get(), 1);
}

TEST_F(EngineHostCloseTest, DeadlineLeavesTheFinishToTheLastCall) {
  hold_exec();
  start();
  auto inside = in_thread([this] { return host_->exec(*a_request(), {}).ok(); });
  ASSERT_TRUE(script_->execs.reaches(1));
  const Status status = host_->close(within(kSoon));
  ASSERT_FALSE(status.ok());
  EXPECT_EQ(kind_of(status), "deadline");
  EXPECT_EQ(status.code(), Code::kDeadline);
  EXPECT_NE(status.message().find("1 calls"), std::string::npos) << status.message();
  EXPECT_EQ(script_->finis.get(), 0);
  go_.open();
  EXPECT_TRUE(inside.get());
  EXPECT_TRUE(script_->finis.reaches(1));
  EXPECT_TRUE(host_->close({}).ok());
  EXPECT_EQ(script_->finis.get(), 1);
}

TEST_F(EngineHostCloseTest, InterruptEndsTheWait) {
  struct Always final : Interrupt {
    bool pending() override { return true; }
  } always;
  hold_exec();
  start();
  auto inside = in_thread([this] { return host_->exec(*a_request(), {}).ok(); });
  ASSERT_TRUE(script_->execs.reaches(1));
  const Status status = host_->close({Deadline::never(), &always});
  EXPECT_EQ(status.message(), "interrupted");
  go_.open();
  EXPECT_TRUE(inside.get());
}

TEST_F(EngineHostCloseTest, FromSeveralThreads) {
  hold_exec();
  start();
  auto inside = in_thread([this] { return host_->exec(*a_request(), {}).ok(); });
  ASSERT_TRUE(script_->execs.reaches(1));
  std::vector<std::future<Status>> closing;
  for (int i = 0; i < 4; ++i) closing.push_back(in_thread([this] { return host_->close({}); }));
  go_.open();
  for (auto& one : closing) {
    EXPECT_TRUE(one.get().ok());
    EXPECT_EQ(script_->finis.get(), 1) << "a close returned before the engine was finished";
  }
  EXPECT_TRUE(inside.get());
}

TEST_F(EngineHostCloseTest, LiveOutputsPutTheFinishOff) {
  script_->on_exec = [this](const Request&) -> Result<OutputPtr> { return script_->held("text"); };
  start();
  Result<OutputPtr> first = host_->exec(*a_request(), {});
  Result<OutputPtr> second = host_->exec(*a_request(), {});
  EXPECT_EQ(host_->gate().outputs(), 2U);
  EXPECT_TRUE(host_->close(patient()).ok()) << "outputs are no reason to wait";
  EXPECT_EQ(script_->finis.get(), 0);
  first = OutputPtr();
  EXPECT_TRUE(script_->given_back->reaches(1));
  EXPECT_FALSE(script_->finis.reaches(1, kSoon));
  EXPECT_EQ(text_of(second), "text");
  second = OutputPtr();
  EXPECT_TRUE(script_->finis.reaches(1));
  EXPECT_EQ(script_->given_back->get(), 2);
}

TEST_F(EngineHostCloseTest, OutputsMayOutliveEverybodyElse) {
  script_->on_exec = [this](const Request&) -> Result<OutputPtr> { return script_->held("text"); };
  start();
  OutputPtr output = host_->exec(*a_request(), {}).value();
  EXPECT_TRUE(host_->close({}).ok());
  host_.reset();
  EXPECT_EQ(text_of(output), "text");
  EXPECT_EQ(script_->finis.get(), 0);
  output = OutputPtr();
  EXPECT_TRUE(script_->finis.reaches(1));
}

TEST_F(EngineHostCloseTest, DroppedOutputsAreGivenBackBeforeTheFinish) {
  script_->on_exec = [this](const Request&) -> Result<OutputPtr> { return script_->held("text"); };
  script_->on_fini = [this] {
    EXPECT_EQ(script_->given_back->get(), 50);
    return Status();
  };
  start();
  for (int i = 0; i < 50; ++i) EXPECT_TRUE(host_->exec(*a_request(), {}).ok());
  EXPECT_TRUE(host_->close({}).ok());
  EXPECT_EQ(script_->finis.get(), 1) << "no output was alive any more: close finishes itself";
}

TEST_F(EngineHostCloseTest, FiniErrorIsToldOnce) {
  script_->on_fini = [] { return engine_says_no(17); };
  start();
  EXPECT_EQ(host_->close({}).engine_code(), 17);
  EXPECT_TRUE(host_->close({}).ok());
  EXPECT_EQ(script_->finis.get(), 1);
}

TEST_F(EngineHostCloseTest, AsynchronousRequestKeepsItOpen) {
  std::string tag;
  script_->on_exec_async = [&](const Request& request, std::chrono::milliseconds) {
    tag = request.tag_text;
    return Status();
  };
  start();
  const Outcome outcome;
  host_->exec_async(a_request(), Deadline::never(), outcome.completion());
  auto closing = in_thread([this] { return host_->close({}); });
  EXPECT_FALSE(ready(closing, kSoon));
  EXPECT_EQ(script_->call_back(tag, text_output("k", "v")), 0);
  EXPECT_TRUE(closing.get().ok());
  EXPECT_EQ(script_->finis.get(), 1);
}

TEST_F(EngineHostCloseTest, CallbackAfterTheEndIsRefused) {
  std::string tag;
  script_->on_exec_async = [&](const Request& request, std::chrono::milliseconds) {
    tag = request.tag_text;
    return Status();
  };
  start();
  const Outcome outcome;
  host_->exec_async(a_request(), Deadline::after(std::chrono::milliseconds(1)),
                    outcome.completion());
  EXPECT_FALSE(outcome.wait().ok());
  EXPECT_TRUE(host_->close(patient()).ok());
  EXPECT_EQ(script_->call_back(tag, text_output("k", "v")), -1);
  EXPECT_EQ(stat(&Stats::callbacks_late), 1U);
}

// The reaper is shared: another engine may keep it busy.
class Blocking final : public Reapable {
 public:
  Blocking(Latch entered, Latch go) : entered_(std::move(entered)), go_(std::move(go)) {}

 private:
  void reap() noexcept override {
    entered_.open();
    (void)go_.wait();
    delete this;
  }
  const Latch entered_;
  const Latch go_;
};

TEST_F(EngineHostCloseTest, FinishesThoughAnotherEnginesOutputIsStuck) {
  start();
  const Latch entered;
  const OpenAtEnd at_end(go_);
  runtime_->reaper.push(new Blocking(entered, go_), std::size_t{1} << 20);
  ASSERT_TRUE(entered.wait());
  (void)host_->close(within(kSoon));
  EXPECT_TRUE(script_->finis.reaches(1, std::chrono::seconds(2)))
      << "nobody is inside, and nobody will ever finish it";
}

TEST_F(EngineHostCloseTest, NotFinishedAndForgottenAfterADeadline) {
  start();
  const Latch entered;
  runtime_->reaper.push(new Blocking(entered, go_), std::size_t{1} << 20);
  ASSERT_TRUE(entered.wait());
  (void)host_->close({Deadline::at(Clock::now()), nullptr});
  go_.open();
  EXPECT_TRUE(script_->finis.reaches(1, std::chrono::seconds(2)));
}

TEST_F(EngineHostCloseTest, HostGoesWhenNobodyHoldsItAnyMore) {
  start();
  const std::weak_ptr<EngineHost> watched = host_;
  EXPECT_TRUE(host_->exec(*a_request(), {}).ok());
  EXPECT_TRUE(host_->close({}).ok());
  host_.reset();
  EXPECT_TRUE(watched.expired());
}

}  // namespace
}  // namespace aiges::test
