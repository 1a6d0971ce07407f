#pragma once

#include <cstddef>
#include <span>
#include <type_traits>
#include <vector>

namespace aiges {

// A sequence of trivial values whose first kInline need no allocation.
template <class T, std::size_t kInline>
class SmallVector {
  static_assert(std::is_trivially_copyable_v<T>);

 public:
  void push_back(const T& value) {
    if (overflow_.empty() && size_ < kInline) {
      inline_[size_++] = value;
      return;
    }
    if (overflow_.empty()) overflow_.assign(inline_, inline_ + size_);
    overflow_.push_back(value);
    ++size_;
  }
  std::size_t size() const { return size_; }
  T* data() { return overflow_.empty() ? inline_ : overflow_.data(); }
  const T* data() const { return overflow_.empty() ? inline_ : overflow_.data(); }
  T* begin() { return data(); }
  T* end() { return data() + size_; }
  T& back() { return data()[size_ - 1]; }
  std::span<const T> span() const { return {data(), size_}; }

 private:
  std::size_t size_ = 0;
  T inline_[kInline];
  std::vector<T> overflow_;
};

}  // namespace aiges
