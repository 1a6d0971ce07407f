#pragma once

#include <atomic>
#include <chrono>
#include <string>
#include <string_view>
#include <thread>

#include "base/mutex.h"

namespace aiges::server {

// What is said about one RPC when it has ended. Never its payload. Times: -1 when there was none.
struct AccessRecord {
  std::string_view path;
  std::string_view peer;
  std::string_view session_id;
  int grpc_status = 0;
  int aiges_code = 0;
  std::size_t bytes_in = 0;
  std::size_t bytes_out = 0;
  std::chrono::microseconds queue{-1};   // from the request's headers to the engine
  std::chrono::microseconds engine{-1};  // inside the engine
  std::chrono::microseconds total{0};  // until the last byte of the answer was given to the socket
};

// One line for each RPC, on a file descriptor, in the form of the package's own log: key=value or
// JSON. A thread of its own writes, so that a reader that stands still stops nobody; what does not
// fit is dropped and counted in the log.
class AccessLog {
 public:
  enum class Format { kText, kJson };
  AccessLog(int descriptor, Format format);
  // Writes what waits.
  ~AccessLog();
  AccessLog(const AccessLog&) = delete;
  AccessLog& operator=(const AccessLog&) = delete;

  void enable(bool enabled) { enabled_.store(enabled, std::memory_order_relaxed); }
  bool enabled() const { return enabled_.load(std::memory_order_relaxed); }
  void write(const AccessRecord& record);

 private:
  void run();

  const int descriptor_;
  const Format format_;
  std::atomic<bool> enabled_{true};
  Mutex mutex_;
  CondVar changed_;
  std::string waiting_ AIGES_GUARDED_BY(mutex_);
  std::size_t dropped_ AIGES_GUARDED_BY(mutex_) = 0;
  bool stop_ AIGES_GUARDED_BY(mutex_) = false;
  std::thread thread_;
};

// A line without its end, for tests.
std::string format_access(const AccessRecord& record, AccessLog::Format format,
                          std::chrono::system_clock::time_point now);

}  // namespace aiges::server
