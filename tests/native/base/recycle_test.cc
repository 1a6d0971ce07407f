#include "base/recycle.h"

#include <gtest/gtest.h>

#include <cstring>
#include <memory>
#include <set>
#include <string>
#include <thread>
#include <vector>

namespace aiges {
namespace {

TEST(Recycle, BlocksAreApartAndOfTheirSize) {
  std::set<void*> seen;
  std::vector<std::pair<void*, std::size_t>> blocks;
  for (std::size_t size = 0; size <= Recycler::kLargest + 100; size += 37) {
    void* memory = Recycler::allocate(size);
    std::memset(memory, static_cast<int>(size), size);
    EXPECT_TRUE(seen.insert(memory).second) << size;
    blocks.emplace_back(memory, size);
  }
  for (const auto& [memory, size] : blocks) {
    const auto* bytes = static_cast<const unsigned char*>(memory);
    for (std::size_t i = 0; i < size; ++i) ASSERT_EQ(bytes[i], static_cast<unsigned char>(size));
    Recycler::release(memory, size);
  }
}

TEST(Recycle, WhatWasFreedIsUsedAgain) {
  void* first = Recycler::allocate(300);
  Recycler::release(first, 300);
  void* second = Recycler::allocate(310);  // of the same class of sizes
#if !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)
  EXPECT_EQ(first, second);
#endif
  Recycler::release(second, 310);
}

TEST(Recycle, ManyAtOnceAndFromOtherThreads) {
  std::vector<void*> blocks;
  for (int i = 0; i < 1000; ++i) blocks.push_back(Recycler::allocate(64));
  EXPECT_EQ(std::set<void*>(blocks.begin(), blocks.end()).size(), blocks.size());
  std::thread other([&] {
    for (void* block : blocks) Recycler::release(block, 64);
    for (int i = 0; i < 10; ++i) Recycler::release(Recycler::allocate(64), 64);
  });
  other.join();
}

TEST(Recycle, HoldsSharedObjects) {
  const std::weak_ptr<std::string> weak = [] {
    const auto text =
        std::allocate_shared<std::string>(RecyclingAllocator<std::string>(), 200, 'x');
    EXPECT_EQ(text->size(), 200U);
    return std::weak_ptr<std::string>(text);
  }();
  EXPECT_TRUE(weak.expired());
}

}  // namespace
}  // namespace aiges
