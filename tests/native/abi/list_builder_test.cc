#include "abi/list_builder.h"

#include <gtest/gtest.h>

#include <array>
#include <cstdint>
#include <string>
#include <vector>

#include "support/outputs.h"

namespace aiges {
namespace {

using test::kind_of;

constexpr std::size_t kTooLong = std::size_t{1} << 32;  // one more than 32 bits can say

std::vector<std::string> lines(const ParamList* list) {
  std::vector<std::string> found;
  for (; list; list = list->next) {
    EXPECT_NE(list->key, nullptr);
    EXPECT_EQ(list->value[list->vlen], '\0');
    found.push_back(std::string(list->key) + "=" + std::string(list->value, list->vlen));
  }
  return found;
}
using Lines = std::vector<std::string>;

DataItem item_at(std::string_view key, const void* data, std::size_t size) {
  DataItem item;
  item.key = key;
  item.data = data;
  item.size = size;
  return item;
}

TEST(ListBuilderParams, KeepOrderAndDuplicates) {
  ListBuilder builder;
  const std::array<Pair, 4> pairs{Pair{"b", "1"}, Pair{"a", "2"}, Pair{"b", "3"}, Pair{"", ""}};
  EXPECT_EQ(lines(builder.params(pairs).value()), (Lines{"b=1", "a=2", "b=3", "="}));
}

TEST(ListBuilderParams, EmptyListIsOneNodeWithoutAKey) {
  ListBuilder builder;
  const pParamList list = builder.params({}).value();
  ASSERT_NE(list, nullptr);
  EXPECT_EQ(list->key, nullptr);
  EXPECT_EQ(list->value, nullptr);
  EXPECT_EQ(list->vlen, 0U);
  EXPECT_EQ(list->next, nullptr);
}

TEST(ListBuilderParams, SidIsAddedUnlessGiven) {
  ListBuilder builder;
  const std::array<Pair, 1> other{Pair{"top", "1"}};
  EXPECT_EQ(lines(builder.params(other, "me").value()), (Lines{"top=1", "sid=me"}));
  EXPECT_EQ(lines(builder.params({}, "me").value()), (Lines{"sid=me"}));
  const std::array<Pair, 1> own{Pair{"sid", "mine"}};
  EXPECT_EQ(lines(builder.params(own, "me").value()), (Lines{"sid=mine"}));
}

TEST(ListBuilderParams, AreCopies) {
  ListBuilder builder;
  std::string key = "key";
  std::string value = "value";
  const std::array<Pair, 1> pairs{Pair{key, value}};
  const pParamList list = builder.params(pairs).value();
  EXPECT_NE(list->key, key.data());
  key = value = "XXXXX";
  EXPECT_EQ(lines(list), (Lines{"key=value"}));
}

TEST(ListBuilderParams, ValuesMayHoldNulKeysMayNot) {
  ListBuilder builder;
  using namespace std::string_view_literals;
  const std::array<Pair, 1> good{Pair{"key", "a\0b"sv}};
  const pParamList list = builder.params(good).value();
  EXPECT_EQ(list->vlen, 3U);
  EXPECT_EQ(std::string(list->value, 4), "a\0b\0"sv);
  const std::array<Pair, 1> bad{Pair{"k\0y"sv, "value"}};
  const Result<pParamList> refused = builder.params(bad);
  EXPECT_EQ(kind_of(refused), "invalid data");
  EXPECT_NE(refused.status().message().find("'k\\0...'"), std::string::npos)
      << refused.status().message();
}

TEST(ListBuilderParams, ValueMustFitItsLength) {
  ListBuilder builder;
  // Never read: only the length is looked at.
  const std::array<Pair, 1> pairs{Pair{"huge", std::string_view("x", kTooLong)}};
  EXPECT_EQ(kind_of(builder.params(pairs)), "invalid data");
}

TEST(ListBuilderData, PayloadIsTheCallersAddress) {
  ListBuilder builder;
  const std::string bytes = "payload";
  DataItem item = item_at("img", bytes.data(), bytes.size());
  item.type = 2;
  item.status = 1;
  const std::array<Pair, 2> desc{Pair{"w", "8"}, Pair{"h", "9"}};
  item.desc = desc;
  const pDataList list = builder.data({&item, 1}).value();
  EXPECT_STREQ(list->key, "img");
  EXPECT_EQ(list->data, bytes.data());
  EXPECT_EQ(list->len, 7U);
  EXPECT_EQ(list->type, DataImage);
  EXPECT_EQ(list->status, DataContinue);
  EXPECT_EQ(lines(list->desc), (Lines{"w=8", "h=9"}));
  EXPECT_EQ(list->next, nullptr);
}

TEST(ListBuilderData, EmptyListAndEmptyDescAreNodes) {
  ListBuilder builder;
  const pDataList empty = builder.data({}).value();
  ASSERT_NE(empty, nullptr);
  EXPECT_EQ(empty->key, nullptr);
  EXPECT_EQ(empty->data, nullptr);
  EXPECT_EQ(empty->len, 0U);
  EXPECT_EQ(empty->next, nullptr);
  ASSERT_NE(empty->desc, nullptr);
  EXPECT_EQ(empty->desc->key, nullptr);

  const DataItem item = item_at("k", nullptr, 0);
  const pDataList list = builder.data({&item, 1}).value();
  ASSERT_NE(list->desc, nullptr);
  EXPECT_EQ(list->desc->key, nullptr);
  EXPECT_EQ(list->desc->next, nullptr);
}

TEST(ListBuilderData, SeveralItemsKeepTheirOrder) {
  ListBuilder builder;
  std::vector<DataItem> items;
  for (const char* key : {"a", "b", "a"}) items.push_back(item_at(key, key, 1));
  const pDataList list = builder.data(items).value();
  EXPECT_STREQ(list->key, "a");
  EXPECT_STREQ(list->next->key, "b");
  EXPECT_STREQ(list->next->next->key, "a");
  EXPECT_EQ(list->next->next->next, nullptr);
}

TEST(ListBuilderData, NumbersOutsideTheEnumerationsPass) {
  ListBuilder builder;
  DataItem item = item_at("k", "x", 1);
  item.type = 4;
  item.status = 3;
  const pDataList list = builder.data({&item, 1}).value();
  EXPECT_EQ(static_cast<int>(list->type), 4);
  EXPECT_EQ(static_cast<int>(list->status), 3);
}

TEST(ListBuilderData, FourGibibytesAreRefusedOneLessIsNot) {
  ListBuilder builder;
  DataItem item = item_at("huge", "x", kTooLong);
  const Result<pDataList> refused = builder.data({&item, 1});
  EXPECT_EQ(kind_of(refused), "invalid data");
  EXPECT_EQ(refused.status().code(), Code::kInvalidData);
  EXPECT_NE(refused.status().message().find("4294967296"), std::string::npos);
  item.size = kTooLong - 1;
  EXPECT_EQ(builder.data({&item, 1}).value()->len, 0xFFFFFFFFU);
}

TEST(ListBuilderData, BadKeysAndBadDescriptionsAreRefused) {
  ListBuilder builder;
  using namespace std::string_view_literals;
  DataItem item = item_at("a\0b"sv, "x", 1);
  EXPECT_EQ(kind_of(builder.data({&item, 1})), "invalid data");
  item.key = "good";
  const std::array<Pair, 1> desc{Pair{"\0"sv, ""}};
  item.desc = desc;
  EXPECT_EQ(kind_of(builder.data({&item, 1})), "invalid data");
}

// Around the end of the memory inside, and of each block after it.
TEST(ListBuilderMemory, EverythingStaysIntactWhenItOverflows) {
  for (std::size_t size = 900; size < 1100; size += 7) {
    ListBuilder builder;
    const std::string big(size, 'b');
    std::vector<Pair> pairs;
    std::vector<std::string> expected;
    std::vector<std::string> keys(300);
    for (std::size_t i = 0; i < keys.size(); ++i) {
      keys[i] = "k" + std::string(i % 17, 'x') + std::to_string(i);
      pairs.push_back({keys[i], i % 50 == 0 ? std::string_view(big) : "v"});
      expected.push_back(keys[i] + "=" + (i % 50 == 0 ? big : "v"));
    }
    const pParamList first = builder.params(pairs).value();
    const pParamList second = builder.params(pairs).value();
    ASSERT_EQ(lines(first), expected);
    ASSERT_EQ(lines(second), expected);
    for (const ParamList* node = first; node; node = node->next)
      ASSERT_EQ(reinterpret_cast<std::uintptr_t>(node) % alignof(ParamList), 0U);
  }
}

TEST(ListBuilderMemory, ValueLargerThanABlock) {
  ListBuilder builder;
  const std::string big(100'000, 'x');
  const std::array<Pair, 3> pairs{Pair{"a", "1"}, Pair{"big", big}, Pair{"z", "2"}};
  EXPECT_EQ(lines(builder.params(pairs).value()), (Lines{"a=1", "big=" + big, "z=2"}));
}

}  // namespace
}  // namespace aiges
