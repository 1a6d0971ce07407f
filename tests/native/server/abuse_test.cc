// Clients that break HTTP/2's rules (RFC 9113), or flood a server within them: each is told so, and
// sent away, and nobody else notices.

#include "server/server_test.h"

namespace aiges::test {
namespace {

constexpr int kEndHeaders = NGHTTP2_FLAG_END_HEADERS;
constexpr int kEndStream = NGHTTP2_FLAG_END_STREAM;

// A header field of HPACK, literal and not indexed (RFC 7541, 6.2.2).
std::string field(std::string_view name, std::string_view value) {
  const auto text = [](std::string_view bytes) {
    std::string out;
    std::size_t rest = bytes.size();
    if (rest < 127) {
      out += static_cast<char>(rest);
    } else {
      out += '\x7f';
      for (rest -= 127; rest >= 128; rest >>= 7) out += static_cast<char>(rest % 128 + 128);
      out += static_cast<char>(rest);
    }
    return out.append(bytes);
  };
  return std::string(1, '\0') + text(name) + text(value);
}
std::string request_headers(std::string_view path = kExec) {
  return field(":method", "POST") + field(":scheme", "http") + field(":path", path) +
         field(":authority", "test") + field("content-type", "application/grpc") +
         field("te", "trailers");
}
std::string greeting() { return std::string(kPreface) + frame(NGHTTP2_SETTINGS, 0, 0); }
std::string number(std::uint32_t value) {
  std::string bytes;
  for (const int shift : {24, 16, 8, 0}) bytes += static_cast<char>(value >> shift);
  return bytes;
}

class AbuseTest : public ServerTest {
 protected:
  // The error of the GOAWAY that these bytes bring about; the connection must be closed after it.
  long goaway_after(std::string_view bytes) const {
    const RawClient client(address());
    (void)client.send(bytes);
    return goaway_error(client.receive_all());
  }
  // Whether these bytes are among what the server sends.
  static bool comes(const RawClient& client, const std::string& bytes) {
    std::string received;
    while (received.find(bytes) == std::string::npos) {
      const std::string part = client.receive();
      if (part.empty()) return false;
      received += part;
    }
    return true;
  }
  // Whether the server closes while it is sent so many of these, unread answers and all.
  static bool is_cut_off(const RawClient& client, const std::string& flood, int most = 10'000) {
    for (int i = 0; i < most; ++i)
      if (!client.send(flood)) return errno != EAGAIN;  // that is a server that stands still
    return false;
  }
  bool is_cut_off(const std::string& flood) const {
    const RawClient client(address());
    return !client.send(greeting()) || is_cut_off(client, flood);
  }
  void others_are_served() const {
    // Again, since an honest client, too, may be caught by a limit of a millisecond.
    EXPECT_TRUE(comes_true([this] {
      Http2Client client(address());
      return client.call(kExec, exec_message()).status() == "0";
    }));
  }
  void TearDown() override {
    if (server_) {
      others_are_served();
      EXPECT_TRUE(comes_true([this] { return shared().connections.load() == 0; }))
          << "a connection outlived its client";
    }
    ServerTest::TearDown();
  }
};

TEST_F(AbuseTest, WhatIsNotHttp2IsClosed) {
  serve();
  for (const std::string_view bytes :
       {std::string_view("GET / HTTP/1.1\r\nHost: test\r\n\r\n"), std::string_view("\x16\x03\x01"),
        std::string_view("PRI * HTTP/2.0\r\n\r\nXX\r\n\r\n"), std::string_view("\0\0\0\0", 4)}) {
    const RawClient client(address());
    ASSERT_TRUE(client.send(bytes));
    (void)client.receive_all();  // closed, or this fails
  }
}

TEST_F(AbuseTest, ThePrefaceIsFollowedBySettings) {
  serve();
  EXPECT_EQ(goaway_after(std::string(kPreface) + frame(NGHTTP2_PING, 0, 0, "12345678")),
            NGHTTP2_PROTOCOL_ERROR);
}

TEST_F(AbuseTest, ABrokenFrameEndsTheConnection) {
  serve();
  const auto error = [this](const std::string& bytes) { return goaway_after(greeting() + bytes); };
  EXPECT_EQ(error(frame(NGHTTP2_DATA, 0, 0, "x")), NGHTTP2_PROTOCOL_ERROR) << "DATA on stream 0";
  EXPECT_EQ(error(frame(NGHTTP2_HEADERS, kEndHeaders, 0, request_headers())),
            NGHTTP2_PROTOCOL_ERROR)
      << "HEADERS on stream 0";
  EXPECT_EQ(error(frame(NGHTTP2_HEADERS, kEndHeaders, 2, request_headers())),
            NGHTTP2_PROTOCOL_ERROR)
      << "streams of clients are odd";
  EXPECT_EQ(error(frame(NGHTTP2_DATA, 0, 1, "x")), NGHTTP2_PROTOCOL_ERROR) << "an idle stream";
  EXPECT_EQ(error(frame(NGHTTP2_RST_STREAM, 0, 1, number(8))), NGHTTP2_PROTOCOL_ERROR)
      << "an idle stream";
  EXPECT_EQ(error(frame(NGHTTP2_PUSH_PROMISE, kEndHeaders, 1, number(2))), NGHTTP2_PROTOCOL_ERROR)
      << "clients push nothing";
  EXPECT_EQ(error(frame(NGHTTP2_CONTINUATION, kEndHeaders, 1, "")), NGHTTP2_PROTOCOL_ERROR)
      << "a continuation of nothing";
  EXPECT_EQ(error(frame(NGHTTP2_HEADERS, 0, 1, request_headers()) +
                  frame(NGHTTP2_PING, 0, 0, "12345678")),
            NGHTTP2_PROTOCOL_ERROR)
      << "a header block is interrupted";
  EXPECT_EQ(error(frame(NGHTTP2_PING, 0, 0, "short")), NGHTTP2_FRAME_SIZE_ERROR);
  EXPECT_EQ(error(frame(NGHTTP2_SETTINGS, 0, 0, "12345")), NGHTTP2_FRAME_SIZE_ERROR);
  EXPECT_EQ(error(frame(NGHTTP2_SETTINGS, 0, 0, std::string("\0\x04\xff\xff\xff\xff", 6))),
            NGHTTP2_FLOW_CONTROL_ERROR)
      << "a window beyond 2^31 - 1";
  EXPECT_EQ(error(frame(NGHTTP2_HEADERS, kEndHeaders, 1, "\xff\xff\xff\xff\xff\xff\xff")),
            NGHTTP2_COMPRESSION_ERROR)
      << "not HPACK";
  EXPECT_EQ(error(frame(NGHTTP2_WINDOW_UPDATE, 0, 0, number(0))), NGHTTP2_PROTOCOL_ERROR);
  EXPECT_EQ(error(frame(NGHTTP2_WINDOW_UPDATE, 0, 0, number(0x7fffffff))),
            NGHTTP2_FLOW_CONTROL_ERROR)
      << "the connection's window overflows";
}

TEST_F(AbuseTest, AFrameThatIsTooLargeIsRefusedByItsLength) {
  serve();
  // The length alone: nothing of it is waited for.
  const std::string bytes = greeting() + frame(NGHTTP2_HEADERS, kEndHeaders, 1, request_headers()) +
                            std::string("\xff\xff\xff\0\0\0\0\0\1", 9);
  EXPECT_EQ(goaway_after(bytes), NGHTTP2_FRAME_SIZE_ERROR);
}

TEST_F(AbuseTest, AStreamsWindowOverflowResetsIt) {
  serve();
  const RawClient client(address());
  ASSERT_TRUE(client.send(greeting() + frame(NGHTTP2_HEADERS, kEndHeaders, 1, request_headers()) +
                          frame(NGHTTP2_WINDOW_UPDATE, 0, 1, number(0x7fffffff))));
  EXPECT_TRUE(comes(client, frame(NGHTTP2_RST_STREAM, 0, 1, number(NGHTTP2_FLOW_CONTROL_ERROR))));
  ASSERT_TRUE(client.send(frame(NGHTTP2_PING, 0, 0, "question")));
  EXPECT_TRUE(comes(client, frame(NGHTTP2_PING, NGHTTP2_FLAG_ACK, 0, "question")))
      << "the connection outlives a broken stream";
  EXPECT_TRUE(comes_true([this] { return shared().open_calls.load() == 0; }));
}

// The engine takes nothing for now, so that no window is given back.
TEST_F(AbuseTest, MoreThanTheWindowIsNotTaken) {
  const Latch let_go;
  const OpenAtEnd at_end(let_go);
  script_->on_write = [let_go](std::span<const DataItem>) {
    EXPECT_TRUE(let_go.wait());
    return Status();
  };
  options_.limits.stream_window = 65'535;
  serve();
  std::string bytes = greeting() + frame(NGHTTP2_HEADERS, kEndHeaders, 1, request_headers(kStream));
  for (int i = 0; i < 10; ++i) {
    const std::string message = stream_message(i == 0, std::string(16'000, 'x'), kStatusContinue);
    bytes += frame(NGHTTP2_DATA, 0, 1, grpc_message(message));
  }
  const RawClient client(address());
  ASSERT_TRUE(client.send(bytes));
  EXPECT_TRUE(comes(client, frame(NGHTTP2_RST_STREAM, 0, 1, number(NGHTTP2_FLOW_CONTROL_ERROR))));
}

// A client cannot know the limit before it has the server's SETTINGS, and must keep it afterwards.
TEST_F(AbuseTest, MoreStreamsThanAllowedAreRefused) {
  options_.limits.max_streams = 2;
  serve();
  const auto open = [](std::uint32_t stream) {
    return frame(NGHTTP2_HEADERS, kEndHeaders, stream, request_headers());
  };
  const RawClient early(address());
  ASSERT_TRUE(early.send(greeting() + open(1) + open(3) + open(5)));
  EXPECT_TRUE(comes(early, frame(NGHTTP2_RST_STREAM, 0, 5, number(NGHTTP2_REFUSED_STREAM))));
  EXPECT_EQ(shared().open_calls.load(), 2U);
  const RawClient late(address());
  ASSERT_TRUE(late.send(greeting()));
  ASSERT_TRUE(comes(late, frame(NGHTTP2_SETTINGS, NGHTTP2_FLAG_ACK, 0)));
  ASSERT_TRUE(
      late.send(frame(NGHTTP2_SETTINGS, NGHTTP2_FLAG_ACK, 0) + open(1) + open(3) + open(5)));
  EXPECT_EQ(goaway_error(late.receive_all()), NGHTTP2_PROTOCOL_ERROR);
}

TEST_F(AbuseTest, FloodsAreCutOff) {
  options_.limits.min_ping_interval = std::chrono::milliseconds(1000);
  serve();
  std::string pings;
  std::string settings;
  for (int i = 0; i < 100; ++i) pings += frame(NGHTTP2_PING, 0, 0, "12345678");
  for (int i = 0; i < 100; ++i) settings += frame(NGHTTP2_SETTINGS, 0, 0, "");
  EXPECT_TRUE(is_cut_off(pings));
  EXPECT_TRUE(is_cut_off(settings));
  EXPECT_TRUE(is_cut_off(frame(NGHTTP2_SETTINGS, 0, 0, std::string(600, '\0')))) << "entries";
}

TEST_F(AbuseTest, APingFloodIsToldToCalmDown) {
  options_.limits.min_ping_interval = kPatience;
  serve();
  std::string pings;
  for (int i = 0; i < 20; ++i) pings += frame(NGHTTP2_PING, 0, 0, "12345678");
  EXPECT_EQ(goaway_after(greeting() + pings), NGHTTP2_ENHANCE_YOUR_CALM);
}

// CVE-2023-44487.
TEST_F(AbuseTest, StreamsThatAreOpenedToBeResetAreCutOff) {
#ifndef AIGES_HAS_STREAM_RESET_RATE_LIMIT
  GTEST_SKIP() << "this nghttp2 has no limit of resets";
#endif
  serve();
  const RawClient client(address());
  ASSERT_TRUE(client.send(greeting()));
  bool cut_off = false;
  for (std::uint32_t stream = 1; stream < 200'000 && !cut_off; stream += 2) {
    const std::string pair = frame(NGHTTP2_HEADERS, kEndHeaders, stream, request_headers()) +
                             frame(NGHTTP2_RST_STREAM, 0, stream, number(NGHTTP2_CANCEL));
    cut_off = is_cut_off(client, pair, 1);
  }
  EXPECT_TRUE(cut_off);
}

// CVE-2024-28182.
TEST_F(AbuseTest, AHeaderThatNeverEndsIsCutOff) {
#ifndef AIGES_HAS_MAX_CONTINUATIONS
  GTEST_SKIP() << "this nghttp2 has no limit of continuations";
#endif
  serve();
  const RawClient client(address());
  ASSERT_TRUE(client.send(greeting() + frame(NGHTTP2_HEADERS, 0, 1, request_headers())));
  EXPECT_TRUE(
      is_cut_off(client, frame(NGHTTP2_CONTINUATION, 0, 1, field("x-more", "of it")), 100'000));
}

TEST_F(AbuseTest, AHeaderListThatIsTooLargeIsRefused) {
  options_.limits.max_header_bytes = 4096;
  serve();
  Http2Client client(address());
  const Http2Client::Headers large = {{"x-large", std::string(5000, 'x')}};
  EXPECT_EQ(client.call(kExec, exec_message(), large).status(), "8");
  EXPECT_EQ(client.call(kExec, exec_message()).status(), "0") << "the connection goes on";
  EXPECT_EQ(script_->execs.get(), 1);
}

// Few bytes that stand for many: one field in the dynamic table, named again and again.
TEST_F(AbuseTest, AHeaderThatIsCompressedIsCountedAsItIs) {
  serve();
  std::string indexed = field("x-large", std::string(3000, 'x'));
  indexed[0] = '\x40';  // with incremental indexing: it becomes entry 62
  std::string block = request_headers() + indexed + std::string(10'000, '\xbe');
  const RawClient client(address());
  ASSERT_TRUE(client.send(greeting() + frame(NGHTTP2_HEADERS, kEndHeaders, 1, block) +
                          frame(NGHTTP2_PING, 0, 0, "question")));
  // Refused, or the connection is ended: either way 30 MB are not kept.
  std::string received;
  for (std::string part = client.receive(); !part.empty(); part = client.receive()) {
    received += part;
    if (received.find("question") != std::string::npos) break;
  }
  EXPECT_TRUE(shared().failed_calls.load() == 1 || goaway_error(received) > 0);
}

TEST_F(AbuseTest, ConnectionsBeyondTheLimitAreClosed) {
  options_.limits.max_connections = 2;
  serve();
  auto one = std::make_unique<Http2Client>(address());
  auto two = std::make_unique<Http2Client>(address());
  EXPECT_EQ(one->call(kExec, exec_message()).status(), "0");
  const RawClient three(address());
  EXPECT_EQ(three.receive_all(), "");
  EXPECT_EQ(shared().refused_connections.load(), 1U);
  EXPECT_EQ(two->call(kExec, exec_message()).status(), "0");
  one.reset();
  EXPECT_TRUE(comes_true([this] { return shared().connections.load() == 1; }));
  others_are_served();
}

TEST_F(AbuseTest, WhoSaysNothingIsClosed) {
  options_.limits.handshake_timeout = std::chrono::milliseconds(1);
  serve();
  const RawClient silent(address());
  (void)silent.receive_all();
  const RawClient half(address());
  (void)half.send(kPreface.substr(0, 10));
  (void)half.receive_all();
}

TEST_F(AbuseTest, AHeaderByteByByteIsClosed) {
  options_.limits.handshake_timeout = std::chrono::milliseconds(1);
  serve();
  const RawClient client(address());
  const std::string headers = frame(NGHTTP2_HEADERS, kEndHeaders, 1, request_headers());
  (void)client.send(greeting() + headers.substr(0, headers.size() - 1));
  (void)client.receive_all();
}

TEST_F(AbuseTest, AnIdleConnectionIsToldAndClosed) {
  options_.limits.idle_timeout = std::chrono::milliseconds(1);
  serve();
  Http2Client client(address());
  EXPECT_TRUE(client.closed_by_server());
  EXPECT_TRUE(client.goaway());
  EXPECT_EQ(client.goaway_error(), static_cast<std::uint32_t>(NGHTTP2_NO_ERROR));
}

TEST_F(AbuseTest, AConnectionWithAnRpcIsNotIdle) {
  options_.limits.idle_timeout = std::chrono::milliseconds(500);
  serve();
  Http2Client busy(address());
  const std::int32_t watch = busy.start("/grpc.health.v1.Health/Watch", "");
  ASSERT_TRUE(busy.wait_until([&] { return !busy.reply(watch).messages.empty(); }));
  Http2Client idle(address());
  EXPECT_TRUE(idle.closed_by_server()) << "a sweep has passed";
  EXPECT_EQ(busy.call("/grpc.health.v1.Health/Check", "").status(), "0");
  EXPECT_FALSE(busy.goaway());
}

TEST_F(AbuseTest, ASilentClientWithAnRpcIsAskedAndGivenUp) {
  options_.limits.keepalive_interval = std::chrono::milliseconds(1);
  options_.limits.keepalive_timeout = std::chrono::milliseconds(1);
  serve();
  const RawClient client(address());
  const std::string health = request_headers("/grpc.health.v1.Health/Watch");
  (void)client.send(greeting() + frame(NGHTTP2_HEADERS, kEndHeaders, 1, health) +
                    frame(NGHTTP2_DATA, kEndStream, 1, grpc_message("")));
  (void)client.receive_all();
  EXPECT_TRUE(comes_true([this] { return shared().open_calls.load() == 0; }));
}

TEST_F(AbuseTest, RequestsThatArriveInPartsHaveALimitTogether) {
  options_.limits.max_buffered = 100'000;
  serve();
  Http2Client one(address());
  Http2Client two(address());
  const std::string message = grpc_message(exec_message(std::string(80'000, 'x')));
  const std::int32_t first = one.open(kExec);
  one.write(first, std::string_view(message).substr(0, message.size() - 1));
  ASSERT_TRUE(comes_true([&] { return shared().buffered.load() > 70'000; }));
  const std::int32_t second = two.open(kExec);
  two.write(second, std::string_view(message).substr(0, message.size() - 1));
  EXPECT_EQ(two.wait(second).status(), "8");
  one.write(first, std::string_view(message).substr(message.size() - 1), true);
  EXPECT_EQ(one.wait(first).status(), "0");
  EXPECT_EQ(two.call(kExec, exec_message()).status(), "0");
}

}  // namespace
}  // namespace aiges::test
