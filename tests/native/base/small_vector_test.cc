#include "base/small_vector.h"

#include <gtest/gtest.h>

#include <numeric>
#include <vector>

namespace aiges {
namespace {

using Small = SmallVector<int, 3>;

TEST(SmallVector, StartsEmpty) {
  Small values;
  EXPECT_EQ(values.size(), 0U);
  EXPECT_TRUE(values.span().empty());
  EXPECT_EQ(values.begin(), values.end());
}

TEST(SmallVector, KeepsTheFirstFewInside) {
  Small values;
  for (int i = 0; i < 3; ++i) values.push_back(i);
  const auto* object = reinterpret_cast<const char*>(&values);
  const auto* first = reinterpret_cast<const char*>(values.data());
  EXPECT_GE(first, object);
  EXPECT_LT(first, object + sizeof values);
  EXPECT_EQ(values.back(), 2);
}

TEST(SmallVector, KeepsOrderAcrossTheBorder) {
  Small values;
  for (int i = 0; i < 100; ++i) {
    values.push_back(i);
    ASSERT_EQ(values.size(), static_cast<std::size_t>(i) + 1);
    ASSERT_EQ(values.back(), i);
    ASSERT_EQ(values.span().front(), 0);
  }
  std::vector<int> expected(100);
  std::iota(expected.begin(), expected.end(), 0);
  EXPECT_EQ(std::vector<int>(values.begin(), values.end()), expected);
  const Small& constant = values;
  EXPECT_EQ(std::vector<int>(constant.span().begin(), constant.span().end()), expected);
}

TEST(SmallVector, ElementsCanBeChanged) {
  Small values;
  for (int i = 0; i < 5; ++i) values.push_back(i);
  for (int& value : values) value *= 2;
  values.back() = 7;
  EXPECT_EQ(std::vector<int>(values.begin(), values.end()), (std::vector<int>{0, 2, 4, 6, 7}));
}

TEST(SmallVector, TakesItsOwnElement) {
  Small values;
  values.push_back(11);
  for (int i = 0; i < 20; ++i) values.push_back(values.data()[0]);
  for (const int value : values.span()) EXPECT_EQ(value, 11);
}

}  // namespace
}  // namespace aiges
