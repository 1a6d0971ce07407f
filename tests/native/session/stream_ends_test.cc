#include "session/stream_ends.h"

#include <gtest/gtest.h>

namespace aiges {
namespace {

TEST(StreamEnds, WithoutAnyStreamNothingHasEnded) { EXPECT_FALSE(StreamEnds({}).all_ended()); }

TEST(StreamEnds, HasEndedWhenEveryStreamSeenHas) {
  StreamEnds ends({});
  ends.note("audio", 0);
  ends.note("text", 1);
  ends.note("audio", 2);
  EXPECT_FALSE(ends.all_ended());
  ends.note("text", 3);
  EXPECT_TRUE(ends.all_ended());
}

TEST(StreamEnds, ADeclaredStreamIsWaitedForBeforeItWasSeen) {
  StreamEnds ends({"audio", "text"});
  ends.note("audio", 2);
  EXPECT_FALSE(ends.all_ended());
  ends.note("text", 2);
  EXPECT_TRUE(ends.all_ended());
}

TEST(StreamEnds, ANewStreamKeepsItOpenAndAnEndedOneStaysEnded) {
  StreamEnds ends({"audio"});
  ends.note("audio", 2);
  ends.note("audio", 1);
  EXPECT_TRUE(ends.all_ended());
  ends.note("late", 1);
  EXPECT_FALSE(ends.all_ended());
  ends.note("late", 2);
  ends.note("late", 2);
  EXPECT_TRUE(ends.all_ended());
}

}  // namespace
}  // namespace aiges
