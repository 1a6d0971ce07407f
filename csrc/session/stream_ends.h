#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace aiges {

// Which of a session's streams (payload keys) have ended. All have when every one that was declared
// or seen had an item with status 2 or 3. Not thread-safe.
class StreamEnds {
 public:
  // Streams that are waited for although nothing of them came yet.
  explicit StreamEnds(const std::vector<std::string>& declared);

  void note(std::string_view key, int status);
  bool all_ended() const { return open_ == 0 && !streams_.empty(); }

 private:
  struct Stream {
    std::string key;
    bool ended = false;
  };
  Stream& find(std::string_view key);

  std::vector<Stream> streams_;  // few: looked through one by one
  std::size_t open_ = 0;
};

}  // namespace aiges
