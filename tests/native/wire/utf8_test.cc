#include "wire/utf8.h"

#include <gtest/gtest.h>

#include <string>
#include <string_view>

namespace aiges::wire {
namespace {

std::string repaired(std::string text) {
  repair_utf8(text.data(), text.size());
  return text;
}

TEST(Utf8, AcceptsWhatIsWellFormed) {
  for (const std::string_view text :
       {"", "a", "seven b", "eight by", "nine byte", "\x7F", "\xC2\x80", "\xDF\xBF", "\xE0\xA0\x80",
        "\xED\x9F\xBF", "\xEE\x80\x80", "\xEF\xBF\xBF", "\xF0\x90\x80\x80", "\xF4\x8F\xBF\xBF",
        "语音 and ascii 识别", "ascii in front 语"})
    EXPECT_TRUE(is_utf8(text)) << text;
  EXPECT_TRUE(is_utf8(std::string_view("\0", 1)));
}

TEST(Utf8, RefusesWhatIsNot) {
  for (const std::string_view text :
       {"\x80", "\xBF", "\xC0\x80", "\xC1\xBF", "\xC2", "\xC2x", "\xE0\x9F\xBF", "\xE4\xBD",
        "\xED\xA0\x80", "\xF0\x8F\xBF\xBF", "\xF4\x90\x80\x80", "\xF5\x80\x80\x80", "\xFF",
        "\xF0\x90\x80", "eight by\x80", "eight bytes, then\xC2", "\x80 behind come more bytes",
        "\xC4\xE3\xBA\xC3"})  // GBK
    EXPECT_FALSE(is_utf8(text)) << text;
}

// Whatever position within a word of eight bytes the fault has.
TEST(Utf8, FindsTheFaultAnywhere) {
  for (std::size_t size = 1; size <= 24; ++size)
    for (std::size_t at = 0; at < size; ++at) {
      std::string text(size, 'a');
      EXPECT_TRUE(is_utf8(text));
      text[at] = '\xFF';
      EXPECT_FALSE(is_utf8(text)) << size << " " << at;
      EXPECT_EQ(utf8_prefix(text), at);
    }
}

TEST(Utf8, RepairsByteByByte) {
  EXPECT_EQ(repaired(""), "");
  EXPECT_EQ(repaired("fine 语"), "fine 语");
  EXPECT_EQ(repaired("a\xFFz"), "a?z");
  EXPECT_EQ(repaired("\xC4\xE3\xBA\xC3"), "????");
  EXPECT_EQ(repaired("cut \xE8\xAF"), "cut ??");
  EXPECT_EQ(repaired("\xED\xA0\x80语"), "???语");
}

}  // namespace
}  // namespace aiges::wire
