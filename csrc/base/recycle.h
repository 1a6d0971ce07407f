#pragma once

#include <cstddef>
#include <new>

namespace aiges {

// Memory of small objects that come and go with every request. Each thread keeps what it freed, up
// to a limit, and takes from that first: the general allocator's own caches hold seven blocks of a
// size, and a turn of a server frees dozens. Any thread may free what another one allocated. Under
// a sanitizer, which must see every block, this is operator new.
class Recycler {
 public:
  static constexpr std::size_t kLargest = 2048;  // bytes; beyond it, operator new
  static void* allocate(std::size_t size);
  // `size` as it was allocated with.
  static void release(void* memory, std::size_t size) noexcept;
};

// For std::allocate_shared and containers.
template <class T>
struct RecyclingAllocator {
  using value_type = T;
  RecyclingAllocator() = default;
  // Implicit, as the standard wants it of allocators.
  // NOLINTBEGIN(google-explicit-constructor,misc-explicit-constructor)
  template <class U>
  RecyclingAllocator(const RecyclingAllocator<U>&) {}
  // NOLINTEND(google-explicit-constructor,misc-explicit-constructor)

  T* allocate(std::size_t count) {
    static_assert(alignof(T) <= alignof(std::max_align_t));
    return static_cast<T*>(Recycler::allocate(count * sizeof(T)));
  }
  void deallocate(T* memory, std::size_t count) noexcept {
    Recycler::release(memory, count * sizeof(T));
  }
  bool operator==(const RecyclingAllocator&) const { return true; }
};

}  // namespace aiges
