#include "server/out_queue.h"

#include <gtest/gtest.h>
#include <sys/socket.h>
#include <unistd.h>

#include <thread>

namespace aiges::server {
namespace {

// Bytes that tell where they come from.
std::string pattern(std::size_t size, std::size_t from = 0) {
  std::string bytes(size, '\0');
  for (std::size_t i = 0; i < size; ++i) bytes[i] = static_cast<char>((from + i) * 31 >> 3);
  return bytes;
}

std::string take_all(OutQueue& queue, std::size_t step) {
  std::string all;
  while (!queue.empty()) {
    const std::string_view part = queue.front().substr(0, step);
    if (part.empty()) {
      ADD_FAILURE() << queue.size() << " bytes and none in front";
      break;
    }
    all += part;
    queue.consume(part.size());
  }
  return all;
}

class SocketPair {
 public:
  SocketPair() {
    EXPECT_EQ(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends_), 0);
    const int small = 4096;
    ::setsockopt(ends_[0], SOL_SOCKET, SO_SNDBUF, &small, sizeof small);
  }
  ~SocketPair() {
    ::close(ends_[0]);
    hang_up();
  }
  SocketPair(const SocketPair&) = delete;
  SocketPair& operator=(const SocketPair&) = delete;
  int server() const { return ends_[0]; }
  std::string receive(std::size_t most) const {
    std::string bytes(most, '\0');
    const ssize_t size = ::recv(ends_[1], bytes.data(), most, 0);
    bytes.resize(size > 0 ? static_cast<std::size_t>(size) : 0);
    return bytes;
  }
  void hang_up() {
    if (ends_[1] >= 0) ::close(std::exchange(ends_[1], -1));
  }

 private:
  int ends_[2] = {-1, -1};
};

TEST(OutQueueTest, BytesComeOutAsTheyWentIn) {
  for (const std::size_t step : {1U, 7U, 1000U, 1U << 20}) {
    OutQueue queue;
    std::string expected;
    const auto large = std::make_shared<const std::string>(pattern(50'000));
    for (std::size_t i = 0; i < 40; ++i) {
      const std::string small = pattern(i * 97, i);
      queue.append(small);
      expected += small;
      if (i % 5 == 0) {
        queue.borrow(*large, large);
        expected += *large;
      }
    }
    EXPECT_EQ(queue.size(), expected.size());
    EXPECT_TRUE(take_all(queue, step) == expected) << "in steps of " << step;
    EXPECT_EQ(queue.size(), 0U);
  }
}

TEST(OutQueueTest, WhatIsBorrowedStaysWhereItLies) {
  OutQueue queue;
  auto owner = std::make_shared<const std::string>(pattern(100));
  const std::weak_ptr<const std::string> alive = owner;
  const std::string_view bytes = *owner;
  const char* place = bytes.data();
  queue.append("before");
  queue.borrow(bytes, std::move(owner));
  queue.append("after");
  queue.consume(6);
  EXPECT_EQ(queue.front().data(), place);
  queue.consume(99);
  EXPECT_FALSE(alive.expired()) << "its last byte is still to be sent";
  EXPECT_EQ(queue.front().data(), place + 99);
  queue.consume(1);
  EXPECT_TRUE(alive.expired());
  EXPECT_EQ(queue.front(), "after");
}

TEST(OutQueueTest, SmallPiecesLieTogether) {
  OutQueue queue;
  queue.append("one ");
  queue.append("two ");
  queue.append("three");
  EXPECT_EQ(queue.front(), "one two three");
  queue.consume(4);
  queue.append("!");
  EXPECT_EQ(queue.front(), "two three!");
}

TEST(OutQueueTest, NothingIsNothing) {
  OutQueue queue;
  queue.append("");
  const auto owner = std::make_shared<int>();
  queue.borrow("", owner);
  EXPECT_TRUE(queue.empty());
  EXPECT_EQ(queue.front(), "");
  EXPECT_EQ(owner.use_count(), 1);
}

TEST(OutQueueTest, ClearingLetsGoOfWhatIsBorrowed) {
  OutQueue queue;
  const auto owner = std::make_shared<const std::string>("borrowed");
  queue.append("own");
  queue.borrow(*owner, owner);
  queue.consume(1);
  queue.clear();
  EXPECT_TRUE(queue.empty());
  EXPECT_EQ(owner.use_count(), 1);
  queue.append("new");
  EXPECT_EQ(queue.front(), "new") << "how far the old bytes were sent is forgotten";
}

TEST(OutQueueTest, ABlockedSocketTakesTheRestLater) {
  SocketPair sockets;
  OutQueue queue;
  std::string expected;
  for (std::size_t i = 0; i < 200; ++i) {  // more segments than one call takes
    const auto owner = std::make_shared<const std::string>(pattern(3000, i));
    queue.borrow(*owner, owner);
    queue.append("|");
    expected += *owner + "|";
  }
  ASSERT_EQ(queue.send_to(sockets.server()), OutQueue::Sent::kBlocked);
  EXPECT_GT(queue.size(), 0U);
  EXPECT_LT(queue.size(), expected.size());
  std::string received;
  while (received.size() < expected.size()) {
    const std::string part = sockets.receive(10'000);
    ASSERT_FALSE(part.empty());
    received += part;
    ASSERT_NE(queue.send_to(sockets.server()), OutQueue::Sent::kBroken);
  }
  EXPECT_TRUE(received == expected);
  EXPECT_EQ(queue.send_to(sockets.server()), OutQueue::Sent::kAll);
}

TEST(OutQueueTest, AClosedSocketIsSaidSo) {
  SocketPair sockets;
  sockets.hang_up();
  OutQueue queue;
  EXPECT_EQ(queue.send_to(sockets.server()), OutQueue::Sent::kAll) << "nothing to send";
  queue.append("lost");
  EXPECT_EQ(queue.send_to(sockets.server()), OutQueue::Sent::kBroken);
}

}  // namespace
}  // namespace aiges::server
