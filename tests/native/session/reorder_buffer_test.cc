#include "session/reorder_buffer.h"

#include <gtest/gtest.h>

#include <initializer_list>
#include <string>

namespace aiges {
namespace {

using std::chrono::seconds;

class ReorderBufferTest : public testing::Test {
 protected:
  static Frame frame(std::int64_t id, std::size_t bytes = 0) {
    Frame made;
    made.sync_id = id;
    DataItem item;
    item.size = bytes;
    made.items.push_back(item);
    return made;
  }
  Status push(std::int64_t id, std::size_t bytes = 0) {
    return buffer().push(frame(id, bytes), now_);
  }
  void push_all(std::initializer_list<std::int64_t> ids) {
    for (const std::int64_t id : ids) EXPECT_TRUE(push(id).ok()) << id;
  }
  // The ids that come out, in order.
  std::string pop_all() {
    std::string ids;
    while (const auto next = buffer().pop(now_)) ids += std::to_string(next->sync_id) + " ";
    return ids;
  }
  ReorderBuffer& buffer() {
    if (!buffer_) buffer_.emplace(options_);
    return *buffer_;
  }
  ReorderBuffer::Options options_;
  std::optional<ReorderBuffer> buffer_;
  Clock::time_point now_ = Clock::now();
};

TEST_F(ReorderBufferTest, BeginsWithTheFirstFrameWhateverItsId) {
  push_all({7, 8, 9});
  EXPECT_EQ(pop_all(), "7 8 9 ");
  EXPECT_TRUE(buffer().gap_deadline().infinite());
}

TEST_F(ReorderBufferTest, BringsFramesIntoOrder) {
  push_all({0});
  EXPECT_EQ(pop_all(), "0 ");
  push_all({3, 1});
  EXPECT_EQ(pop_all(), "1 ");
  push_all({2});
  EXPECT_EQ(pop_all(), "2 3 ");
}

TEST_F(ReorderBufferTest, WhatComesTwiceOrTooLateIsDroppedAndCounted) {
  push_all({5, 7, 7, 5, 4});
  EXPECT_EQ(buffer().counts().duplicates, 2U);
  EXPECT_EQ(buffer().counts().old, 1U);
  push_all({6});
  EXPECT_EQ(pop_all(), "5 6 7 ");
  push_all({7});
  EXPECT_EQ(buffer().counts().old, 2U);
  EXPECT_EQ(pop_all(), "");
}

TEST_F(ReorderBufferTest, ADroppedFrameStaysWithItsOwner) {
  push_all({1});
  Frame again = frame(1);
  again.keep = std::make_shared<int>(1);
  EXPECT_TRUE(buffer().push(std::move(again), now_).ok());
  EXPECT_NE(again.keep, nullptr);  // NOLINT(bugprone-use-after-move)
}

TEST_F(ReorderBufferTest, AGapIsSkippedAfterItsTimeAndReported) {
  push_all({0});
  EXPECT_EQ(pop_all(), "0 ");
  push_all({3});
  const auto noticed = now_;
  EXPECT_EQ(buffer().gap_deadline().time(), noticed + seconds(5));
  now_ += seconds(4);
  push_all({4});
  EXPECT_EQ(buffer().gap_deadline().time(), noticed + seconds(5)) << "it is the same gap";
  EXPECT_TRUE(buffer().expire(now_).ok());
  EXPECT_EQ(pop_all(), "");
  now_ += seconds(1);
  EXPECT_TRUE(buffer().expire(now_).ok());
  EXPECT_EQ(pop_all(), "3 4 ");
  EXPECT_EQ(buffer().counts().skipped, 2U);
  EXPECT_TRUE(buffer().gap_deadline().infinite());
  push_all({2});
  EXPECT_EQ(buffer().counts().old, 1U);
}

TEST_F(ReorderBufferTest, TheNextGapHasItsOwnTime) {
  push_all({0, 2, 4});
  EXPECT_EQ(pop_all(), "0 ");
  now_ += seconds(3);
  push_all({1});
  EXPECT_TRUE(buffer().gap_deadline().infinite()) << "nothing is missing before frame 1";
  EXPECT_EQ(pop_all(), "1 2 ");
  EXPECT_EQ(buffer().gap_deadline().time(), now_ + seconds(5));
}

TEST_F(ReorderBufferTest, AGapMayFailInstead) {
  options_.gap_policy = GapPolicy::kFail;
  push_all({0, 4});
  EXPECT_EQ(pop_all(), "0 ");
  now_ += seconds(5);
  const Status status = buffer().expire(now_);
  ASSERT_FALSE(status.ok());
  EXPECT_EQ(status.code(), Code::kInvalidData);
  EXPECT_EQ(status.message(), "frames 1 to 3 did not come within 5000 ms after frame 4");
}

TEST_F(ReorderBufferTest, TooManyEarlyFramesFail) {
  options_.max_frames = 2;
  push_all({0});
  EXPECT_EQ(pop_all(), "0 ");
  push_all({2, 3});
  const Status status = push(4);
  ASSERT_FALSE(status.ok());
  EXPECT_EQ(status.code(), Code::kOverload);
  push_all({1});
  EXPECT_EQ(pop_all(), "1 2 3 ");
}

TEST_F(ReorderBufferTest, TooManyEarlyBytesFailAndTheNextFrameIsAlwaysTaken) {
  options_.max_bytes = 10;
  EXPECT_TRUE(push(0, 100).ok());
  EXPECT_EQ(pop_all(), "0 ");
  EXPECT_TRUE(push(2, 6).ok());
  EXPECT_FALSE(push(3, 5).ok());
  EXPECT_TRUE(push(3, 4).ok());
  EXPECT_TRUE(push(1, 100).ok());
  EXPECT_EQ(pop_all(), "1 2 3 ");
  EXPECT_TRUE(push(5, 10).ok()) << "what was popped does not count any more";
}

TEST_F(ReorderBufferTest, EverythingCanBeDropped) {
  push_all({0, 2});
  EXPECT_EQ(buffer().drop_all().size(), 2U);
  EXPECT_EQ(pop_all(), "");
  EXPECT_TRUE(buffer().gap_deadline().infinite());
}

}  // namespace
}  // namespace aiges
