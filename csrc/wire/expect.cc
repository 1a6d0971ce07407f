#include "wire/expect.h"

#include <algorithm>
#include <cstring>

namespace aiges::wire {

ExpectFilter ExpectFilter::of(std::span<const Expect> expect, Mode mode) {
  ExpectFilter filter;
  filter.expect_ = expect;
  filter.mode_ = mode;
  return filter;
}

ExpectFilter ExpectFilter::copy_of(std::span<const Expect> expect, Mode mode) {
  std::size_t text_size = 0;
  std::size_t pair_count = 0;
  for (const Expect& entry : expect) {
    text_size += entry.name.size();
    pair_count += entry.attributes.size();
    for (const Pair& pair : entry.attributes) text_size += pair.key.size() + pair.value.size();
  }
  ExpectFilter filter;
  filter.mode_ = mode;
  filter.own_text_ = std::make_unique_for_overwrite<char[]>(text_size);
  filter.own_pairs_.reserve(pair_count);
  filter.own_.reserve(expect.size());
  char* free = filter.own_text_.get();
  const auto copy = [&](std::string_view text) {
    if (!text.empty()) std::memcpy(free, text.data(), text.size());
    free += text.size();
    return std::string_view(free - text.size(), text.size());
  };
  for (const Expect& entry : expect) {
    const std::size_t begin = filter.own_pairs_.size();
    for (const Pair& pair : entry.attributes)
      filter.own_pairs_.push_back({copy(pair.key), copy(pair.value)});
    filter.own_.push_back(
        {copy(entry.name), entry.type, std::span<const Pair>(filter.own_pairs_).subspan(begin)});
  }
  filter.expect_ = filter.own_;
  return filter;
}

const Expect* ExpectFilter::find(std::string_view key) const {
  const auto found = std::ranges::find(expect_, key, &Expect::name);
  return found == expect_.end() ? nullptr : &*found;
}

Status ExpectFilter::check(const Output& output) const {
  if (empty()) return {};
  constexpr const char* kInvalid = "wrapper output data invalid(key or type)";
  for (const OutputItem& item : output.items()) {
    const Expect* entry = find(item.key);
    // The space at the end is AIGES's.
    if (!entry)
      return Status(ErrorKind::kEngine, Code::kInvalidOutput, "expect",
                    mode_ == Mode::kOnce ? "wrapper output data is nil " : kInvalid);
    if (entry->type != item.type)
      return Status(ErrorKind::kEngine, Code::kInvalidOutput, "expect", kInvalid);
  }
  return {};
}

}  // namespace aiges::wire
