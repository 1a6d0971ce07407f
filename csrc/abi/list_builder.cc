#include "abi/list_builder.h"

#include <algorithm>
#include <cstring>
#include <limits>
#include <new>
#include <string>

namespace aiges {
namespace {

constexpr std::size_t kMaxLength = std::numeric_limits<std::uint32_t>::max();

Status invalid(std::string message) {
  return Status(ErrorKind::kInvalidData, Code::kInvalidData, "request", std::move(message));
}

Status check_key(std::string_view key) {
  if (key.find('\0') != std::string_view::npos) {
    return invalid("the key '" + std::string(key.substr(0, key.find('\0'))) +
                   "\\0...' has a NUL in it; keys are C strings");
  }
  return {};
}

Status check(const Pair& pair) {
  if (pair.value.size() > kMaxLength)
    return invalid("the value of '" + std::string(pair.key) + "' is longer than 4 GiB - 1 bytes");
  return check_key(pair.key);
}

}  // namespace

void* ListBuilder::allocate(std::size_t size, std::size_t align) {
  // `align` is a power of two.
  std::size_t padding = -reinterpret_cast<std::uintptr_t>(next_) & (align - 1);
  if (padding + size > left_) {
    const std::size_t block = std::max(size, std::size_t{4096});
    blocks_.emplace_back(new char[block]);  // aligned for any type
    next_ = blocks_.back().get();
    left_ = block;
    padding = 0;
  }
  void* memory = next_ + padding;
  next_ += padding + size;
  left_ -= padding + size;
  return memory;
}

template <class Node>
Node* ListBuilder::node() {
  return new (allocate(sizeof(Node), alignof(Node))) Node{};
}

char* ListBuilder::text(std::string_view value) {
  char* copy = static_cast<char*>(allocate(value.size() + 1, 1));
  if (!value.empty()) std::memcpy(copy, value.data(), value.size());
  copy[value.size()] = '\0';
  return copy;
}

void ListBuilder::append(pParamList*& tail, const Pair& pair) {
  pParamList entry = node<ParamList>();
  entry->key = text(pair.key);
  entry->value = text(pair.value);
  entry->vlen = static_cast<unsigned>(pair.value.size());
  *tail = entry;
  tail = &entry->next;
}

Result<pParamList> ListBuilder::params(std::span<const Pair> pairs, std::string_view session_id) {
  pParamList head = nullptr;
  pParamList* tail = &head;
  bool has_session_id = session_id.empty();
  for (const Pair& pair : pairs) {
    if (Status status = check(pair); !status.ok()) return status;
    has_session_id = has_session_id || pair.key == "sid";
    append(tail, pair);
  }
  if (!has_session_id) append(tail, {"sid", session_id});
  if (!head) head = node<ParamList>();
  return head;
}

Result<pDataList> ListBuilder::data(std::span<const DataItem> items) {
  pDataList head = nullptr;
  pDataList* tail = &head;
  for (const DataItem& item : items) {
    if (Status status = check_key(item.key); !status.ok()) return status;
    if (Status status = check_size(item); !status.ok()) return status;
    pDataList entry = node<DataList>();
    entry->key = text(item.key);
    // The ABI has no const; engines are told not to write (wrapper.h).
    entry->data = const_cast<void*>(item.data);
    entry->len = static_cast<unsigned>(item.size);
    entry->type = static_cast<DataType>(item.type);
    entry->status = static_cast<DataStatus>(item.status);
    Result<pParamList> desc = params(item.desc);
    if (!desc.ok()) return desc.status();
    entry->desc = desc.value();
    *tail = entry;
    tail = &entry->next;
  }
  if (!head) {
    head = node<DataList>();
    head->desc = node<ParamList>();
  }
  return head;
}

}  // namespace aiges
