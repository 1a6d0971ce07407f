#include "engine/operation.h"

#include <gtest/gtest.h>

#include <atomic>
#include <thread>
#include <vector>

#include "support/host_test.h"

namespace aiges::test {
namespace {

// Asynchronous once requests. The engine remembers the tags; tests call back.
class OperationTest : public HostTest {
 protected:
  void SetUp() override {
    script_->on_exec_async = [this](const Request& request, std::chrono::milliseconds) {
      const std::lock_guard lock(mutex_);
      tags_.push_back(request.tag_text);
      return Status();
    };
  }
  std::string tag(std::size_t index) {
    EXPECT_TRUE(script_->exec_asyncs.reaches(static_cast<int>(index) + 1));
    const auto begin = Clock::now();
    for (;;) {  // the count comes a moment before the tag
      {
        const std::lock_guard lock(mutex_);
        if (tags_.size() > index) return tags_[index];
      }
      if (Clock::now() - begin > kPatience) return "";
      std::this_thread::yield();
    }
  }
  int answer(std::size_t index, const char* text = "answer") {
    return script_->call_back(tag(index), text_output("k", text));
  }

 private:
  std::mutex mutex_;
  std::vector<std::string> tags_;
};

TEST_F(OperationTest, ResultComesThroughTheCallback) {
  start();
  const Outcome outcome;
  const auto operation = host_->exec_async(a_request(), Deadline::never(), outcome.completion());
  EXPECT_TRUE(operation->wants_result());
  EXPECT_EQ(outcome.times(), 0);
  EXPECT_EQ(host_->gate().calls(), 1U);
  EXPECT_EQ(answer(0), 0);
  EXPECT_EQ(text_of(outcome.wait()), "answer");
  EXPECT_FALSE(operation->wants_result());
  EXPECT_FALSE(operation->cancel());
  EXPECT_EQ(host_->gate().calls(), 0U);
  EXPECT_EQ(stat(&Stats::calls), 1U);
  EXPECT_EQ(stat(&Stats::callbacks), 1U);
  EXPECT_EQ(stat(&Stats::bytes_in), 5U);
  EXPECT_EQ(stat(&Stats::failures), 0U);
}

TEST_F(OperationTest, DoubleCallbackIsRefused) {
  start();
  const Outcome outcome;
  host_->exec_async(a_request(), Deadline::never(), outcome.completion());
  EXPECT_EQ(answer(0, "first"), 0);
  EXPECT_EQ(answer(0, "second"), -1);
  EXPECT_EQ(text_of(outcome.wait()), "first");
  EXPECT_EQ(outcome.times(), 1);
  EXPECT_EQ(stat(&Stats::callbacks_double), 1U);
}

TEST_F(OperationTest, ErrorThroughTheCallback) {
  start();
  const Outcome outcome;
  host_->exec_async(a_request(), Deadline::never(), outcome.completion());
  EXPECT_EQ(script_->call_back(tag(0), engine_says_no(33)), 0);
  EXPECT_EQ(outcome.wait().status().engine_code(), 33);
  EXPECT_EQ(stat(&Stats::failures), 1U);
}

TEST_F(OperationTest, ErrorOfTheCallItselfIsFinal) {
  script_->on_exec_async = [](const Request&, std::chrono::milliseconds) {
    return engine_says_no(5);
  };
  start();
  const Outcome outcome;
  host_->exec_async(a_request(), Deadline::never(), outcome.completion());
  EXPECT_EQ(outcome.wait().status().engine_code(), 5);
  EXPECT_EQ(outcome.times(), 1);
  EXPECT_EQ(host_->gate().calls(), 0U);
}

TEST_F(OperationTest, CallbackBeforeTheCallReturned) {
  script_->on_exec_async = [this](const Request& request, std::chrono::milliseconds) {
    EXPECT_EQ(script_->call_back(request.tag_text, text_output("k", "early")), 0);
    return engine_says_no(5);  // too late to matter
  };
  start();
  const Outcome outcome;
  host_->exec_async(a_request(), Deadline::never(), outcome.completion());
  EXPECT_EQ(text_of(outcome.wait()), "early");
  EXPECT_EQ(outcome.times(), 1);
  EXPECT_EQ(stat(&Stats::failures), 0U);
}

TEST_F(OperationTest, EngineIsNotFinishedBeforeTheCallReturned) {
  const Latch called_back;
  const Latch go;
  script_->on_exec_async = [&, this](const Request& request, std::chrono::milliseconds) {
    EXPECT_EQ(script_->call_back(request.tag_text, text_output("k", "early")), 0);
    called_back.open();
    (void)go.wait();
    return Status();
  };
  start();
  const Outcome outcome;
  auto starting =
      in_thread([&] { host_->exec_async(a_request(), Deadline::never(), outcome.completion()); });
  ASSERT_TRUE(called_back.wait());
  EXPECT_EQ(kind_of(host_->close(within(kSoon))), "deadline");
  EXPECT_EQ(script_->finis.get(), 0) << "finished with wrapperExecAsync still inside";
  go.open();
  ASSERT_TRUE(ready(starting));
  EXPECT_TRUE(script_->finis.reaches(1));
}

TEST_F(OperationTest, ResourcesStayInUseUntilTheCallReturned) {
  const Latch called_back;
  const Latch go;
  script_->on_exec_async = [&, this](const Request& request, std::chrono::milliseconds) {
    EXPECT_EQ(script_->call_back(request.tag_text, text_output("k", "early")), 0);
    called_back.open();
    (void)go.wait();
    return Status();
  };
  start();
  const std::uint32_t id = host_->load_resource({}).value();
  const Outcome outcome;
  auto starting = in_thread(
      [&] { host_->exec_async(a_request({id}), Deadline::never(), outcome.completion()); });
  ASSERT_TRUE(called_back.wait());
  EXPECT_FALSE(host_->unload_resource(id).ok());
  go.open();
  ASSERT_TRUE(ready(starting));
  EXPECT_TRUE(host_->unload_resource(id).ok());
}

TEST_F(OperationTest, DeadlineGivesUpAndTheLateResultIsRefused) {
  start();
  const Outcome outcome;
  host_->exec_async(a_request(), Deadline::after(5 * kSoon), outcome.completion());
  const Result<OutputPtr> result = outcome.wait();
  ASSERT_FALSE(result.ok());
  EXPECT_EQ(kind_of(result), "deadline");
  EXPECT_EQ(result.status().code(), Code::kDeadline);
  EXPECT_EQ(host_->gate().calls(), 0U);
  EXPECT_EQ(answer(0), -1);
  EXPECT_EQ(outcome.times(), 1);
  EXPECT_EQ(stat(&Stats::callbacks_late), 1U);
  EXPECT_EQ(stat(&Stats::callbacks_double), 0U);
  EXPECT_EQ(stat(&Stats::failures), 1U);
}

TEST_F(OperationTest, EngineIsToldTheTimeThatIsLeft) {
  std::vector<long> timeouts;
  script_->on_exec_async = [&, this](const Request& request, std::chrono::milliseconds timeout) {
    timeouts.push_back(static_cast<long>(timeout.count()));
    script_->call_back(request.tag_text, text_output("k", "v"));
    return Status();
  };
  start();
  const Outcome outcome;
  host_->exec_async(a_request(), Deadline::never(), outcome.completion());
  host_->exec_async(a_request(), Deadline::after(std::chrono::hours(1)), outcome.completion());
  ASSERT_EQ(timeouts.size(), 2U);
  EXPECT_EQ(timeouts[0], 0) << "no limit";
  EXPECT_GT(timeouts[1], 3'500'000);
  EXPECT_LE(timeouts[1], 3'600'000);
}

TEST_F(OperationTest, CancelEndsWithoutACompletionAndTellsTheEngine) {
  std::string cancelled;
  script_->on_cancel = [&](const std::string& which) { cancelled = which; };
  start();
  const Outcome outcome;
  const auto operation = host_->exec_async(a_request(), Deadline::never(), outcome.completion());
  EXPECT_TRUE(operation->cancel());
  EXPECT_FALSE(operation->cancel());
  EXPECT_EQ(cancelled, tag(0));
  EXPECT_EQ(script_->cancels.get(), 1);
  EXPECT_EQ(host_->gate().calls(), 0U);
  EXPECT_EQ(answer(0), -1);
  EXPECT_EQ(outcome.times(), 0);
  EXPECT_EQ(stat(&Stats::callbacks_late), 1U);
}

// An engine that is cancelled calls back with an error, often from within wrapperCancel.
TEST_F(OperationTest, CallbackDuringCancelIsLateNotDouble) {
  script_->on_cancel = [this](const std::string& which) {
    EXPECT_EQ(script_->call_back(which, engine_says_no(99)), -1);
  };
  start();
  const Outcome outcome;
  const auto operation = host_->exec_async(a_request(), Deadline::never(), outcome.completion());
  EXPECT_TRUE(operation->cancel());
  EXPECT_EQ(outcome.times(), 0);
  EXPECT_EQ(stat(&Stats::callbacks_late), 1U);
  EXPECT_EQ(stat(&Stats::callbacks_double), 0U);
}

TEST_F(OperationTest, RequestIsHeldUntilItEnds) {
  start();
  auto request = a_request();
  const std::weak_ptr<const Request> watched = request;
  const Outcome outcome;
  const auto operation =
      host_->exec_async(std::move(request), Deadline::never(), outcome.completion());
  EXPECT_FALSE(watched.expired());
  EXPECT_EQ(answer(0), 0);
  EXPECT_TRUE(watched.expired());
}

TEST_F(OperationTest, CompletionIsCalledAfterItsPlaceIsFree) {
  start_with(1);
  const Outcome second;
  std::uint64_t calls = 99;
  host_->exec_async(a_request(), Deadline::never(), [&](const Result<OutputPtr>&) {
    calls = host_->gate().calls();
    host_->exec_async(a_request(), Deadline::never(), second.completion());
  });
  EXPECT_EQ(answer(0), 0);
  EXPECT_EQ(calls, 0U);
  EXPECT_EQ(answer(1, "second"), 0);
  EXPECT_EQ(text_of(second.wait()), "second");
}

TEST_F(OperationTest, UnknownResourceIsAnOutcome) {
  start();
  const Outcome outcome;
  host_->exec_async(a_request({7}), Deadline::never(), outcome.completion());
  EXPECT_EQ(kind_of(outcome.wait()), "invalid data");
  EXPECT_EQ(script_->exec_asyncs.get(), 0);
  EXPECT_EQ(host_->gate().calls(), 0U);
}

TEST_F(OperationTest, RefusedAfterClose) {
  start();
  ASSERT_TRUE(host_->close(patient()).ok());
  const Outcome outcome;
  host_->exec_async(a_request(), Deadline::never(), outcome.completion());
  EXPECT_EQ(outcome.wait().status().code(), Code::kInactive);
  EXPECT_EQ(outcome.times(), 1);
  // "failures" counts calls that were started.
  EXPECT_EQ(stat(&Stats::calls), 0U);
  EXPECT_EQ(stat(&Stats::failures), 0U);
}

TEST_F(OperationTest, RacingFinalsHaveOneOutcome) {
  start();
  for (int round = 0; round < 200; ++round) {
    const auto before = static_cast<std::size_t>(script_->exec_asyncs.get());
    const Outcome outcome;
    const auto operation = host_->exec_async(
        a_request(), Deadline::after(std::chrono::microseconds(100)), outcome.completion());
    // On a busy machine it may have expired before the engine was called.
    const bool called = script_->exec_asyncs.get() != static_cast<int>(before);
    std::atomic<int> ends{0};
    std::vector<std::thread> racers;
    for (int r = 0; r < 2 && called; ++r) {
      racers.emplace_back([&] {
        if (answer(before) == 0) ++ends;
      });
    }
    racers.emplace_back([&] {
      if (operation->cancel()) ++ends;
    });
    for (std::thread& racer : racers) racer.join();
    if (ends == 0) {
      ASSERT_TRUE(outcome.arrives());  // it expired
    }
    ASSERT_LE(ends, 1);
    ASSERT_LE(outcome.times(), 1);
  }
  EXPECT_TRUE(host_->close(patient()).ok());
  EXPECT_EQ(host_->gate().calls(), 0U);
}

TEST_F(OperationTest, QueuedRequestsTakeTheirTurn) {
  start_with(1);
  const Outcome first;
  const Outcome second;
  host_->exec_async(a_request(), Deadline::never(), first.completion());
  host_->exec_async(a_request(), Deadline::never(), second.completion());
  EXPECT_FALSE(script_->exec_asyncs.reaches(2, kSoon));
  EXPECT_EQ(answer(0, "first"), 0);
  EXPECT_EQ(answer(1, "second"), 0);
  EXPECT_EQ(text_of(first.wait()), "first");
  EXPECT_EQ(text_of(second.wait()), "second");
}

TEST_F(OperationTest, QueuedRequestIsRefusedWhenNoPlaceComesFree) {
  start_with(1);
  const Outcome first;
  const Outcome second;
  host_->exec_async(a_request(), Deadline::never(), first.completion());
  host_->exec_async(a_request(), Deadline::after(kSoon), second.completion());
  EXPECT_EQ(kind_of(second.wait()), "overload");
  EXPECT_EQ(script_->exec_asyncs.get(), 1);
  EXPECT_EQ(answer(0), 0);
}

TEST_F(OperationTest, QueuedRequestKeepsItsDeadlineBehindAnotherThatWaits) {
  start_with(1);
  const Outcome first;
  const Outcome second;
  const Outcome third;
  host_->exec_async(a_request(), Deadline::never(), first.completion());
  host_->exec_async(a_request(), Deadline::never(), second.completion());
  host_->exec_async(a_request(), Deadline::after(kSoon), third.completion());
  EXPECT_TRUE(third.arrives(std::chrono::seconds(2))) << "it waits for the one before it";
  EXPECT_EQ(answer(0), 0);
  EXPECT_EQ(answer(1), 0);
  EXPECT_FALSE(third.wait().ok());
}

TEST_F(OperationTest, CancelledWhileQueuedNeverReachesTheEngine) {
  start_with(1);
  const Outcome first;
  const Outcome second;
  host_->exec_async(a_request(), Deadline::never(), first.completion());
  const auto queued = host_->exec_async(a_request(), Deadline::never(), second.completion());
  EXPECT_TRUE(queued->cancel());
  EXPECT_EQ(answer(0), 0);
  EXPECT_TRUE(host_->close(within(std::chrono::seconds(2))).ok())
      << "the cancelled request still has a place in the engine";
  EXPECT_EQ(second.times(), 0);
  EXPECT_EQ(script_->exec_asyncs.get(), 1);
}

}  // namespace
}  // namespace aiges::test
