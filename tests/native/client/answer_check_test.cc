#include "client/answer_check.h"

#include <gtest/gtest.h>

#include <array>
#include <cstring>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"

namespace aiges::client {
namespace {

// SHA-256 of "hello".
constexpr std::array<unsigned char, 32> kHello{
    0x2c, 0xf2, 0x4d, 0xba, 0x5f, 0xb0, 0xa3, 0x0e, 0x26, 0xe8, 0x3b, 0x2a, 0xc5, 0xb9, 0xe2, 0x9e,
    0x1b, 0x16, 0x1e, 0x5c, 0x1f, 0xa7, 0x42, 0x5e, 0x73, 0x04, 0x33, 0x62, 0x93, 0x8b, 0x98, 0x24};

DataItem item(std::string_view key, std::string_view bytes) {
  return {key, bytes.data(), bytes.size(), kTypeText, kStatusOnce, {}};
}

class AnswerCheckTest : public testing::Test {
 protected:
  // What is wrong with an answer that came in those pieces, all of the key "a".
  static std::string check(const LoadPlan& plan, const std::vector<std::string_view>& pieces) {
    AnswerCheck checked(plan);
    return again(checked, pieces);
  }
  static std::string again(AnswerCheck& checked, const std::vector<std::string_view>& pieces) {
    checked.begin();
    for (const std::string_view piece : pieces) {
      const DataItem one = item("a", piece);
      checked.add({&one, 1});
    }
    return checked.finish();
  }
  static LoadPlan expecting(std::string bytes) {
    LoadPlan plan;
    plan.expected.push_back({"a", std::move(bytes), {}});
    return plan;
  }
  static LoadPlan expecting_hash() {
    LoadPlan plan;
    plan.expected.push_back({"a", {}, std::string(kHello.begin(), kHello.end())});
    return plan;
  }
};

TEST_F(AnswerCheckTest, TakesAnythingWhereNothingIsExpected) {
  EXPECT_EQ(check({}, {}), "");
  EXPECT_EQ(check({}, {"x"}), "");
}

TEST_F(AnswerCheckTest, PutsPiecesTogether) {
  const LoadPlan plan = expecting("hello");
  EXPECT_EQ(check(plan, {"hello"}), "");
  EXPECT_EQ(check(plan, {"he", "", "llo"}), "");
  EXPECT_EQ(check(plan, {"", "h", "e", "l", "l", "o", ""}), "");
}

TEST_F(AnswerCheckTest, SaysWhereAnAnswerDiffers) {
  const LoadPlan plan = expecting("hello");
  const std::string differs = "item 'a' differs from what was expected at byte ";
  EXPECT_EQ(check(plan, {"jello"}), differs + "0");
  EXPECT_EQ(check(plan, {"hel", "p!"}), differs + "3");
  EXPECT_EQ(check(plan, {"help", "jo"}), differs + "3") << "the first difference counts";
  EXPECT_EQ(check(plan, {"hello", "!"}), differs + "5");
  EXPECT_EQ(check(plan, {"hello", "!", "?"}), differs + "5");
  EXPECT_EQ(check(plan, {"hel"}), "item 'a' has 3 bytes instead of 5");
  EXPECT_EQ(check(plan, {}), "no item 'a' in the answer");
}

TEST_F(AnswerCheckTest, TellsAnEmptyItemFromNone) {
  const LoadPlan plan = expecting("");
  EXPECT_EQ(check(plan, {""}), "");
  EXPECT_EQ(check(plan, {}), "no item 'a' in the answer");
  EXPECT_EQ(check(plan, {"x"}), "item 'a' differs from what was expected at byte 0");
}

TEST_F(AnswerCheckTest, ComparesHashes) {
  const LoadPlan plan = expecting_hash();
  EXPECT_EQ(check(plan, {"hello"}), "");
  EXPECT_EQ(check(plan, {"hel", "lo"}), "");
  EXPECT_EQ(check(plan, {"hello", "!"}), "item 'a' has another SHA-256 than expected");
  EXPECT_EQ(check(plan, {}), "no item 'a' in the answer");
}

// One check serves all units of an exchange.
TEST_F(AnswerCheckTest, ForgetsTheUnitBefore) {
  for (const LoadPlan& plan : {expecting("hello"), expecting_hash()}) {
    AnswerCheck checked(plan);
    EXPECT_NE(again(checked, {"help"}), "");
    EXPECT_EQ(again(checked, {"hello"}), "");
    EXPECT_NE(again(checked, {}), "");
    checked.begin();  // a unit that was given up half-way
    const DataItem part = item("a", "hel");
    checked.add({&part, 1});
    EXPECT_EQ(again(checked, {"hello"}), "");
  }
}

TEST_F(AnswerCheckTest, TellsKeysApart) {
  LoadPlan plan = expecting("one");
  plan.expected.push_back({"b", "two", {}});
  AnswerCheck checked(plan);
  checked.begin();
  const std::array<DataItem, 4> all{item("b", "t"), item("a", "one"), item("c", "?"),
                                    item("b", "wo")};
  checked.add(all);
  EXPECT_EQ(checked.finish(), "");
}

TEST_F(AnswerCheckTest, ReadsStamps) {
  LoadPlan plan;
  plan.stamp_key = "made";
  AnswerCheck checked(plan);
  checked.begin();
  std::array<char, 8> bytes{};
  const std::int64_t made = std::chrono::nanoseconds(Clock::now().time_since_epoch()).count() - 500;
  std::memcpy(bytes.data(), &made, sizeof(made));
  const std::array<DataItem, 3> all{item("made", {bytes.data(), bytes.size()}),
                                    item("made", "short"), item("a", "another")};
  checked.add(all);
  ASSERT_EQ(checked.ages().size(), 1U);
  EXPECT_GE(checked.ages()[0], 500);
  checked.begin();
  EXPECT_TRUE(checked.ages().empty());
}

}  // namespace
}  // namespace aiges::client
