#pragma once

#include <cstddef>
#include <span>
#include <string_view>

#include "base/status.h"

namespace aiges {

// A text pair: a parameter, a config entry, or a line of a description.
struct Pair {
  std::string_view key;
  std::string_view value;
};

// Numbers are those of the ABI (include/aiges/type.h). Engines may produce others.
inline constexpr int kTypeText = 0;
inline constexpr int kTypePersonal = 4;
inline constexpr int kStatusEnd = 2;
inline constexpr int kStatusOnce = 3;
// Whether a result node with this status is the last of its request or session.
inline constexpr bool is_final_status(int status) {
  return status == kStatusEnd || status == kStatusOnce;
}

// One input payload, borrowed: the bytes belong to whoever made the request, and stay where they
// are until the engine call returns (for asynchronous calls: until the request has ended).
struct DataItem {
  std::string_view key;
  const void* data = nullptr;
  std::size_t size = 0;  // bytes
  int type = kTypePersonal;
  int status = kStatusOnce;
  std::span<const Pair> desc;
  // The object of the caller's runtime that owns `data`, for an engine living in the same runtime
  // (a Python wrapper called from Python); otherwise null. Borrowed like the bytes.
  void* owner = nullptr;
};

// Refuses what the ABI cannot say, for every kind of engine alike: DataList.len has 32 bits, so a
// payload has at most 4 GiB - 1 bytes.
Status check_size(const DataItem& item);

}  // namespace aiges
