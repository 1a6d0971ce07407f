#include "wire/utf8.h"

namespace aiges::wire {
namespace {

// Bytes of the well-formed character at `text`; 0 when there is none.
std::size_t character(const unsigned char* text, std::size_t size) {
  const unsigned char first = text[0];
  if (first < 0x80) return 1;
  std::size_t length = 0;
  unsigned char low = 0x80;  // range of the second byte
  unsigned char high = 0xBF;
  if (first >= 0xC2 && first <= 0xDF) {
    length = 2;
  } else if (first >= 0xE0 && first <= 0xEF) {
    length = 3;
    if (first == 0xE0) low = 0xA0;
    if (first == 0xED) high = 0x9F;
  } else if (first >= 0xF0 && first <= 0xF4) {
    length = 4;
    if (first == 0xF0) low = 0x90;
    if (first == 0xF4) high = 0x8F;
  }
  if (length == 0 || length > size || text[1] < low || text[1] > high) return 0;
  for (std::size_t i = 2; i < length; ++i)
    if ((text[i] & 0xC0) != 0x80) return 0;
  return length;
}

}  // namespace

std::size_t utf8_prefix(std::string_view text) {
  const auto* bytes = reinterpret_cast<const unsigned char*>(text.data());
  std::size_t at = 0;
  while (at < text.size()) {
    const std::size_t length = character(bytes + at, text.size() - at);
    if (length == 0) break;
    at += length;
  }
  return at;
}

void repair_utf8(char* text, std::size_t size) {
  std::size_t at = 0;
  while (true) {
    at += utf8_prefix({text + at, size - at});
    if (at == size) return;
    text[at++] = '?';
  }
}

}  // namespace aiges::wire
