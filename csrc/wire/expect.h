#pragma once

#include <cstddef>
#include <memory>
#include <span>
#include <string_view>
#include <vector>

#include "base/status.h"
#include "buffer/data_item.h"
#include "buffer/output.h"

namespace aiges::wire {

// What a client wants of one output key (protocol.MetaDesc).
struct Expect {
  std::string_view name;
  int type = kTypeText;
  std::span<const Pair> attributes;
};

// The outputs that a client asked for, and the attributes that it wants on them. Immutable once
// made; movable.
class ExpectFilter {
 public:
  // How AIGES words its refusals depends on this.
  enum class Mode { kOnce, kStream };

  // No expectations: every output passes as the engine made it.
  ExpectFilter() = default;
  // For as long as `expect` and its bytes stay. An empty list expects nothing in particular.
  static ExpectFilter of(std::span<const Expect> expect, Mode mode);
  // The same with a copy of everything, for a session, which outlives its first message.
  static ExpectFilter copy_of(std::span<const Expect> expect, Mode mode);

  bool empty() const { return expect_.empty(); }
  std::span<const Expect> expect() const { return expect_; }

  // Code::kInvalidOutput with AIGES's text when an item was not expected, or has another type.
  Status check(const Output& output) const;
  // Null when there are no expectations for this key.
  const Expect* find(std::string_view key) const;

 private:
  std::span<const Expect> expect_;
  Mode mode_ = Mode::kOnce;
  // Of a copy:
  std::vector<Expect> own_;
  std::vector<Pair> own_pairs_;
  std::unique_ptr<char[]> own_text_;
};

// Calls put(Pair) for each attribute of an output: what the engine said of it, overridden by what
// the client expects (null: nothing), overridden by `seq` and `status` in decimal.
template <class Put>
void for_each_attribute(std::span<const Pair> engine, const Expect* expect, std::string_view seq,
                        std::string_view status, const Put& put) {
  const auto is_ours = [](const Pair& pair) { return pair.key == "seq" || pair.key == "status"; };
  const std::span<const Pair> wanted = expect ? expect->attributes : std::span<const Pair>();
  for (const Pair& pair : engine) {
    bool overridden = is_ours(pair);
    for (const Pair& other : wanted) overridden = overridden || other.key == pair.key;
    if (!overridden) put(pair);
  }
  for (const Pair& pair : wanted)
    if (!is_ours(pair)) put(pair);
  put(Pair{"seq", seq});
  put(Pair{"status", status});
}

}  // namespace aiges::wire
