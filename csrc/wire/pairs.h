#pragma once

#include <cstddef>
#include <span>
#include <string_view>
#include <vector>

#include "buffer/data_item.h"

namespace aiges::wire {

// What a decoder accepts in one message: map entries in all, and elements of all repeated fields.
// Bounds the memory that a message of empty elements can claim.
inline constexpr std::size_t kMaxPairs = 65536;
inline constexpr std::size_t kMaxItems = 65536;

// The value of a key, null when it is not there. Decoded maps hold a key once.
inline const std::string_view* find_value(std::span<const Pair> pairs, std::string_view key) {
  for (const Pair& pair : pairs)
    if (pair.key == key) return &pair.value;
  return nullptr;
}
inline std::string_view value_or(std::span<const Pair> pairs, std::string_view key,
                                 std::string_view otherwise) {
  const std::string_view* value = find_value(pairs, key);
  return value ? *value : otherwise;
}

// Of pairs [from, end) with equal keys only the last stays, as maps on the wire demand.
void keep_last_of_each_key(std::vector<Pair>& pairs, std::size_t from);

}  // namespace aiges::wire
