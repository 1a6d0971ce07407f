#pragma once

#include <array>
#include <cstdint>
#include <cstring>
#include <optional>
#include <string_view>

namespace aiges {

// The id behind a `usrTag`: which engine, and which of its requests. It is looked up in a table
// when it comes back, never followed as a pointer. The text form is 16 lower-case hexadecimal
// digits.
using TagId = std::uint64_t;

inline constexpr unsigned kTagSequenceBits = 40;
inline constexpr TagId make_tag_id(std::uint32_t engine_number, std::uint64_t sequence) {
  return (TagId{engine_number} << kTagSequenceBits) |
         (sequence & ((TagId{1} << kTagSequenceBits) - 1));
}
inline constexpr std::uint32_t engine_number_of(TagId id) {
  return static_cast<std::uint32_t>(id >> kTagSequenceBits);
}

class TagText {
 public:
  static constexpr std::size_t kLength = 16;

  TagText() { text_[0] = '\0'; }
  explicit TagText(TagId id) { set(id); }

  void set(TagId id) {
    constexpr char kDigits[] = "0123456789abcdef";
    for (std::size_t i = kLength; i-- > 0; id >>= 4) text_[i] = kDigits[id & 15];
    text_[kLength] = '\0';
  }
  const char* c_str() const { return text_.data(); }
  std::string_view view() const { return {text_.data(), kLength}; }

  // Reads a tag that came from an engine: never past its NUL, never more than a tag's length.
  static std::optional<TagId> parse(const char* text) {
    if (!text || ::strnlen(text, kLength + 1) != kLength) return std::nullopt;
    TagId id = 0;
    for (std::size_t i = 0; i < kLength; ++i) {
      const char c = text[i];
      if (c >= '0' && c <= '9') {
        id = id << 4 | static_cast<TagId>(c - '0');
      } else if (c >= 'a' && c <= 'f') {
        id = id << 4 | static_cast<TagId>(c - 'a' + 10);
      } else {
        return std::nullopt;
      }
    }
    return id;
  }

 private:
  std::array<char, kLength + 1> text_;
};

}  // namespace aiges
