#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string_view>
#include <vector>

#include "aiges/type.h"
#include "base/status.h"
#include "buffer/data_item.h"

namespace aiges {

// Makes the lists an engine receives. Nodes, keys and texts are copied into this object's memory,
// which lives as long as it does; payload bytes are not: a node's `data` is the caller's address.
// Lists are never null: an empty one is a node whose key is null.
class ListBuilder {
 public:
  ListBuilder() = default;
  ListBuilder(const ListBuilder&) = delete;
  ListBuilder& operator=(const ListBuilder&) = delete;

  // Fails on a key with a NUL in it, and on texts that do not fit a 32-bit length. A non-empty
  // `session_id` is added under the key "sid" unless the pairs have that key.
  Result<pParamList> params(std::span<const Pair> pairs, std::string_view session_id = {});
  // Fails on a payload over 4 GiB - 1: DataList.len has 32 bits.
  Result<pDataList> data(std::span<const DataItem> items);

 private:
  // A request with a few parameters and one payload fits without an allocation.
  static constexpr std::size_t kInline = 1024;
  void* allocate(std::size_t size, std::size_t align);
  template <class Node>
  Node* node();
  char* text(std::string_view value);
  void append(pParamList*& tail, const Pair& pair);

  alignas(std::max_align_t) char inline_[kInline];
  char* next_ = inline_;
  std::size_t left_ = kInline;
  std::vector<std::unique_ptr<char[]>> blocks_;
};

}  // namespace aiges
