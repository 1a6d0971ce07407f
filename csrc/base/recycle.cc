#include "base/recycle.h"

#include <new>

namespace aiges {
namespace {

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
constexpr bool kRecycles = false;
#else
constexpr bool kRecycles = true;
#endif

constexpr std::size_t kStep = 64;  // bytes between one class of sizes and the next
constexpr std::size_t kClasses = Recycler::kLargest / kStep;
constexpr unsigned kMostKept = 128;  // of a class, by one thread

struct Free {
  Free* next;
};

struct Cache {
  Free* free[kClasses] = {};
  unsigned count[kClasses] = {};
  ~Cache();
};

// Plain pointers outlive every destructor of the thread, so that what is freed late finds out that
// the cache is gone.
thread_local Cache* cache = nullptr;
thread_local bool cache_is_gone = false;

Cache::~Cache() {
  cache = nullptr;
  cache_is_gone = true;
  for (Free* head : free) {
    while (head) {
      Free* next = head->next;
      ::operator delete(head);
      head = next;
    }
  }
}

Cache* cache_of_this_thread() {
  if (cache || cache_is_gone) return cache;
  static thread_local Cache owned;
  cache = &owned;
  return cache;
}

constexpr std::size_t class_of(std::size_t size) { return size == 0 ? 0 : (size - 1) / kStep; }

}  // namespace

void* Recycler::allocate(std::size_t size) {
  if (!kRecycles || size > kLargest) return ::operator new(size);
  const std::size_t index = class_of(size);
  Cache* mine = cache_of_this_thread();
  if (mine && mine->free[index]) {
    Free* block = mine->free[index];
    mine->free[index] = block->next;
    --mine->count[index];
    return block;
  }
  return ::operator new((index + 1) * kStep);
}

void Recycler::release(void* memory, std::size_t size) noexcept {
  if (kRecycles && size <= kLargest) {
    const std::size_t index = class_of(size);
    Cache* mine = cache_of_this_thread();
    if (mine && mine->count[index] < kMostKept) {
      auto* block = static_cast<Free*>(memory);
      block->next = mine->free[index];
      mine->free[index] = block;
      ++mine->count[index];
      return;
    }
  }
  ::operator delete(memory);
}

}  // namespace aiges
