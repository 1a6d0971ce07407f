#pragma once

#include <cstdint>
#include <span>
#include <unordered_map>
#include <vector>

#include "base/mutex.h"
#include "base/status.h"

namespace aiges {

// Which personal resources an engine holds, and how many requests are using each.
class ResourceTable {
 public:
  // An id that is not in use; becomes usable with add().
  std::uint32_t reserve();
  void add(std::uint32_t id);

  // Marks the resources as used until release(); fails, naming the id, if one is not loaded.
  Status acquire(std::span<const std::uint32_t> ids);
  void release(std::span<const std::uint32_t> ids);

  // Takes an unused resource out of the table; fails when it is unknown or in use.
  Status remove(std::uint32_t id);
  std::vector<std::uint32_t> remove_all();
  std::size_t size();

 private:
  Mutex mutex_;
  std::uint32_t last_ AIGES_GUARDED_BY(mutex_) = 0;
  std::unordered_map<std::uint32_t, std::uint64_t> users_ AIGES_GUARDED_BY(mutex_);
};

}  // namespace aiges
