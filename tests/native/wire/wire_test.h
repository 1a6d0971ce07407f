#pragma once

#include <initializer_list>
#include <string>
#include <string_view>

#include "base/status.h"
#include "buffer/owned_output.h"
#include "support/outputs.h"
#include "wire/out_message.h"

namespace aiges::wire::test {

using aiges::test::bytes_of;
using aiges::test::item_of;

// What would go over the wire, without gRPC's prefix.
inline std::string flat(const OutMessage& message) {
  std::string bytes;
  for (const OutMessage::Piece& piece : message.pieces()) bytes.append(piece.data, piece.size);
  return bytes.substr(OutMessage::kHeadroom);
}

// Raw protobuf, for messages that no encoder of ours would make.
inline std::string varint(std::uint64_t value) {
  std::string bytes;
  for (; value >= 0x80; value >>= 7) bytes += static_cast<char>(value | 0x80);
  return bytes + static_cast<char>(value);
}
inline std::string number(unsigned field, std::uint64_t value) {
  return varint(field << 3) + varint(value);
}
inline std::string sized(unsigned field, std::string_view bytes) {
  return varint(field << 3 | 2) + varint(bytes.size()) + std::string(bytes);
}
inline std::string entry(unsigned field, std::string_view key, std::string_view value) {
  return sized(field, sized(1, key) + sized(2, value));
}
inline std::string repeat(std::string_view bytes, std::size_t times) {
  std::string all;
  all.reserve(bytes.size() * times);
  while (times-- > 0) all += bytes;
  return all;
}

// "key=value key=value"
inline std::string text_of(std::span<const Pair> pairs) {
  std::string text;
  for (const Pair& pair : pairs) {
    if (!text.empty()) text += ' ';
    text += std::string(pair.key) + "=" + std::string(pair.value);
  }
  return text;
}
inline std::string_view bytes_of(const DataItem& item) {
  return {static_cast<const char*>(item.data), item.size};
}
inline bool lies_in(std::string_view part, std::string_view whole) {
  return part.data() >= whole.data() && part.data() + part.size() <= whole.data() + whole.size();
}
// Whether some piece is this very memory.
inline bool has_piece_at(const OutMessage& message, const void* data, std::size_t size) {
  for (const OutMessage::Piece& piece : message.pieces())
    if (piece.data == data && piece.size == size) return true;
  return false;
}

// One payload with a description; says when it is gone.
class WatchedOutput final : public Output {
 public:
  static OutputPtr make(std::string key, std::string bytes, int type, int status,
                        std::initializer_list<Pair> desc, bool* gone = nullptr) {
    return OutputPtr::adopt(
        new WatchedOutput(std::move(key), std::move(bytes), type, status, desc, gone));
  }

 private:
  WatchedOutput(std::string key, std::string bytes, int type, int status,
                std::initializer_list<Pair> desc, bool* gone)
      : key_(std::move(key)), bytes_(std::move(bytes)), gone_(gone) {
    OutputItem item = item_of(key_, bytes_, status);
    item.type = type;
    item.desc_begin = desc_size();
    for (const Pair& pair : desc) add_desc(pair);
    item.desc_end = desc_size();
    add_item(item);
  }
  void dispose() noexcept override {
    if (gone_) *gone_ = true;
    delete this;
  }
  const std::string key_;
  const std::string bytes_;
  bool* const gone_;
};

inline std::string message_of(const Status& status) {
  return status.ok() ? "ok" : status.message();
}

}  // namespace aiges::wire::test
