#include "wire/out_message.h"

#include <gtest/gtest.h>

#include <string>
#include <utility>

#include "wire/wire_test.h"

namespace aiges::wire {
namespace {

using test::flat;
using test::has_piece_at;
using test::WatchedOutput;

TEST(OutMessage, EmptyOneIsItsHeadroom) {
  OutMessage message;
  EXPECT_EQ(message.size(), OutMessage::kHeadroom);
  ASSERT_EQ(message.pieces().size(), 1U);
  EXPECT_EQ(message.headroom(), message.pieces()[0].data);
  EXPECT_EQ(flat(message), "");
}

TEST(OutMessage, HeadroomIsFilledInAfterwards) {
  OutMessage message;
  message.append("body");
  std::memcpy(message.headroom(), "12345", OutMessage::kHeadroom);
  ASSERT_EQ(message.pieces().size(), 1U);
  EXPECT_EQ(std::string(message.pieces()[0].data, message.size()), "12345body");
}

TEST(OutMessage, SmallOnesArePutTogetherInOnePiece) {
  OutMessage message;
  for (int i = 0; i < 50; ++i) message.append("abcd");
  EXPECT_EQ(message.pieces().size(), 1U);
  EXPECT_EQ(flat(message), test::repeat("abcd", 50));
}

TEST(OutMessage, GrowsInOrder) {
  OutMessage message;
  std::string expected;
  for (std::size_t i = 0; i < 200; ++i) {
    const std::string part(i * 7, static_cast<char>('a' + i % 26));
    message.append(part);
    expected += part;
  }
  EXPECT_EQ(flat(message), expected);
  EXPECT_EQ(message.size(), expected.size() + OutMessage::kHeadroom);
}

TEST(OutMessage, BorrowsInOrderWithoutCopies) {
  const std::string first(10000, 'x');
  const std::string second(20000, 'y');
  OutMessage message;
  message.append("<");
  message.borrow(first.data(), first.size());
  message.borrow(second.data(), second.size());
  message.append(">");
  message.borrow(first.data(), 0);
  EXPECT_EQ(flat(message), "<" + first + second + ">");
  EXPECT_EQ(message.size(), OutMessage::kHeadroom + 30002);
  EXPECT_EQ(message.pieces().size(), 4U);
  EXPECT_TRUE(has_piece_at(message, first.data(), first.size()));
  EXPECT_TRUE(has_piece_at(message, second.data(), second.size()));
}

TEST(OutMessage, NoPieceIsEmpty) {
  const std::string large(5000, 'x');
  OutMessage message;
  for (int i = 0; i < 5; ++i) {
    message.append("");
    message.borrow(large.data(), large.size());
  }
  for (const OutMessage::Piece& piece : message.pieces()) EXPECT_NE(piece.size, 0U);
}

TEST(OutMessage, MovesWithWhatItHolds) {
  const std::string large(10000, 'x');
  for (const std::size_t front : {10U, 5000U}) {  // within the object itself, and beyond it
    const std::string head(front, 'h');
    OutMessage source;
    source.append(head);
    source.borrow(large.data(), large.size());
    source.append("tail");
    OutMessage target(std::move(source));
    EXPECT_EQ(flat(target), head + large + "tail");
    EXPECT_EQ(target.headroom(), target.pieces()[0].data);
    target.append("more");
    EXPECT_EQ(flat(target), head + large + "tailmore");
    EXPECT_EQ(flat(source), "");  // NOLINT: a moved-from message is an empty one
    source.append("again");
    EXPECT_EQ(flat(source), "again");
    EXPECT_EQ(flat(target), head + large + "tailmore");

    OutMessage other;
    other.append("dropped");
    other = std::move(target);
    EXPECT_EQ(flat(other), head + large + "tailmore");
  }
}

TEST(OutMessage, KeepsOutputsUntilItIsGone) {
  bool gone = false;
  OutMessage moved;
  {
    OutMessage message;
    OutputPtr output = WatchedOutput::make("k", std::string(9000, 'x'), 0, 3, {}, &gone);
    message.borrow(output->items()[0].data, output->items()[0].size);
    message.keep(std::move(output));
    moved = std::move(message);
  }
  EXPECT_FALSE(gone);
  EXPECT_EQ(flat(moved), std::string(9000, 'x'));
  moved = OutMessage();
  EXPECT_TRUE(gone);
}

}  // namespace
}  // namespace aiges::wire
