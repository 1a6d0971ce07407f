#include "engine/tag.h"

#include <gtest/gtest.h>

#include <string>

namespace aiges {
namespace {

TEST(TagText, IsSixteenHexadecimalDigits) {
  EXPECT_STREQ(TagText(0).c_str(), "0000000000000000");
  EXPECT_STREQ(TagText(0x0123456789abcdef).c_str(), "0123456789abcdef");
  EXPECT_EQ(TagText(~TagId{0}).view(), "ffffffffffffffff");
  EXPECT_STREQ(TagText().c_str(), "");
}

TEST(TagText, ParsesWhatItWrote) {
  for (const TagId id : {TagId{0}, TagId{1}, TagId{0xdeadbeef}, ~TagId{0}})
    EXPECT_EQ(TagText::parse(TagText(id).c_str()), id);
}

TEST(TagText, RefusesEverythingElse) {
  for (const char* text :
       {"", "1", "000000000000000", "00000000000000001", "000000000000000g", "000000000000000G",
        "000000000000000A", "0x00000000000000", " 00000000000000 ", "-000000000000001"})
    EXPECT_EQ(TagText::parse(text), std::nullopt) << text;
  EXPECT_EQ(TagText::parse(nullptr), std::nullopt);
}

TEST(TagText, ReadsNoFurtherThanATag) {
  // No NUL within the first seventeen bytes: the sanitizer would see a read past them.
  const std::string text(17, '0');
  char* exact = new char[17];
  text.copy(exact, 17);
  EXPECT_EQ(TagText::parse(exact), std::nullopt);
  delete[] exact;
}

TEST(TagId, NamesItsEngine) {
  const TagId id = make_tag_id(513, 42);
  EXPECT_EQ(engine_number_of(id), 513U);
  EXPECT_EQ(id & ((TagId{1} << kTagSequenceBits) - 1), 42U);
  // A sequence past its bits does not spill into the engine's number.
  EXPECT_EQ(engine_number_of(make_tag_id(7, ~std::uint64_t{0})), 7U);
}

}  // namespace
}  // namespace aiges
