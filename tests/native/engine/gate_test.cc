#include "engine/gate.h"

#include <gtest/gtest.h>

#include <atomic>
#include <memory>
#include <thread>
#include <utility>
#include <vector>

#include "support/latch.h"

namespace aiges {
namespace {

using test::Count;
using test::in_thread;
using test::kSoon;
using test::Latch;

// A gate whose owner lives as long as somebody needs it; `body` runs when it finishes.
struct Owner : std::enable_shared_from_this<Owner> {
  explicit Owner(std::function<void()> body = [] {})
      : gate([this, body = std::move(body)] {
          thread = std::this_thread::get_id();
          body();
          finishes->add();
        }) {}
  std::thread::id thread;
  std::shared_ptr<Count> finishes = std::make_shared<Count>();
  Gate gate;

  void close() { gate.close(shared_from_this()); }
  WaitOutcome wait() { return gate.wait_finished({Deadline::after(test::kPatience), nullptr}); }
  WaitOutcome wait_soon() { return gate.wait_finished({Deadline::after(kSoon), nullptr}); }
};

TEST(Gate, LetsInUntilItCloses) {
  const auto owner = std::make_shared<Owner>();
  EXPECT_TRUE(owner->gate.enter());
  EXPECT_TRUE(owner->gate.enter());
  EXPECT_EQ(owner->gate.calls(), 2U);
  owner->gate.leave();
  EXPECT_EQ(owner->gate.calls(), 1U);
  EXPECT_FALSE(owner->gate.closing());
  owner->close();
  EXPECT_TRUE(owner->gate.closing());
  EXPECT_FALSE(owner->gate.enter());
  EXPECT_EQ(owner->gate.calls(), 1U);
  owner->gate.leave();
  EXPECT_EQ(owner->wait(), WaitOutcome::kReady);
  EXPECT_EQ(owner->finishes->get(), 1);
}

TEST(Gate, NothingFinishesWhileItIsOpen) {
  const auto owner = std::make_shared<Owner>();
  ASSERT_TRUE(owner->gate.enter());
  owner->gate.hold();
  owner->gate.leave();
  owner->gate.release();
  EXPECT_EQ(owner->wait_soon(), WaitOutcome::kDeadline);
  EXPECT_EQ(owner->finishes->get(), 0);
}

TEST(Gate, IdleGateFinishesOnTheThreadThatWaits) {
  const auto owner = std::make_shared<Owner>();
  owner->close();
  EXPECT_EQ(owner->finishes->get(), 0);
  EXPECT_EQ(owner->wait(), WaitOutcome::kReady);
  EXPECT_EQ(owner->thread, std::this_thread::get_id());
}

TEST(Gate, PassedDeadlineStillFinishesAnIdleGate) {
  const auto owner = std::make_shared<Owner>();
  owner->close();
  EXPECT_EQ(owner->gate.wait_finished({Deadline::at(Clock::now()), nullptr}), WaitOutcome::kReady);
  EXPECT_EQ(owner->finishes->get(), 1);
}

TEST(Gate, LastCallFinishesOnAnotherThreadWhenNobodyWaits) {
  const auto owner = std::make_shared<Owner>();
  ASSERT_TRUE(owner->gate.enter());
  owner->close();
  EXPECT_EQ(owner->finishes->get(), 0);
  owner->gate.leave();
  ASSERT_TRUE(owner->finishes->reaches(1));
  EXPECT_NE(owner->thread, std::this_thread::get_id());
}

TEST(Gate, LastOutputFinishesOnAnotherThreadWhenNobodyWaits) {
  const auto owner = std::make_shared<Owner>();
  ASSERT_TRUE(owner->gate.enter());
  owner->gate.hold();
  owner->gate.hold();
  owner->gate.leave();
  EXPECT_EQ(owner->gate.outputs(), 2U);
  owner->close();
  owner->gate.release();
  EXPECT_EQ(owner->wait_soon(), WaitOutcome::kDeadline);
  EXPECT_EQ(owner->finishes->get(), 0);
  owner->gate.release();
  ASSERT_TRUE(owner->finishes->reaches(1));
  EXPECT_NE(owner->thread, std::this_thread::get_id());
}

TEST(Gate, WhoeverWaitsFinishesNotWhoeverLeaves) {
  const auto owner = std::make_shared<Owner>();
  ASSERT_TRUE(owner->gate.enter());
  owner->close();
  std::promise<std::thread::id> waiter;
  auto waiting = in_thread([&] {
    waiter.set_value(std::this_thread::get_id());
    return owner->wait();
  });
  const std::thread::id waiter_id = waiter.get_future().get();
  ASSERT_FALSE(test::ready(waiting, kSoon));  // by now it waits
  owner->gate.leave();
  ASSERT_TRUE(test::ready(waiting));
  EXPECT_EQ(waiting.get(), WaitOutcome::kReady);
  EXPECT_EQ(owner->thread, waiter_id);
  EXPECT_EQ(owner->finishes->get(), 1);
}

TEST(Gate, AllWhoWaitReturnAfterTheOneFinish) {
  const Latch entered;
  const Latch go;
  const auto owner = std::make_shared<Owner>([=] {
    entered.open();
    (void)go.wait();
  });
  ASSERT_TRUE(owner->gate.enter());
  owner->close();
  std::vector<std::future<WaitOutcome>> waiting;
  for (int i = 0; i < 4; ++i) waiting.push_back(in_thread([&] { return owner->wait(); }));
  owner->gate.leave();
  ASSERT_TRUE(entered.wait());
  for (auto& one : waiting) EXPECT_FALSE(test::ready(one, std::chrono::milliseconds(2)));
  go.open();
  for (auto& one : waiting) {
    ASSERT_TRUE(test::ready(one));
    EXPECT_EQ(one.get(), WaitOutcome::kReady);
  }
  EXPECT_EQ(owner->finishes->get(), 1);
}

TEST(Gate, WaiterWhoseTimeIsOverLeavesTheFinishToTheLast) {
  const auto owner = std::make_shared<Owner>();
  ASSERT_TRUE(owner->gate.enter());
  owner->close();
  EXPECT_EQ(owner->wait_soon(), WaitOutcome::kDeadline);
  owner->gate.leave();
  EXPECT_TRUE(owner->finishes->reaches(1));
  EXPECT_EQ(owner->wait(), WaitOutcome::kReady);
  EXPECT_EQ(owner->finishes->get(), 1);
}

TEST(Gate, WaitCallsDoesNotWaitForOutputs) {
  const auto owner = std::make_shared<Owner>();
  ASSERT_TRUE(owner->gate.enter());
  owner->gate.hold();
  owner->close();
  EXPECT_EQ(owner->gate.wait_calls({Deadline::after(kSoon), nullptr}), WaitOutcome::kDeadline);
  auto waiting = in_thread([&] { return owner->gate.wait_calls({}); });
  owner->gate.leave();
  ASSERT_TRUE(test::ready(waiting));
  EXPECT_EQ(waiting.get(), WaitOutcome::kReady);
  EXPECT_EQ(owner->finishes->get(), 0);
  owner->gate.release();
  EXPECT_TRUE(owner->finishes->reaches(1));
}

TEST(Gate, ClosingTwiceFinishesOnce) {
  const auto owner = std::make_shared<Owner>();
  owner->close();
  owner->close();
  EXPECT_EQ(owner->wait(), WaitOutcome::kReady);
  owner->close();
  EXPECT_EQ(owner->wait(), WaitOutcome::kReady);
  EXPECT_FALSE(owner->gate.enter());
  EXPECT_EQ(owner->finishes->get(), 1);
}

TEST(Gate, InterruptEndsAWait) {
  struct Always final : Interrupt {
    bool pending() override { return true; }
  } always;
  const auto owner = std::make_shared<Owner>();
  ASSERT_TRUE(owner->gate.enter());
  owner->close();
  EXPECT_EQ(owner->gate.wait_calls({Deadline::never(), &always}), WaitOutcome::kInterrupted);
  EXPECT_EQ(owner->gate.wait_finished({Deadline::never(), &always}), WaitOutcome::kInterrupted);
  owner->gate.leave();
  EXPECT_TRUE(owner->finishes->reaches(1));
}

// The last call leaves while the waiting thread asks whether it should stop.
TEST(Gate, LastCallLeavesWhileTheInterruptIsAsked) {
  struct Leaving final : Interrupt {
    explicit Leaving(Gate& of) : gate(of) {}
    bool pending() override {
      if (!std::exchange(left, true)) gate.leave();
      return true;
    }
    Gate& gate;
    bool left = false;
  };
  const auto owner = std::make_shared<Owner>();
  ASSERT_TRUE(owner->gate.enter());
  owner->close();
  Leaving leaving(owner->gate);
  EXPECT_EQ(owner->gate.wait_finished({Deadline::never(), &leaving}), WaitOutcome::kReady);
  EXPECT_TRUE(owner->finishes->reaches(1, std::chrono::seconds(2)))
      << "it was claimed, and nobody finished it";
  EXPECT_EQ(owner->finishes->get(), 1);
}

TEST(Gate, KeepsItsOwnerUntilItHasFinished) {
  auto owner = std::make_shared<Owner>();
  const std::weak_ptr<Owner> watched = owner;
  const std::shared_ptr<Count> finishes = owner->finishes;
  ASSERT_TRUE(owner->gate.enter());
  owner->gate.hold();
  owner->gate.leave();
  owner->close();
  Gate& gate = owner->gate;
  owner.reset();
  ASSERT_FALSE(watched.expired());
  gate.release();
  ASSERT_TRUE(finishes->reaches(1));
  // The finishing thread lets go a moment after it has finished.
  const auto begin = Clock::now();
  while (!watched.expired() && Clock::now() - begin < test::kPatience) std::this_thread::yield();
  EXPECT_TRUE(watched.expired());
}

TEST(Gate, CallsOfManyThreadsMeetTheClose) {
  for (int round = 0; round < 60; ++round) {
    std::atomic<int> inside{0};
    std::atomic<bool> finished{false};
    const auto owner = std::make_shared<Owner>([&] {
      EXPECT_EQ(inside.load(), 0);
      finished = true;
    });
    std::atomic<bool> go{false};
    std::vector<std::thread> callers;
    for (int t = 0; t < 4; ++t) {
      callers.emplace_back([&, t] {
        while (!go) {
        }
        while (owner->gate.enter()) {
          ++inside;
          EXPECT_FALSE(finished.load());
          const bool makes_output = t % 2 == 0;
          if (makes_output) owner->gate.hold();
          --inside;
          owner->gate.leave();
          if (makes_output) {
            EXPECT_FALSE(finished.load());
            owner->gate.release();
          }
        }
      });
    }
    go = true;
    std::vector<std::future<WaitOutcome>> closers;
    for (int t = 0; t < 2; ++t) {
      closers.push_back(in_thread([&] {
        owner->close();
        return owner->wait();
      }));
    }
    for (auto& closer : closers) {
      ASSERT_TRUE(test::ready(closer));
      EXPECT_EQ(closer.get(), WaitOutcome::kReady);
    }
    for (std::thread& caller : callers) caller.join();
    ASSERT_TRUE(owner->finishes->reaches(1));
    EXPECT_EQ(owner->finishes->get(), 1);
  }
}

}  // namespace
}  // namespace aiges
