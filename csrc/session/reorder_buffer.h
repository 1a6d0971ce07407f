#pragma once

#include <chrono>
#include <cstdint>
#include <map>
#include <optional>

#include "base/clock.h"
#include "base/status.h"
#include "session/frame.h"

namespace aiges {

// What to do about a frame that did not come.
enum class GapPolicy { kSkip, kFail };

// Brings frames into the order of their sync_id, from the first frame's on. Frames that come twice
// or too late are dropped and counted. Not thread-safe; the time is passed in.
class ReorderBuffer {
 public:
  struct Options {
    Clock::duration gap_wait = std::chrono::seconds(5);
    GapPolicy gap_policy = GapPolicy::kSkip;
    // Limits of what waits here, for a missing frame or to be popped.
    std::size_t max_frames = 500;
    std::size_t max_bytes = std::size_t{64} << 20;
  };
  struct Counts {
    std::uint64_t duplicates = 0;
    std::uint64_t old = 0;      // came after their place had been passed
    std::uint64_t skipped = 0;  // never came, and were given up
  };
  explicit ReorderBuffer(const Options& options) : options_(options) {}

  // Fails when more waits than the limits allow. A frame that is not kept is left as it is.
  Status push(Frame&& frame, Clock::time_point now);
  // The next frame in order, if it is there.
  std::optional<Frame> pop(Clock::time_point now);
  bool ready() const { return !waiting_.empty() && waiting_.begin()->first == next_; }
  // When the wait for a missing frame ends; never while none is missing.
  Deadline gap_deadline() const;
  // Ends that wait if its time has come: goes on with the smallest id present, or fails; by option.
  Status expire(Clock::time_point now);

  // Everything that waits, for whoever needs it no more.
  std::map<std::int64_t, Frame> drop_all();

  const Counts& counts() const { return counts_; }

 private:
  void look_for_gap(Clock::time_point now);

  const Options options_;
  bool started_ = false;
  std::int64_t next_ = 0;
  std::map<std::int64_t, Frame> waiting_;
  std::size_t waiting_bytes_ = 0;
  std::optional<Clock::time_point> gap_since_;
  Counts counts_;
};

}  // namespace aiges
