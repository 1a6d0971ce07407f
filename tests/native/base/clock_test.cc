#include "base/clock.h"

#include <gtest/gtest.h>

namespace aiges {
namespace {

using std::chrono::hours;
using std::chrono::milliseconds;

TEST(Deadline, NeverIsInfiniteAndDoesNotPass) {
  EXPECT_TRUE(Deadline::never().infinite());
  EXPECT_FALSE(Deadline::never().passed());
}

TEST(Deadline, NowHasPassed) {
  EXPECT_TRUE(Deadline::at(Clock::now()).passed());
  EXPECT_TRUE(Deadline::after(Clock::duration::zero()).passed());
  EXPECT_TRUE(Deadline::after(milliseconds(-5)).passed());
  EXPECT_TRUE(Deadline::after(Clock::duration::min()).passed());
}

TEST(Deadline, LaterHasNotPassed) {
  const Deadline later = Deadline::after(hours(1));
  EXPECT_FALSE(later.infinite());
  EXPECT_FALSE(later.passed());
  EXPECT_GT(later.time(), Clock::now() + hours(1) - std::chrono::minutes(1));
}

TEST(Deadline, DelaysBeyondTheClockMeanNever) {
  EXPECT_TRUE(Deadline::after(Clock::duration::max()).infinite());
  EXPECT_TRUE(Deadline::after(Clock::duration::max() - milliseconds(1)).infinite());
}

TEST(Deadline, SoonerOfTwo) {
  const Deadline soon = Deadline::after(hours(1));
  const Deadline late = Deadline::after(hours(2));
  EXPECT_EQ(soon.sooner_of(late).time(), soon.time());
  EXPECT_EQ(late.sooner_of(soon).time(), soon.time());
  EXPECT_EQ(Deadline::never().sooner_of(soon).time(), soon.time());
  EXPECT_TRUE(Deadline::never().sooner_of(Deadline::never()).infinite());
}

}  // namespace
}  // namespace aiges
