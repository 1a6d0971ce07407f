#include "client/histogram.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <limits>
#include <random>
#include <utility>
#include <vector>

namespace aiges::client {
namespace {

constexpr double kError = 1.0 / 128;
constexpr std::int64_t kLongest = std::numeric_limits<std::int64_t>::max();

// The same seed in every run: a failure can be looked into.
std::vector<std::int64_t> latencies(std::size_t count) {
  std::mt19937_64 random(20261124);
  std::lognormal_distribution<double> shape(11, 2);  // around 60 us, with a long tail
  std::vector<std::int64_t> values;
  values.reserve(count);
  for (std::size_t i = 0; i < count; ++i)
    values.push_back(static_cast<std::int64_t>(shape(random)));
  return values;
}

// The value that the share of all values does not exceed, from the values themselves.
std::int64_t exact(const std::vector<std::int64_t>& sorted, double share) {
  const auto rank = static_cast<std::size_t>(std::ceil(share * static_cast<double>(sorted.size())));
  return sorted[std::max<std::size_t>(rank, 1) - 1];
}

TEST(Histogram, IsEmptyAtFirst) {
  const Histogram histogram;
  EXPECT_EQ(histogram.count(), 0U);
  EXPECT_EQ(histogram.min(), 0);
  EXPECT_EQ(histogram.max(), 0);
  EXPECT_EQ(histogram.mean(), 0);
  EXPECT_EQ(histogram.percentile(0.5), 0);
  EXPECT_TRUE(histogram.buckets().empty());
}

// Every power of two and its neighbours, up to the longest: the bucket says too much, by 1/128.
TEST(Histogram, KeepsItsErrorBoundEverywhere) {
  std::vector<std::int64_t> values{0, 1, 2, 127, 128, 129, 255, 256, 257, kLongest - 1, kLongest};
  for (int bit = 8; bit < 63; ++bit)
    for (const std::int64_t off : {-1, 0, 1, 77}) values.push_back((std::int64_t{1} << bit) + off);
  for (const std::int64_t value : values) {
    Histogram histogram;
    histogram.record(value);
    const auto buckets = histogram.buckets();
    ASSERT_EQ(buckets.size(), 1U) << value;
    const std::int64_t told = buckets[0].first;
    EXPECT_EQ(buckets[0].second, 1U);
    EXPECT_GE(told, value);
    EXPECT_LE(static_cast<double>(told - value), static_cast<double>(value) * kError) << value;
    // One value is known exactly: no percentile is above the greatest.
    EXPECT_EQ(histogram.percentile(0.99), value);
    EXPECT_EQ(histogram.min(), value);
    EXPECT_EQ(histogram.max(), value);
  }
}

TEST(Histogram, BucketsDoNotOverlap) {
  Histogram histogram;
  for (int bit = 0; bit < 62; ++bit)
    for (std::int64_t part = 64; part < 128; ++part)
      histogram.record(
          static_cast<std::int64_t>(std::ldexp(static_cast<double>(part) / 64.0, bit)));
  const auto buckets = histogram.buckets();
  std::uint64_t total = 0;
  std::int64_t before = -1;
  for (const auto& [highest, count] : buckets) {
    EXPECT_GT(highest, before);
    before = highest;
    total += count;
  }
  EXPECT_EQ(total, histogram.count());
}

TEST(Histogram, PercentilesAreThoseOfTheSortedValues) {
  for (const std::size_t count : {1U, 2U, 3U, 10U, 999U, 20000U}) {
    std::vector<std::int64_t> values = latencies(count);
    Histogram histogram;
    double sum = 0;
    for (const std::int64_t value : values) {
      histogram.record(value);
      sum += static_cast<double>(value);
    }
    std::ranges::sort(values);
    for (const double share : {0.0, 0.01, 0.25, 0.5, 0.9, 0.99, 0.999, 0.9999, 1.0}) {
      const std::int64_t right = exact(values, share);
      const std::int64_t told = histogram.percentile(share);
      EXPECT_GE(told, right) << count << " values, " << share;
      EXPECT_LE(static_cast<double>(told - right), static_cast<double>(right) * kError)
          << count << " values, " << share;
    }
    EXPECT_EQ(histogram.count(), count);
    EXPECT_EQ(histogram.min(), values.front());
    EXPECT_EQ(histogram.max(), values.back());
    EXPECT_EQ(histogram.percentile(1), values.back());
    EXPECT_NEAR(histogram.mean(), sum / static_cast<double>(count), 1e-6 * sum);
  }
}

TEST(Histogram, OfTwoThreadsIsThatOfAllTheirValues) {
  const std::vector<std::int64_t> values = latencies(3000);
  Histogram all;
  Histogram even;
  Histogram odd;
  for (std::size_t i = 0; i < values.size(); ++i) {
    all.record(values[i]);
    (i % 2 == 0 ? even : odd).record(values[i]);
  }
  Histogram sum;
  sum.add(even);
  sum.add(Histogram());  // which has no least value
  sum.add(odd);
  EXPECT_EQ(sum.buckets(), all.buckets());
  EXPECT_EQ(sum.count(), all.count());
  EXPECT_EQ(sum.min(), all.min());
  EXPECT_EQ(sum.max(), all.max());
  EXPECT_NEAR(sum.mean(), all.mean(), 1e-6 * all.mean());
}

TEST(Histogram, TakesTimeThatRanBackwardsForNone) {
  Histogram histogram;
  histogram.record(-5);
  EXPECT_EQ(histogram.count(), 1U);
  EXPECT_EQ(histogram.max(), 0);
  EXPECT_EQ(histogram.percentile(0.5), 0);
}

}  // namespace
}  // namespace aiges::client
