#include "server/access_log.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <unistd.h>

#include <sstream>
#include <thread>
#include <utility>
#include <vector>

namespace aiges::server {
namespace {

using std::chrono::microseconds;
using Format = AccessLog::Format;

// 2001-09-09T01:46:40.123Z
const std::chrono::system_clock::time_point kNow{std::chrono::milliseconds(1'000'000'000'123)};

AccessRecord a_record() {
  AccessRecord record;
  record.path = "/aiges.v1.Engine/Exec";
  record.peer = "127.0.0.1:1234";
  record.bytes_in = 10;
  record.bytes_out = 200;
  record.total = microseconds(900);
  return record;
}

class Pipe {
 public:
  Pipe() { EXPECT_EQ(::pipe2(ends_, O_CLOEXEC), 0); }
  ~Pipe() {
    close_reader();
    close_writer();
  }
  Pipe(const Pipe&) = delete;
  Pipe& operator=(const Pipe&) = delete;
  int writer() const { return ends_[1]; }
  void close_reader() { close_end(0); }
  void close_writer() { close_end(1); }
  // Until the writer closes.
  std::string read_all() const {
    std::string all;
    char part[4096];
    for (ssize_t size = 0; (size = ::read(ends_[0], part, sizeof part)) > 0;)
      all.append(part, static_cast<std::size_t>(size));
    return all;
  }

 private:
  void close_end(int which) {
    if (ends_[which] >= 0) ::close(std::exchange(ends_[which], -1));
  }
  int ends_[2] = {-1, -1};
};

std::vector<std::string> lines_of(const std::string& text) {
  std::istringstream in(text);
  std::vector<std::string> lines;
  for (std::string line; std::getline(in, line);) lines.push_back(line);
  return lines;
}

TEST(AccessLogTest, ALineOfText) {
  EXPECT_EQ(format_access(a_record(), Format::kText, kNow),
            "time=2001-09-09T01:46:40.123Z level=info event=access path=/aiges.v1.Engine/Exec "
            "peer=127.0.0.1:1234 status=0 bytes_in=10 bytes_out=200 total_us=900");
}

TEST(AccessLogTest, ALineOfJson) {
  AccessRecord record = a_record();
  record.session_id = "sid-1";
  record.grpc_status = 8;
  record.aiges_code = 10110;
  record.queue = microseconds(100);
  record.engine = microseconds(500);
  EXPECT_EQ(format_access(record, Format::kJson, kNow),
            "{\"time\": \"2001-09-09T01:46:40.123Z\", \"level\": \"info\", \"event\": \"access\", "
            "\"path\": \"/aiges.v1.Engine/Exec\", \"peer\": \"127.0.0.1:1234\", \"sid\": "
            "\"sid-1\", \"status\": 8, \"code\": 10110, \"bytes_in\": 10, \"bytes_out\": 200, "
            "\"queue_us\": 100, \"engine_us\": 500, \"send_us\": 300, \"total_us\": 900}");
}

// What a client wrote may not end the line, nor its value.
TEST(AccessLogTest, AClientsTextStaysInItsValue) {
  AccessRecord record = a_record();
  record.path = "/a\nlevel=error b=\"c\\";
  record.peer = "";
  const std::string text = format_access(record, Format::kText, kNow);
  EXPECT_NE(text.find("path=\"/a\\u000alevel=error b=\\\"c\\\\\" peer=\"\" "), std::string::npos)
      << text;
  const std::string json = format_access(record, Format::kJson, kNow);
  EXPECT_NE(json.find("\"path\": \"/a\\u000alevel=error b=\\\"c\\\\\", \"peer\": \"\", "),
            std::string::npos)
      << json;
}

TEST(AccessLogTest, JsonIsUtf8WhateverTheClientSent) {
  AccessRecord record = a_record();
  record.session_id = "\xE4\xBD\xA0";
  EXPECT_NE(format_access(record, Format::kJson, kNow).find("\xE4\xBD\xA0"), std::string::npos);
  record.session_id = "a\xFFz";
  EXPECT_NE(format_access(record, Format::kJson, kNow).find("\"a\\u00ffz\""), std::string::npos);
  // Cut where the limit is, in the middle of a character.
  const std::string long_id = std::string(255, 'x') + "\xE4\xBD\xA0";
  record.session_id = long_id;
  EXPECT_NE(format_access(record, Format::kJson, kNow).find("x\\u00e4\""), std::string::npos);
}

TEST(AccessLogTest, WhatWaitsIsWrittenAtTheEnd) {
  Pipe pipe;
  constexpr std::size_t kLines = 500;  // fewer bytes than a pipe takes: nobody reads meanwhile
  {
    AccessLog log(pipe.writer(), Format::kText);
    AccessRecord record;
    for (std::size_t i = 0; i < kLines; ++i) {
      record.path = i == 0 ? "/first" : i + 1 == kLines ? "/last" : "/other";
      log.write(record);
    }
  }
  pipe.close_writer();
  const std::vector<std::string> lines = lines_of(pipe.read_all());
  ASSERT_EQ(lines.size(), kLines);
  EXPECT_NE(lines.front().find("path=/first "), std::string::npos);
  EXPECT_NE(lines.back().find("path=/last "), std::string::npos);
}

TEST(AccessLogTest, LinesOfSeveralThreadsStayWhole) {
  Pipe pipe;
  std::string all;
  std::thread reader([&] { all = pipe.read_all(); });
  {
    AccessLog log(pipe.writer(), Format::kText);
    std::vector<std::thread> writers;
    for (int i = 0; i < 4; ++i) {
      writers.emplace_back([&] {
        for (int n = 0; n < 500; ++n) log.write(a_record());
      });
    }
    for (std::thread& writer : writers) writer.join();
  }
  pipe.close_writer();
  reader.join();
  const std::vector<std::string> lines = lines_of(all);
  EXPECT_EQ(lines.size(), 2000U);
  for (const std::string& line : lines) {
    ASSERT_TRUE(line.starts_with("time=") && line.ends_with("total_us=900")) << line;
  }
}

// Nobody reads: the pipe is full, then the log's own room, and then lines are dropped, but whoever
// writes them goes on. Once somebody reads, the log says how many there were.
TEST(AccessLogTest, AReaderThatStandsStillStopsNobody) {
  Pipe pipe;
  constexpr int kLines = 15'000;  // some 6 MB
  std::string all;
  std::thread reader;
  {
    AccessLog log(pipe.writer(), Format::kText);
    const std::string path(250, 'x');
    AccessRecord record = a_record();
    record.path = path;
    for (int i = 0; i < kLines; ++i) log.write(record);
    reader = std::thread([&] { all = pipe.read_all(); });
  }
  pipe.close_writer();
  reader.join();
  std::size_t written = 0;
  std::size_t dropped = 0;
  for (const std::string& line : lines_of(all)) {
    const std::size_t at = line.find("event=\"access lines dropped\" count=");
    if (at == std::string::npos) {
      ++written;
    } else {
      dropped += std::stoul(line.substr(line.rfind('=') + 1));
    }
  }
  EXPECT_GT(dropped, 0U);
  EXPECT_EQ(written + dropped, std::size_t{kLines});
}

TEST(AccessLogTest, WithoutAReaderItEnds) {
  const auto ignored = ::signal(SIGPIPE, SIG_IGN);
  Pipe pipe;
  pipe.close_reader();
  {
    AccessLog log(pipe.writer(), Format::kText);
    log.write(a_record());
  }
  ::signal(SIGPIPE, ignored);
}

}  // namespace
}  // namespace aiges::server
