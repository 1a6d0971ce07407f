#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string_view>

namespace aiges::wire {

// How many bytes in front are well-formed UTF-8 (RFC 3629: no overlong forms, no surrogates).
std::size_t utf8_prefix(std::string_view text);
// Overwrites every byte that is not part of well-formed UTF-8 with '?'.
void repair_utf8(char* text, std::size_t size);

inline bool is_utf8(std::string_view text) {
  // Nearly all text is ASCII: eight bytes at a time.
  constexpr std::uint64_t kHighBits = 0x8080808080808080U;
  std::size_t at = 0;
  for (; at + 8 <= text.size(); at += 8) {
    std::uint64_t word;
    std::memcpy(&word, text.data() + at, 8);
    if (word & kHighBits) break;
  }
  unsigned char rest = 0;
  if (text.size() - at < 8) {
    for (std::size_t i = at; i < text.size(); ++i) rest |= static_cast<unsigned char>(text[i]);
    if (rest < 0x80) return true;
  }
  return utf8_prefix(text.substr(at)) == text.size() - at;
}

}  // namespace aiges::wire
