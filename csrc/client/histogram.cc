#include "client/histogram.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <limits>

namespace aiges::client {
namespace {

constexpr auto kRelaxed = std::memory_order_relaxed;

// There is one writer, so that reading and writing back loses nothing.
template <class T>
void bump(std::atomic<T>& counter, T by) {
  counter.store(counter.load(kRelaxed) + by, kRelaxed);
}

}  // namespace

Histogram::Histogram()
    : buckets_(std::make_unique<Counter[]>(kBuckets)),
      min_(std::numeric_limits<std::int64_t>::max()) {}

// Values below kSub have a bucket each; above, the leading kBits + 1 bits choose.
std::size_t Histogram::index_of(std::uint64_t value) {
  if (value < kSub) return static_cast<std::size_t>(value);
  const int shift = static_cast<int>(std::bit_width(value)) - 1 - kBits;
  return static_cast<std::size_t>(shift) * kSub + static_cast<std::size_t>(value >> shift);
}

std::int64_t Histogram::highest_of(std::size_t index) {
  if (index < kSub) return static_cast<std::int64_t>(index);
  const std::size_t shift = index / kSub - 1;
  const std::uint64_t lead = index - shift * kSub;
  return static_cast<std::int64_t>(((lead + 1) << shift) - 1);
}

void Histogram::record(std::int64_t nanoseconds) {
  const std::int64_t value = std::max<std::int64_t>(nanoseconds, 0);
  bump(buckets_[index_of(static_cast<std::uint64_t>(value))], std::uint64_t{1});
  bump(count_, std::uint64_t{1});
  bump(sum_, static_cast<double>(value));
  if (value < min_.load(kRelaxed)) min_.store(value, kRelaxed);
  if (value > max_.load(kRelaxed)) max_.store(value, kRelaxed);
}

void Histogram::add(const Histogram& other) {
  for (std::size_t i = 0; i < kBuckets; ++i) {
    const std::uint64_t count = other.buckets_[i].load(kRelaxed);
    if (count != 0) bump(buckets_[i], count);
  }
  bump(count_, other.count());
  bump(sum_, other.sum_.load(kRelaxed));
  min_.store(std::min(min_.load(kRelaxed), other.min_.load(kRelaxed)), kRelaxed);
  max_.store(std::max(max(), other.max()), kRelaxed);
}

std::int64_t Histogram::min() const { return count() == 0 ? 0 : min_.load(kRelaxed); }

double Histogram::mean() const {
  const std::uint64_t values = count();
  return values == 0 ? 0 : sum_.load(kRelaxed) / static_cast<double>(values);
}

std::int64_t Histogram::percentile(double share) const {
  const std::uint64_t values = count();
  if (values == 0) return 0;
  const double exact = std::ceil(std::clamp(share, 0.0, 1.0) * static_cast<double>(values));
  const std::uint64_t rank = std::max<std::uint64_t>(static_cast<std::uint64_t>(exact), 1);
  std::uint64_t seen = 0;
  for (std::size_t i = 0; i < kBuckets; ++i) {
    seen += buckets_[i].load(kRelaxed);
    if (seen >= rank) return std::min(highest_of(i), max());
  }
  return max();
}

std::vector<std::pair<std::int64_t, std::uint64_t>> Histogram::buckets() const {
  std::vector<std::pair<std::int64_t, std::uint64_t>> all;
  for (std::size_t i = 0; i < kBuckets; ++i) {
    const std::uint64_t count = buckets_[i].load(kRelaxed);
    if (count != 0) all.emplace_back(highest_of(i), count);
  }
  return all;
}

}  // namespace aiges::client
