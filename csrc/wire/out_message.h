#pragma once

#include <cstddef>
#include <cstring>
#include <memory>
#include <span>
#include <string_view>
#include <utility>
#include <vector>

#include "base/small_vector.h"
#include "buffer/output.h"

namespace aiges::wire {

// Payloads of so many bytes and more are sent where they lie; copying smaller ones costs less than
// keeping track of them.
inline constexpr std::size_t kBorrowFrom = 4096;

// An encoded message on its way out: pieces that it owns, and pieces borrowed from results that it
// keeps alive, in order. Small messages need no allocation. Not thread-safe; movable.
class OutMessage {
 public:
  // Bytes in front of the message for gRPC's prefix. They belong to the first piece and count in
  // size(); whoever sends the message fills them in.
  static constexpr std::size_t kHeadroom = 5;

  struct Piece {
    const char* data;
    std::size_t size;  // bytes; never 0
  };

  OutMessage() { start(); }
  OutMessage(OutMessage&& other) noexcept { take(other); }
  OutMessage& operator=(OutMessage&& other) noexcept {
    if (this != &other) take(other);
    return *this;
  }
  ~OutMessage() = default;

  // So many bytes at the end, contiguous, for the caller to fill in at once.
  char* extend(std::size_t bytes) {
    if (std::cmp_greater(bytes, end_ - cursor_)) return extend_slowly(bytes);
    if (!open_) open_piece();
    char* place = cursor_;
    cursor_ += bytes;
    pieces_.back().size += bytes;
    size_ += bytes;
    return place;
  }
  void append(std::string_view bytes) {
    if (!bytes.empty()) std::memcpy(extend(bytes.size()), bytes.data(), bytes.size());
  }
  // The memory stays where and as it is until this message is gone: the caller, or an output given
  // to keep(), sees to that.
  void borrow(const void* data, std::size_t size);
  void keep(OutputPtr output) { kept_.push_back(std::move(output)); }

  std::size_t size() const { return size_; }  // bytes, headroom included
  std::span<const Piece> pieces() const { return pieces_.span(); }
  char* headroom() { return const_cast<char*>(pieces_.data()->data); }

 private:
  static constexpr std::size_t kInline = 256;
  static constexpr std::size_t kChunk = 2048;

  void start();
  void take(OutMessage& other);
  char* extend_slowly(std::size_t bytes);
  void open_piece();

  char inline_[kInline];
  char* cursor_ = nullptr;  // free memory of the current chunk
  char* end_ = nullptr;
  bool open_ = false;  // whether the last piece ends at cursor_ and is ours
  std::size_t size_ = 0;
  SmallVector<Piece, 4> pieces_;
  std::vector<std::unique_ptr<char[]>> chunks_;  // after inline_
  std::vector<OutputPtr> kept_;
};

}  // namespace aiges::wire
