#pragma once

#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <span>
#include <string>
#include <string_view>

#include "buffer/data_item.h"
#include "wire/out_message.h"
#include "wire/utf8.h"

// What every fuzzer checks of what a decoder accepted.
namespace aiges::wire::fuzz {

inline void require(bool condition, const char* what) {
  if (condition) return;
  std::fprintf(stderr, "not so: %s\n", what);
  std::abort();
}

inline std::string_view input(const std::uint8_t* data, std::size_t size) {
  return {reinterpret_cast<const char*>(data), size};
}
// Views lead into the message and nowhere else. Empty ones lead nowhere.
inline void check_view(std::string_view view, std::string_view message) {
  if (view.empty()) return;
  require(
      view.data() >= message.data() && view.data() + view.size() <= message.data() + message.size(),
      "a view lies within the message");
}
inline void check_text(std::string_view text, std::string_view message) {
  check_view(text, message);
  require(is_utf8(text), "a text is UTF-8");
}
inline void check_pairs(std::span<const Pair> pairs, std::string_view message) {
  for (const Pair& pair : pairs) {
    check_text(pair.key, message);
    check_text(pair.value, message);
  }
}
inline void check_items(std::span<const DataItem> items, std::string_view message) {
  for (const DataItem& item : items) {
    check_text(item.key, message);
    check_view({static_cast<const char*>(item.data), item.size}, message);
    check_pairs(item.desc, message);
  }
}

inline std::string flat(const OutMessage& message) {
  std::string bytes;
  for (const OutMessage::Piece& piece : message.pieces()) {
    require(piece.size != 0, "no piece is empty");
    bytes.append(piece.data, piece.size);
  }
  require(bytes.size() == message.size(), "the size is that of the pieces");
  return bytes.substr(OutMessage::kHeadroom);
}

}  // namespace aiges::wire::fuzz
