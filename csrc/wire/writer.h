#pragma once

#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>
#include <string_view>

#include "buffer/data_item.h"
#include "wire/out_message.h"
#include "wire/utf8.h"

// What the encoders of this folder share. A nested message is preceded by its size, so everything
// has a function that says its size and one that writes it. As proto3 has it, fields with their
// default value are not written; elements of repeated fields always are. All field numbers here are
// below 16: a tag is one byte.
namespace aiges::wire {

inline std::size_t varint_size(std::uint64_t value) {
  return (static_cast<std::size_t>(std::bit_width(value | 1)) + 6) / 7;
}
inline char* put_varint(char* at, std::uint64_t value) {
  while (value >= 0x80) {
    *at++ = static_cast<char>(value | 0x80);
    value >>= 7;
  }
  *at++ = static_cast<char>(value);
  return at;
}
inline char* put_tag(char* at, unsigned field, unsigned wire_type) {
  *at++ = static_cast<char>(field << 3 | wire_type);
  return at;
}

// ---- int32, uint32 and enumerations ----

// A negative number takes ten bytes.
inline std::uint64_t as_varint(std::int32_t value) {
  return static_cast<std::uint64_t>(static_cast<std::int64_t>(value));
}
inline std::size_t int32_size(std::int32_t value) {
  return value == 0 ? 0 : 1 + varint_size(as_varint(value));
}
inline char* put_int32(char* at, unsigned field, std::int32_t value) {
  return value == 0 ? at : put_varint(put_tag(at, field, 0), as_varint(value));
}
inline void write_int32(OutMessage& out, unsigned field, std::int32_t value) {
  if (value != 0) put_int32(out.extend(int32_size(value)), field, value);
}

// ---- what has a length: texts, bytes, messages ----

inline std::size_t sized(std::size_t size) { return 1 + varint_size(size) + size; }
inline char* put_size(char* at, unsigned field, std::size_t size) {
  return put_varint(put_tag(at, field, 2), size);
}
// Tag and size of a message or of bytes that follow.
inline void write_size(OutMessage& out, unsigned field, std::size_t size) {
  put_size(out.extend(1 + varint_size(size)), field, size);
}

inline std::size_t text_size(std::string_view text) {
  return text.empty() ? 0 : sized(text.size());
}
// An element of a repeated field, which is written also when it is empty.
inline char* put_element(char* at, unsigned field, std::string_view text) {
  at = put_size(at, field, text.size());
  if (!text.empty()) std::memcpy(at, text.data(), text.size());
  // Engines may give text in any encoding; a client would refuse the whole message for it.
  if (!is_utf8({at, text.size()})) repair_utf8(at, text.size());
  return at + text.size();
}
inline char* put_text(char* at, unsigned field, std::string_view text) {
  return text.empty() ? at : put_element(at, field, text);
}
inline void write_text(OutMessage& out, unsigned field, std::string_view text) {
  if (!text.empty()) put_element(out.extend(sized(text.size())), field, text);
}
inline void write_element(OutMessage& out, unsigned field, std::string_view text) {
  put_element(out.extend(sized(text.size())), field, text);
}

// Whether bytes of this size are sent from where they lie.
inline bool is_borrowed(std::size_t size) { return size >= kBorrowFrom; }
inline std::size_t bytes_size(std::size_t size) { return size == 0 ? 0 : sized(size); }
// Large data is borrowed: the caller gives its owner to `out`, if there is one.
inline void write_bytes(OutMessage& out, unsigned field, const void* data, std::size_t size) {
  if (size == 0) return;
  write_size(out, field, size);
  if (is_borrowed(size)) {
    out.borrow(data, size);
  } else {
    out.append({static_cast<const char*>(data), size});
  }
}

// ---- map<string, string> ----

inline std::size_t pair_size(const Pair& pair) {
  return sized(text_size(pair.key) + text_size(pair.value));
}
inline void write_pair(OutMessage& out, unsigned field, const Pair& pair) {
  const std::size_t entry = text_size(pair.key) + text_size(pair.value);
  char* at = put_size(out.extend(sized(entry)), field, entry);
  put_text(put_text(at, 1, pair.key), 2, pair.value);
}
inline std::size_t pairs_size(std::span<const Pair> pairs) {
  std::size_t size = 0;
  for (const Pair& pair : pairs) size += pair_size(pair);
  return size;
}
inline void write_pairs(OutMessage& out, unsigned field, std::span<const Pair> pairs) {
  for (const Pair& pair : pairs) write_pair(out, field, pair);
}

}  // namespace aiges::wire
