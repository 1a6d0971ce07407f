#include "server/nghttp2_memory.h"

#include <algorithm>
#include <cstddef>
#include <cstring>
#include <limits>
#include <new>

#include "base/recycle.h"

namespace aiges::server {
namespace {

// In front of every block: its size, which nghttp2 does not tell when it frees one.
constexpr std::size_t kHeader = alignof(std::max_align_t);
static_assert(kHeader >= sizeof(std::size_t));

void* allocate(std::size_t size, void*) {
  if (size > std::numeric_limits<std::size_t>::max() - kHeader) return nullptr;
  try {
    void* block = Recycler::allocate(size + kHeader);
    std::memcpy(block, &size, sizeof size);
    return static_cast<char*>(block) + kHeader;
  } catch (const std::bad_alloc&) {
    return nullptr;  // nghttp2 knows what to do
  }
}

std::size_t size_of(const void* memory) {
  std::size_t size = 0;
  std::memcpy(&size, static_cast<const char*>(memory) - kHeader, sizeof size);
  return size;
}

void release(void* memory, void*) {
  if (!memory) return;
  Recycler::release(static_cast<char*>(memory) - kHeader, size_of(memory) + kHeader);
}

void* allocate_cleared(std::size_t count, std::size_t size, void* user) {
  if (size != 0 && count > std::numeric_limits<std::size_t>::max() / size) return nullptr;
  void* memory = allocate(count * size, user);
  if (memory) std::memset(memory, 0, count * size);
  return memory;
}

void* reallocate(void* memory, std::size_t size, void* user) {
  if (!memory) return allocate(size, user);
  const std::size_t old = size_of(memory);
  void* fresh = allocate(size, user);
  if (!fresh) return nullptr;
  std::memcpy(fresh, memory, std::min(old, size));
  release(memory, user);
  return fresh;
}

}  // namespace

nghttp2_mem* recycling_nghttp2_memory() {
  static nghttp2_mem memory = {nullptr, allocate, release, allocate_cleared, reallocate};
  return &memory;
}

}  // namespace aiges::server
