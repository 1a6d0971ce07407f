#include "base/wait.h"

#include <gtest/gtest.h>

#include <atomic>
#include <functional>
#include <thread>

#include "support/latch.h"

namespace aiges {
namespace {

using test::in_thread;
using test::kPatience;
using test::kSoon;

class Asked final : public Interrupt {
 public:
  explicit Asked(std::function<bool(int)> answer) : answer_(std::move(answer)) {}
  bool pending() override { return answer_(++times); }
  int times = 0;

 private:
  const std::function<bool(int)> answer_;
};

struct Box {
  Mutex mutex;
  CondVar changed;
  bool full = false;

  void fill() {
    {
      MutexLock lock(mutex);
      full = true;
    }
    changed.notify_all();
  }
  WaitOutcome wait(const WaitLimit& limit) {
    MutexLock lock(mutex);
    return wait_for(changed, mutex, limit, [this] { return full; });
  }
};

TEST(WaitFor, ReadyAtOnceLooksAtNothingElse) {
  Box box;
  box.full = true;
  Asked asked([](int) { return true; });
  EXPECT_EQ(box.wait({Deadline::at(Clock::now()), &asked}), WaitOutcome::kReady);
  EXPECT_EQ(asked.times, 0);
}

TEST(WaitFor, ReadyLater) {
  Box box;
  auto waiting = in_thread([&] { return box.wait({}); });
  box.fill();
  ASSERT_TRUE(test::ready(waiting));
  EXPECT_EQ(waiting.get(), WaitOutcome::kReady);
}

TEST(WaitFor, DeadlinePasses) {
  Box box;
  const auto begin = Clock::now();
  EXPECT_EQ(box.wait({Deadline::after(kSoon), nullptr}), WaitOutcome::kDeadline);
  EXPECT_GE(Clock::now() - begin, kSoon);
}

TEST(WaitFor, PassedDeadlineDoesNotWait) {
  Box box;
  EXPECT_EQ(box.wait({Deadline::at(Clock::time_point::min()), nullptr}), WaitOutcome::kDeadline);
}

TEST(WaitFor, InterruptEndsAnEndlessWait) {
  Box box;
  Asked asked([](int times) { return times == 2; });
  EXPECT_EQ(box.wait({Deadline::never(), &asked}), WaitOutcome::kInterrupted);
  EXPECT_EQ(asked.times, 2);
}

TEST(WaitFor, InterruptIsAskedWithoutTheLock) {
  Box box;
  Asked asked([&](int) {
    box.fill();  // would block for ever if the waiter held the lock
    return false;
  });
  EXPECT_EQ(box.wait({Deadline::never(), &asked}), WaitOutcome::kReady);
}

TEST(WaitFor, WhatIsReadyCountsMoreThanAnInterrupt) {
  Box box;
  Asked asked([&](int) {
    box.fill();
    return true;
  });
  EXPECT_EQ(box.wait({Deadline::never(), &asked}), WaitOutcome::kReady);
}

TEST(WaitFor, DeadlineEndsAnInterruptibleWait) {
  Box box;
  Asked asked([](int) { return false; });
  EXPECT_EQ(box.wait({Deadline::after(kSoon), &asked}), WaitOutcome::kDeadline);
}

TEST(WaitFor, OthersNotificationsDoNotHideAnInterrupt) {
  Box box;
  std::atomic<bool> stop{false};
  std::thread noise([&] {
    while (!stop) {
      box.changed.notify_all();
      std::this_thread::yield();
    }
  });
  Asked asked([](int) { return true; });
  const auto begin = Clock::now();
  const auto limit = std::chrono::seconds(3);
  EXPECT_EQ(box.wait({Deadline::after(limit), &asked}), WaitOutcome::kInterrupted);
  EXPECT_LT(Clock::now() - begin, limit) << "noticed only because the deadline passed";
  stop = true;
  noise.join();
}

TEST(WaitFor, LockIsHeldAfterEveryOutcome) {
  Box box;
  Asked asked([](int) { return true; });
  for (const WaitLimit limit :
       {WaitLimit{Deadline::at(Clock::now()), nullptr}, WaitLimit{Deadline::never(), &asked}}) {
    MutexLock lock(box.mutex);
    (void)wait_for(box.changed, box.mutex, limit, [&] { return box.full; });
    box.full = false;  // a data race, were the lock not held
    Mutex& mutex = box.mutex;
    auto other = in_thread([&mutex] {
      MutexLock second(mutex);
      return true;
    });
    EXPECT_FALSE(test::ready(other, std::chrono::milliseconds(1)));
    mutex.unlock();
    EXPECT_TRUE(test::ready(other));
    mutex.lock();
  }
}

}  // namespace
}  // namespace aiges
