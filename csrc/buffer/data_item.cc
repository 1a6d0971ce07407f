#include "buffer/data_item.h"

#include <limits>
#include <string>

namespace aiges {

Status check_size(const DataItem& item) {
  if (item.size <= std::numeric_limits<std::uint32_t>::max()) return {};
  return Status(ErrorKind::kInvalidData, Code::kInvalidData, "request",
                "item '" + std::string(item.key) + "' has " + std::to_string(item.size) +
                    " bytes; an engine takes at most 4294967295 (4 GiB - 1) in one item, so "
                    "send it in parts");
}

}  // namespace aiges
