#include "server/access_log.h"

#include <errno.h>
#include <time.h>
#include <unistd.h>

#include <cstdio>
#include <utility>

#include "wire/utf8.h"

namespace aiges::server {
namespace {

constexpr std::size_t kMaxWaiting = std::size_t{4} << 20;  // bytes of lines

// ISO 8601 in UTC, to the millisecond.
std::string time_text(std::chrono::system_clock::time_point now) {
  const std::time_t seconds = std::chrono::system_clock::to_time_t(now);
  const auto part =
      std::chrono::duration_cast<std::chrono::milliseconds>(now.time_since_epoch()).count() % 1000;
  std::tm utc{};
  ::gmtime_r(&seconds, &utc);
  char text[96];
  std::snprintf(text, sizeof text, "%04d-%02d-%02dT%02d:%02d:%02d.%03dZ", utc.tm_year + 1900,
                utc.tm_mon + 1, utc.tm_mday, utc.tm_hour, utc.tm_min, utc.tm_sec,
                static_cast<int>(part));
  return text;
}

// Whatever a client wrote must stay on the line and inside its value, and JSON must be UTF-8.
std::string escaped(std::string_view text) {
  std::string out;
  constexpr char kHex[] = "0123456789abcdef";
  text = text.substr(0, 256);
  const std::size_t good = wire::utf8_prefix(text);
  for (std::size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    const auto byte = static_cast<unsigned char>(c);
    if (c == '"' || c == '\\') {
      out += '\\';
      out += c;
    } else if (byte < 0x20 || byte == 0x7F || (byte >= 0x80 && i >= good)) {
      out += "\\u00";
      out += kHex[byte >> 4];
      out += kHex[byte & 15];
    } else {
      out += c;
    }
  }
  return out;
}

class Line {
 public:
  explicit Line(AccessLog::Format format) : json_(format == AccessLog::Format::kJson) {
    if (json_) text_ = "{";
  }
  void add(std::string_view key, std::string_view value) {
    begin(key);
    const std::string safe = escaped(value);
    const bool quotes = json_ || safe.empty() || safe.find_first_of(" =\"\\") != std::string::npos;
    text_ += quotes ? '"' + safe + '"' : safe;
  }
  void add(std::string_view key, long long value) {
    begin(key);
    text_ += std::to_string(value);
  }
  std::string take() {
    if (json_) text_ += '}';
    return std::move(text_);
  }

 private:
  void begin(std::string_view key) {
    if (!std::exchange(first_, false)) text_ += json_ ? ", " : " ";
    if (json_) text_ += '"';
    text_ += key;
    text_ += json_ ? "\": " : "=";
  }
  const bool json_;
  bool first_ = true;
  std::string text_;
};

}  // namespace

std::string format_access(const AccessRecord& record, AccessLog::Format format,
                          std::chrono::system_clock::time_point now) {
  Line line(format);
  line.add("time", time_text(now));
  line.add("level", "info");
  line.add("event", "access");
  line.add("path", record.path);
  line.add("peer", record.peer);
  if (!record.session_id.empty()) line.add("sid", record.session_id);
  line.add("status", record.grpc_status);
  if (record.aiges_code != 0) line.add("code", record.aiges_code);
  line.add("bytes_in", static_cast<long long>(record.bytes_in));
  line.add("bytes_out", static_cast<long long>(record.bytes_out));
  if (record.queue.count() >= 0) line.add("queue_us", record.queue.count());
  if (record.engine.count() >= 0) {
    line.add("engine_us", record.engine.count());
    line.add("send_us", (record.total - record.queue - record.engine).count());
  }
  line.add("total_us", record.total.count());
  return line.take();
}

AccessLog::AccessLog(int descriptor, Format format)
    : descriptor_(descriptor), format_(format), thread_([this] { run(); }) {}

AccessLog::~AccessLog() {
  {
    MutexLock lock(mutex_);
    stop_ = true;
  }
  changed_.notify_all();
  thread_.join();
}

void AccessLog::write(const AccessRecord& record) {
  const std::string line = format_access(record, format_, std::chrono::system_clock::now()) + "\n";
  bool wake = false;
  {
    MutexLock lock(mutex_);
    if (waiting_.size() + line.size() > kMaxWaiting) {
      ++dropped_;
      return;
    }
    wake = waiting_.empty();
    waiting_ += line;
  }
  if (wake) changed_.notify_one();
}

void AccessLog::run() {
  for (;;) {
    std::string lines;
    bool last = false;
    {
      MutexLock lock(mutex_);
      while (waiting_.empty() && !stop_) changed_.wait_until(mutex_, Deadline::never());
      lines.swap(waiting_);
      if (dropped_ != 0) {
        Line line(format_);
        line.add("time", time_text(std::chrono::system_clock::now()));
        line.add("level", "warn");
        line.add("event", "access lines dropped");
        line.add("count", static_cast<long long>(std::exchange(dropped_, 0)));
        lines += line.take() + "\n";
      }
      last = stop_;
    }
    std::string_view left = lines;
    while (!left.empty()) {
      const ssize_t written = ::write(descriptor_, left.data(), left.size());
      if (written < 0 && errno == EINTR) continue;
      if (written <= 0) break;  // nobody reads any more: the log is not worth the service
      left.remove_prefix(static_cast<std::size_t>(written));
    }
    if (last) return;
  }
}

}  // namespace aiges::server
