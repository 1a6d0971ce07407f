#include "wire/out_message.h"

#include <algorithm>

namespace aiges::wire {

void OutMessage::start() {
  cursor_ = inline_;
  end_ = inline_ + kInline;
  open_ = false;
  size_ = 0;
  std::memset(extend(kHeadroom), 0, kHeadroom);
}

void OutMessage::take(OutMessage& other) {
  pieces_ = std::move(other.pieces_);
  chunks_ = std::move(other.chunks_);
  kept_ = std::move(other.kept_);
  size_ = other.size_;
  open_ = other.open_;
  const std::size_t used =
      chunks_.empty() ? static_cast<std::size_t>(other.cursor_ - other.inline_) : kInline;
  std::memcpy(inline_, other.inline_, used);
  if (chunks_.empty()) {
    cursor_ = inline_ + used;
    end_ = inline_ + kInline;
  } else {
    cursor_ = other.cursor_;
    end_ = other.end_;
  }
  const std::less<> before;
  for (Piece& piece : pieces_)
    if (!before(piece.data, other.inline_) && before(piece.data, other.inline_ + kInline))
      piece.data = inline_ + (piece.data - other.inline_);
  other.pieces_ = {};
  other.chunks_.clear();
  other.kept_.clear();
  other.start();
}

void OutMessage::open_piece() {
  pieces_.push_back({cursor_, 0});
  open_ = true;
}

char* OutMessage::extend_slowly(std::size_t bytes) {
  const std::size_t capacity = std::max(bytes, kChunk);
  chunks_.push_back(std::make_unique_for_overwrite<char[]>(capacity));
  cursor_ = chunks_.back().get();
  end_ = cursor_ + capacity;
  open_ = false;
  return extend(bytes);
}

void OutMessage::borrow(const void* data, std::size_t size) {
  if (size == 0) return;
  pieces_.push_back({static_cast<const char*>(data), size});
  size_ += size;
  open_ = false;
}

}  // namespace aiges::wire
