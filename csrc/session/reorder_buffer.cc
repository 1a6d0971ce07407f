#include "session/reorder_buffer.h"

#include <string>
#include <utility>

namespace aiges {

Status ReorderBuffer::push(Frame&& frame, Clock::time_point now) {
  const std::int64_t id = frame.sync_id;
  if (!std::exchange(started_, true)) next_ = id;
  if (id < next_) {
    ++counts_.old;
    return {};
  }
  if (waiting_.contains(id)) {
    ++counts_.duplicates;
    return {};
  }
  const std::size_t bytes = frame.bytes();
  // The next frame itself is always welcome: it ends the waiting.
  if (id != next_ &&
      (waiting_.size() >= options_.max_frames || waiting_bytes_ + bytes > options_.max_bytes)) {
    return Status(ErrorKind::kOverload, Code::kOverload, "frame",
                  "frame " + std::to_string(id) +
                      " is too far ahead: " + std::to_string(waiting_.size()) + " frames (" +
                      std::to_string(waiting_bytes_) + " bytes) wait already, and frame " +
                      std::to_string(next_) + " is next");
  }
  waiting_bytes_ += bytes;
  waiting_.emplace(id, std::move(frame));
  look_for_gap(now);
  return {};
}

std::optional<Frame> ReorderBuffer::pop(Clock::time_point now) {
  if (!ready()) return std::nullopt;
  Frame frame = std::move(waiting_.begin()->second);
  waiting_.erase(waiting_.begin());
  waiting_bytes_ -= frame.bytes();
  ++next_;
  look_for_gap(now);
  return frame;
}

void ReorderBuffer::look_for_gap(Clock::time_point now) {
  if (waiting_.empty() || ready()) {
    gap_since_.reset();
  } else if (!gap_since_) {
    gap_since_ = now;
  }
}

Deadline ReorderBuffer::gap_deadline() const {
  return gap_since_ ? Deadline::at(*gap_since_ + options_.gap_wait) : Deadline::never();
}

Status ReorderBuffer::expire(Clock::time_point now) {
  if (!gap_since_ || now < *gap_since_ + options_.gap_wait) return {};
  const std::int64_t present = waiting_.begin()->first;
  if (options_.gap_policy == GapPolicy::kFail) {
    const auto wait = std::chrono::duration_cast<std::chrono::milliseconds>(options_.gap_wait);
    const std::string lost = present - next_ == 1 ? "frame " + std::to_string(next_)
                                                  : "frames " + std::to_string(next_) + " to " +
                                                        std::to_string(present - 1);
    return Status(ErrorKind::kInvalidData, Code::kInvalidData, "frame",
                  lost + " did not come within " + std::to_string(wait.count()) +
                      " ms after frame " + std::to_string(present));
  }
  counts_.skipped += static_cast<std::uint64_t>(present - next_);
  next_ = present;
  gap_since_.reset();
  return {};
}

std::map<std::int64_t, Frame> ReorderBuffer::drop_all() {
  gap_since_.reset();
  waiting_bytes_ = 0;
  return std::exchange(waiting_, {});
}

}  // namespace aiges
