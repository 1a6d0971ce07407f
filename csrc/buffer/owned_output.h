#pragma once

#include <cstddef>
#include <memory>
#include <span>

#include "buffer/output.h"

namespace aiges {

// A deep copy of result payloads, for bytes whose owner takes them back at once (what an engine
// hands to its callback, or returns from wrapperRead). One allocation holds everything.
class OwnedOutput final : public Output {
 public:
  // An item to copy; its description is given apart because its owner keeps it in another form.
  struct Source {
    OutputItem item;
    std::span<const Pair> desc;
  };
  static OutputPtr copy_of(std::span<const Source> sources);

 private:
  OwnedOutput() = default;
  void dispose() noexcept override { delete this; }
  std::unique_ptr<char[]> memory_;
};

}  // namespace aiges
