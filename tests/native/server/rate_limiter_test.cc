#include "server/rate_limiter.h"

#include <gtest/gtest.h>

#include <atomic>
#include <thread>
#include <vector>

namespace aiges::server {
namespace {

using namespace std::chrono_literals;

// Time is what the tests say it is.
const Clock::time_point kStart = Clock::time_point() + 1h;

int taken_at(RateLimiter& limiter, Clock::time_point now) {
  int taken = 0;
  while (limiter.try_take(now)) ++taken;
  return taken;
}

TEST(RateLimiterTest, ABurstIsSavedUpAndNoMore) {
  RateLimiter limiter(10ms, 5);
  EXPECT_EQ(taken_at(limiter, kStart), 5);
  EXPECT_EQ(taken_at(limiter, kStart + 1h), 5) << "an hour saves no more than a burst";
}

TEST(RateLimiterTest, TokensComeBackOneEachInterval) {
  RateLimiter limiter(10ms, 3);
  EXPECT_EQ(taken_at(limiter, kStart), 3);
  EXPECT_EQ(taken_at(limiter, kStart + 10ms - 1ns), 0);
  EXPECT_EQ(taken_at(limiter, kStart + 10ms), 1);
  EXPECT_EQ(taken_at(limiter, kStart + 30ms), 2);
}

TEST(RateLimiterTest, WhatIsRefusedCostsNothing) {
  RateLimiter limiter(10ms, 1);
  EXPECT_TRUE(limiter.try_take(kStart));
  for (int i = 0; i < 100; ++i) EXPECT_FALSE(limiter.try_take(kStart + 5ms));
  EXPECT_TRUE(limiter.try_take(kStart + 10ms));
}

TEST(RateLimiterTest, WithoutABurstThereIsOneAtATime) {
  RateLimiter limiter(10ms, 0);
  EXPECT_EQ(taken_at(limiter, kStart), 1);
}

TEST(RateLimiterTest, WithoutAnIntervalThereIsNoLimit) {
  RateLimiter limiter(0ns, 1);
  for (int i = 0; i < 1000; ++i) ASSERT_TRUE(limiter.try_take(kStart));
}

TEST(RateLimiterTest, ThreadsShareOneBucket) {
  constexpr int kBurst = 1000;
  RateLimiter limiter(1h, kBurst);
  std::atomic<int> taken{0};
  std::vector<std::thread> threads;
  for (int i = 0; i < 4; ++i) {
    threads.emplace_back([&] { taken += taken_at(limiter, kStart); });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(taken.load(), kBurst);
}

}  // namespace
}  // namespace aiges::server
