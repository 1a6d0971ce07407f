#include "engine/slots.h"

#include <gtest/gtest.h>

#include <atomic>
#include <thread>
#include <vector>

#include "support/latch.h"

namespace aiges {
namespace {

using test::in_thread;
using test::kSoon;

WaitLimit patient() { return {Deadline::after(test::kPatience), nullptr}; }

TEST(Slots, NoLimitAlwaysHasRoom) {
  Slots slots(0);
  for (int i = 0; i < 100; ++i) {
    EXPECT_TRUE(slots.try_acquire());
    EXPECT_EQ(slots.acquire({Deadline::at(Clock::time_point::min()), nullptr}),
              WaitOutcome::kReady);
  }
  slots.release();
  EXPECT_EQ(slots.limit(), 0U);
}

TEST(Slots, AsManyAsTheLimit) {
  Slots slots(2);
  EXPECT_TRUE(slots.try_acquire());
  EXPECT_EQ(slots.acquire({}), WaitOutcome::kReady);
  EXPECT_FALSE(slots.try_acquire());
  EXPECT_EQ(slots.acquire({Deadline::after(kSoon), nullptr}), WaitOutcome::kDeadline);
  slots.release();
  EXPECT_TRUE(slots.try_acquire());
  EXPECT_FALSE(slots.try_acquire());
}

TEST(Slots, WaiterGetsTheSlotThatCameFree) {
  Slots slots(1);
  ASSERT_TRUE(slots.try_acquire());
  auto waiting = in_thread([&] { return slots.acquire(patient()); });
  EXPECT_FALSE(test::ready(waiting, kSoon));
  slots.release();
  ASSERT_TRUE(test::ready(waiting));
  EXPECT_EQ(waiting.get(), WaitOutcome::kReady);
  EXPECT_FALSE(slots.try_acquire());
}

TEST(Slots, InterruptedWaiterTakesNothing) {
  struct Always final : Interrupt {
    bool pending() override { return true; }
  } always;
  Slots slots(1);
  ASSERT_TRUE(slots.try_acquire());
  EXPECT_EQ(slots.acquire({Deadline::never(), &always}), WaitOutcome::kInterrupted);
  slots.release();
  EXPECT_TRUE(slots.try_acquire());
}

TEST(Slots, EveryWaiterIsServed) {
  constexpr std::size_t kLimit = 2;
  Slots slots(kLimit);
  std::atomic<int> inside{0};
  std::atomic<int> served{0};
  std::atomic<int> refused{0};
  std::vector<std::thread> threads;
  for (int t = 0; t < 6; ++t) {
    threads.emplace_back([&, t] {
      for (int i = 0; i < 300; ++i) {
        // Some give up quickly: their leaving must not lose a wake-up meant for another.
        const bool hurried = t % 3 == 0;
        const WaitOutcome outcome = slots.acquire(
            hurried ? WaitLimit{Deadline::after(std::chrono::microseconds(50)), nullptr}
                    : patient());
        if (outcome != WaitOutcome::kReady) {
          EXPECT_TRUE(hurried);
          ++refused;
          continue;
        }
        EXPECT_LE(++inside, static_cast<int>(kLimit));
        std::this_thread::yield();
        --inside;
        ++served;
        slots.release();
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(served + refused, 6 * 300);
  EXPECT_GE(served, 4 * 300);
  EXPECT_TRUE(slots.try_acquire());
  EXPECT_TRUE(slots.try_acquire());
  EXPECT_FALSE(slots.try_acquire());
}

}  // namespace
}  // namespace aiges
