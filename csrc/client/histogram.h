#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <utility>
#include <vector>

namespace aiges::client {

// Counts durations in buckets whose width is at most 1/128 of their value: what a percentile says
// is off by less than 0.8 %, from 1 ns up, without a limit that would have to be known beforehand.
//
// One thread records; others may read meanwhile and see a state that is a few values old.
class Histogram {
 public:
  Histogram();
  Histogram(const Histogram&) = delete;
  Histogram& operator=(const Histogram&) = delete;

  void record(std::int64_t nanoseconds);
  void add(const Histogram& other);

  std::uint64_t count() const { return count_.load(std::memory_order_relaxed); }
  // Nanoseconds; 0 while nothing was recorded.
  std::int64_t min() const;
  std::int64_t max() const { return max_.load(std::memory_order_relaxed); }
  double mean() const;
  // The value that the given share (0 to 1) of all values does not exceed; never above max().
  std::int64_t percentile(double share) const;
  // Highest value and number of values of every bucket that has any, ascending.
  std::vector<std::pair<std::int64_t, std::uint64_t>> buckets() const;

 private:
  static constexpr int kBits = 7;  // 2^7 buckets between a power of two and the next
  static constexpr std::size_t kSub = std::size_t{1} << kBits;
  static constexpr std::size_t kBuckets = (64 - kBits) * kSub;

  static std::size_t index_of(std::uint64_t value);
  static std::int64_t highest_of(std::size_t index);

  using Counter = std::atomic<std::uint64_t>;
  std::unique_ptr<Counter[]> buckets_;
  Counter count_{0};
  std::atomic<std::int64_t> min_;
  std::atomic<std::int64_t> max_{0};
  std::atomic<double> sum_{0};
};

}  // namespace aiges::client
