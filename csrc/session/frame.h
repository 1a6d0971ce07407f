#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <vector>

#include "buffer/data_item.h"

namespace aiges {

// One piece of a session's input. `keep` owns what the items point into.
struct Frame {
  std::shared_ptr<void> keep;
  std::vector<DataItem> items;
  std::int64_t sync_id = 0;

  std::size_t bytes() const {
    std::size_t total = 0;
    for (const DataItem& item : items) total += item.size;
    return total;
  }
};

}  // namespace aiges
