#pragma once

#include <cstddef>
#include <deque>
#include <memory>
#include <string>
#include <string_view>

namespace aiges::server {

// Bytes on their way to a socket: small ones copied into chunks, large ones where they lie. Not
// thread-safe; the connection's lock guards it.
class OutQueue {
 public:
  void append(std::string_view bytes);
  // `bytes` stay until `owner` is dropped, which happens when they were sent.
  void borrow(std::string_view bytes, std::shared_ptr<const void> owner);
  std::size_t size() const { return size_; }
  bool empty() const { return size_ == 0; }
  // The bytes in front, contiguous; what consume() then takes away.
  std::string_view front() const;
  void consume(std::size_t bytes);
  void clear();

  enum class Sent { kAll, kBlocked, kBroken };
  // Sends as much as the non-blocking socket takes.
  Sent send_to(int socket);

 private:
  struct Segment {
    std::string own;            // used when `owner` is null
    std::string_view borrowed;  // else
    std::shared_ptr<const void> owner;
    std::string_view view() const { return owner ? borrowed : std::string_view(own); }
  };
  std::deque<Segment> segments_;
  std::size_t sent_ = 0;  // of the first segment
  std::size_t size_ = 0;
  std::string spare_;  // a chunk's memory, kept for the next one
};

}  // namespace aiges::server
