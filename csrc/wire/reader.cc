#include "wire/reader.h"

#include <algorithm>
#include <string>

namespace aiges::wire {

void Fields::pair_into(std::vector<Pair>& pairs) {
  expect_room(pairs.size(), kMaxPairs);
  Fields entry = message("a map entry");
  Pair pair;
  while (entry.next()) {
    switch (entry.tag_and_type()) {
      case bytes_field(1):
        pair.key = entry.text();
        break;
      case bytes_field(2):
        pair.value = entry.text();
        break;
      default:
        entry.skip();
    }
  }
  pairs.push_back(pair);
}

Status malformed(std::string_view bytes, const Position& position, const char* what) {
  std::string message = "not a valid message: ";
  message += position.message;
  if (position.field != 0) message += ", field " + std::to_string(position.field);
  message += ", at byte " + std::to_string(position.at - bytes.data()) + " of " +
             std::to_string(bytes.size()) + ": " + what;
  return Status(ErrorKind::kInvalidData, Code::kInvalidData, "decode", std::move(message));
}

void keep_last_of_each_key(std::vector<Pair>& pairs, std::size_t from) {
  const std::size_t count = pairs.size() - from;
  const std::span<const Pair> range = std::span<const Pair>(pairs).subspan(from);
  constexpr std::size_t kFew = 16;
  bool repeated = false;
  if (count <= kFew) {
    for (std::size_t i = 1; i < count && !repeated; ++i)
      for (std::size_t j = 0; j < i && !repeated; ++j) repeated = range[i].key == range[j].key;
    if (!repeated) return;
  }
  // Sorted rather than hashed: nobody can choose keys that make it slow.
  std::vector<std::size_t> order(count);
  for (std::size_t i = 0; i < count; ++i) order[i] = i;
  std::ranges::sort(order, [&](std::size_t a, std::size_t b) {
    const int difference = range[a].key.compare(range[b].key);
    return difference < 0 || (difference == 0 && a < b);
  });
  std::vector<bool> last(count, true);
  for (std::size_t i = 1; i < count; ++i)
    if (range[order[i - 1]].key == range[order[i]].key) last[order[i - 1]] = false;
  std::size_t kept = from;
  for (std::size_t i = 0; i < count; ++i)
    if (last[i]) pairs[kept++] = pairs[from + i];
  pairs.resize(kept);
}

}  // namespace aiges::wire
