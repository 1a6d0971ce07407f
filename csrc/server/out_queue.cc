#include "server/out_queue.h"

#include <errno.h>
#include <sys/socket.h>
#include <sys/uio.h>

#include <utility>

namespace aiges::server {
namespace {

constexpr std::size_t kChunk = std::size_t{32} * 1024;  // bytes copied into one segment
constexpr std::size_t kMaxVectors = 64;
constexpr std::size_t kMaxSpare = std::size_t{64} * 1024;  // bytes an idle connection may keep

}  // namespace

void OutQueue::append(std::string_view bytes) {
  if (bytes.empty()) return;
  if (segments_.empty() || segments_.back().owner || segments_.back().own.size() >= kChunk) {
    segments_.emplace_back();
    segments_.back().own = std::exchange(spare_, {});
  }
  segments_.back().own.append(bytes);
  size_ += bytes.size();
}

void OutQueue::borrow(std::string_view bytes, std::shared_ptr<const void> owner) {
  if (bytes.empty()) return;
  segments_.push_back({{}, bytes, std::move(owner)});
  size_ += bytes.size();
}

std::string_view OutQueue::front() const {
  return segments_.empty() ? std::string_view() : segments_.front().view().substr(sent_);
}

void OutQueue::consume(std::size_t bytes) {
  size_ -= bytes;
  while (bytes != 0) {
    Segment& first = segments_.front();
    const std::size_t left = first.view().size() - sent_;
    if (bytes < left) {
      sent_ += bytes;
      return;
    }
    bytes -= left;
    sent_ = 0;
    if (!first.owner && first.own.capacity() <= kMaxSpare) {
      spare_ = std::move(first.own);
      spare_.clear();
    }
    segments_.pop_front();
  }
}

void OutQueue::clear() {
  segments_.clear();
  sent_ = size_ = 0;
}

OutQueue::Sent OutQueue::send_to(int socket) {
  while (size_ != 0) {
    iovec vectors[kMaxVectors];
    std::size_t count = 0;
    std::size_t total = 0;
    std::size_t skip = sent_;
    for (const Segment& segment : segments_) {
      const std::string_view bytes = segment.view().substr(skip);
      skip = 0;
      vectors[count++] = {const_cast<char*>(bytes.data()), bytes.size()};
      total += bytes.size();
      if (count == kMaxVectors) break;
    }
    msghdr message{};
    message.msg_iov = vectors;
    message.msg_iovlen = count;
    const ssize_t sent = ::sendmsg(socket, &message, MSG_NOSIGNAL | MSG_DONTWAIT);
    if (sent < 0) {
      if (errno == EINTR) continue;
      return errno == EAGAIN || errno == EWOULDBLOCK ? Sent::kBlocked : Sent::kBroken;
    }
    consume(static_cast<std::size_t>(sent));
    if (std::cmp_less(sent, total)) return Sent::kBlocked;
  }
  return Sent::kAll;
}

}  // namespace aiges::server
