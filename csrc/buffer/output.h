#pragma once

#include <atomic>
#include <cstddef>
#include <span>
#include <string_view>
#include <utility>
#include <vector>

#include "base/small_vector.h"
#include "buffer/data_item.h"

namespace aiges {

// One result payload: views into memory that the Output owning it keeps alive.
struct OutputItem {
  std::string_view key;
  const void* data = nullptr;
  std::size_t size = 0;  // bytes
  int type = kTypeText;
  int status = kStatusOnce;
  std::size_t desc_begin = 0;  // range of the Output's description pairs
  std::size_t desc_end = 0;
};

// The result of a call, whoever owns its bytes: immutable once made, shared by counted references,
// which any thread may drop. What happens with the last one is the subclass's affair.
class Output {
 public:
  Output(const Output&) = delete;
  Output& operator=(const Output&) = delete;

  std::span<const OutputItem> items() const { return items_.span(); }
  std::span<const Pair> desc(const OutputItem& item) const {
    return std::span<const Pair>(desc_).subspan(item.desc_begin, item.desc_end - item.desc_begin);
  }
  bool final() const {
    for (const OutputItem& item : items())
      if (is_final_status(item.status)) return true;
    return false;
  }
  std::size_t bytes() const {
    std::size_t total = 0;
    for (const OutputItem& item : items()) total += item.size;
    return total;
  }

  void add_reference() { references_.fetch_add(1, std::memory_order_relaxed); }
  void drop_reference() {
    if (references_.fetch_sub(1, std::memory_order_acq_rel) == 1) dispose();
  }

 protected:
  Output() = default;
  virtual ~Output() = default;
  // The last reference is gone. Runs on the thread that dropped it, which may hold locks or an
  // interpreter: it must neither block nor call out.
  virtual void dispose() noexcept = 0;

  void add_item(const OutputItem& item) { items_.push_back(item); }
  void reserve_desc(std::size_t count) { desc_.reserve(count); }
  std::size_t add_desc(Pair pair) {
    desc_.push_back(pair);
    return desc_.size();
  }
  std::size_t desc_size() const { return desc_.size(); }

 private:
  std::atomic<std::size_t> references_{1};
  SmallVector<OutputItem, 2> items_;  // one or two results is the usual case
  std::vector<Pair> desc_;
};

// Owns one reference.
class OutputPtr {
 public:
  OutputPtr() = default;
  // Takes over a reference that the caller owns.
  static OutputPtr adopt(Output* output) {
    OutputPtr pointer;
    pointer.output_ = output;
    return pointer;
  }
  OutputPtr(const OutputPtr& other) : output_(other.output_) {
    if (output_) output_->add_reference();
  }
  OutputPtr(OutputPtr&& other) noexcept : output_(std::exchange(other.output_, nullptr)) {}
  OutputPtr& operator=(OutputPtr other) noexcept {
    std::swap(output_, other.output_);
    return *this;
  }
  ~OutputPtr() {
    if (output_) output_->drop_reference();
  }

  explicit operator bool() const { return output_ != nullptr; }
  Output* operator->() const { return output_; }
  Output& operator*() const { return *output_; }
  Output* get() const { return output_; }
  // Gives the reference to the caller.
  Output* release() { return std::exchange(output_, nullptr); }

 private:
  Output* output_ = nullptr;
};

}  // namespace aiges
