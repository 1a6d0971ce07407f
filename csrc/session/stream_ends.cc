#include "session/stream_ends.h"

#include <algorithm>

#include "buffer/data_item.h"

namespace aiges {

StreamEnds::StreamEnds(const std::vector<std::string>& declared) {
  for (const std::string& key : declared) (void)find(key);
}

void StreamEnds::note(std::string_view key, int status) {
  Stream& stream = find(key);
  if (is_final_status(status) && !std::exchange(stream.ended, true)) --open_;
}

StreamEnds::Stream& StreamEnds::find(std::string_view key) {
  const auto found = std::ranges::find(streams_, key, &Stream::key);
  if (found != streams_.end()) return *found;
  ++open_;
  return streams_.emplace_back(Stream{std::string(key)});
}

}  // namespace aiges
