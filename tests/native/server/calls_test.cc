// RPCs over a real socket, from the first byte to the trailers.

#include <zlib.h>

#include "server/server_test.h"

namespace aiges::test {
namespace {

class CallsTest : public ServerTest {
 protected:
  // Answers with the bytes of the first item.
  void echo() {
    script_->on_exec = [](const Request& request) -> Result<OutputPtr> {
      if (request.data.empty()) return text_output("key", "(nothing)");
      return text_output("key",
                         {static_cast<const char*>(request.data[0].data), request.data[0].size});
    };
  }
  // A session answers each input with "got <n>"; the last one is final.
  void count_inputs() {
    script_->on_write = [this](std::span<const DataItem> items) {
      for (const DataItem& item : items) last_status_ = item.status;
      ++written_;
      return Status();
    };
    script_->on_read = [this]() -> Result<OutputPtr> {
      return text_output("key", "got " + std::to_string(written_.load()),
                         is_final_status(last_status_) ? kStatusEnd : kStatusContinue);
    };
  }
  std::atomic<int> last_status_{0};
  std::atomic<int> written_{0};
};

std::string zipped(const std::string& plain) {
  std::string out(plain.size() + 100, '\0');
  z_stream stream{};
  EXPECT_EQ(deflateInit2(&stream, 6, Z_DEFLATED, 16 + MAX_WBITS, 8, Z_DEFAULT_STRATEGY), Z_OK);
  stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(plain.data()));
  stream.avail_in = static_cast<uInt>(plain.size());
  stream.next_out = reinterpret_cast<Bytef*>(out.data());
  stream.avail_out = static_cast<uInt>(out.size());
  EXPECT_EQ(deflate(&stream, Z_FINISH), Z_STREAM_END);
  out.resize(stream.total_out);
  deflateEnd(&stream);
  return out;
}

TEST_F(CallsTest, AUnaryCallIsAnswered) {
  echo();
  serve();
  Http2Client client(address());
  const Reply& reply = client.call(kExec, exec_message("hello"));
  EXPECT_EQ(reply.status(), "0");
  EXPECT_EQ(reply.header("content-type"), "application/grpc");
  ASSERT_EQ(reply.messages.size(), 1U);
  EXPECT_EQ(text_of_response(reply.messages[0]), "hello");
}

TEST_F(CallsTest, AMessageMayBeSplitAnywhere) {
  echo();
  serve();
  Http2Client client(address());
  const std::string body = grpc_message(exec_message("split me"));
  for (std::size_t at = 0; at <= body.size(); ++at) {
    const std::int32_t stream = client.open(kExec);
    client.write(stream, std::string_view(body).substr(0, at));
    client.write(stream, std::string_view(body).substr(at), true);
    const Reply& reply = client.wait(stream);
    ASSERT_EQ(reply.status(), "0") << at;
    ASSERT_EQ(text_of_response(reply.messages.at(0)), "split me") << at;
  }
}

TEST_F(CallsTest, SeveralMessagesMayComeInOneFrame) {
  count_inputs();
  serve();
  Http2Client client(address());
  const std::int32_t stream = client.open(kStream);
  client.write(stream, grpc_message(stream_message(true, "a", kStatusBegin)) +
                           grpc_message(stream_message(false, "b", kStatusContinue)) +
                           grpc_message(stream_message(false, "c", kStatusEnd)));
  const Reply& reply = client.wait(stream);
  EXPECT_EQ(reply.status(), "0");
  ASSERT_FALSE(reply.messages.empty());
  EXPECT_EQ(text_of_response(reply.messages.back()), "got 3");
  EXPECT_EQ(script_->destroys.get(), 1);
}

TEST_F(CallsTest, FailuresOfFramingHaveAStatus) {
  echo();
  options_.limits.max_receive = 1000;
  serve();
  Http2Client client(address());
  const auto status_of = [&](std::string_view body, const Http2Client::Headers& more = {}) {
    const std::int32_t stream = client.open(kExec, more);
    client.write(stream, body, true);
    return client.wait(stream).status();
  };
  const std::string good = grpc_message(exec_message());
  EXPECT_EQ(status_of(good), "0");
  EXPECT_EQ(status_of(std::string_view(good).substr(0, good.size() - 1)), "13") << "truncated";
  EXPECT_EQ(status_of(std::string_view(good).substr(0, 3)), "13") << "truncated prefix";
  EXPECT_EQ(status_of(""), "13") << "no message";
  EXPECT_EQ(status_of(good + good), "13") << "two messages";
  EXPECT_EQ(status_of(grpc_message(exec_message(std::string(1001, 'x')))), "8") << "oversized";
  EXPECT_EQ(status_of(grpc_message("\xff\xff")), "3") << "not protobuf";
  EXPECT_EQ(status_of(grpc_message(exec_message(), true)), "13") << "compressed without saying how";
  const Http2Client::Headers gzip = {{"grpc-encoding", "gzip"}};
  EXPECT_EQ(status_of(grpc_message(zipped(exec_message()), true), gzip), "0");
  EXPECT_EQ(status_of(grpc_message("not gzip", true), gzip), "13");
  EXPECT_EQ(status_of(grpc_message(zipped(exec_message(std::string(5000, 'x'))), true), gzip), "8")
      << "oversized when decompressed";
  EXPECT_EQ(status_of(good, {{"grpc-encoding", "zstd"}}), "12");
  EXPECT_EQ(status_of(good, {{"grpc-timeout", "soon"}}), "13");
  EXPECT_EQ(status_of(good, {{"grpc-timeout", "0n"}}), "4");
}

TEST_F(CallsTest, WhatIsNotThereIsSaidSo) {
  serve();
  Http2Client client(address());
  EXPECT_EQ(client.call("/aiges.v1.Engine/Nothing", "").status(), "12");
  EXPECT_EQ(client.call("/no.Service/Nothing", "").status(), "12");
  EXPECT_EQ(client.call(kExec, "", {{"content-type", "text/plain"}}).header(":status"), "415");
  EXPECT_EQ(client.call(kExec, "", {{":method", "GET"}}).header(":status"), "405");
  wire::ExecRequest other;
  other.engine = "other";
  EXPECT_EQ(client.call(kExec, flat(wire::encode_exec_request(other))).status(), "5");
}

TEST_F(CallsTest, AnUploadThatNobodyWantsIsStopped) {
  serve();
  Http2Client client(address());
  const std::int32_t stream = client.open("/no.Service/Nothing");
  client.write(stream, "never ends");
  const Reply& reply = client.wait(stream);  // by RST_STREAM: the client has not ended it
  EXPECT_EQ(reply.status(), "12");
  EXPECT_EQ(reply.reset, static_cast<std::uint32_t>(NGHTTP2_NO_ERROR));
  EXPECT_TRUE(comes_true([&] { return shared().open_calls.load() == 0; }));
}

TEST_F(CallsTest, AStreamThatFailsMidwayTellsItsStatus) {
  count_inputs();
  serve();
  Http2Client client(address());
  const std::int32_t stream = client.open(kStream);
  client.write(stream, grpc_message(stream_message(true, "a", kStatusBegin)));
  ASSERT_TRUE(client.wait_until([&] { return !client.reply(stream).messages.empty(); }));
  client.write(stream, grpc_message(stream_message(true, "b", kStatusContinue)));  // open, again
  const Reply& reply = client.wait(stream);
  EXPECT_EQ(reply.status(), "3");
  EXPECT_TRUE(script_->destroys.reaches(1));
}

TEST_F(CallsTest, TheEnginesErrorComesWithItsNumber) {
  script_->on_exec = [](const Request&) -> Result<OutputPtr> { return engine_says_no(42); };
  serve();
  Http2Client client(address());
  const Reply& reply = client.call(kExec, exec_message());
  EXPECT_EQ(reply.status(), "13");
  EXPECT_EQ(reply.header("aiges-engine-code"), "42");
  EXPECT_NE(reply.header("grpc-message").find("fake error 42"), std::string::npos);
}

TEST_F(CallsTest, ATokenIsDemandedButNotForHealth) {
  options_.token = "secret";
  serve();
  Http2Client client(address());
  EXPECT_EQ(client.call(kExec, exec_message()).status(), "16");
  EXPECT_EQ(client.call(kExec, exec_message(), {{"authorization", "Bearer secre"}}).status(), "16");
  EXPECT_EQ(client.call(kExec, exec_message(), {{"authorization", "Bearer secret"}}).status(), "0");
  EXPECT_EQ(client.call("/grpc.health.v1.Health/Check", "").status(), "0");
}

TEST_F(CallsTest, GzipGoesBothWays) {
  echo();
  serve();
  Http2Client client(address());
  const std::string large(100'000, 'x');
  const std::int32_t stream =
      client.open(kExec, {{"grpc-encoding", "gzip"}, {"grpc-accept-encoding", "identity,gzip"}});
  client.write(stream, grpc_message(zipped(exec_message(large)), true), true);
  const Reply& reply = client.wait(stream);
  EXPECT_EQ(reply.status(), "0");
  EXPECT_EQ(reply.header("grpc-encoding"), "gzip");
  EXPECT_LT(reply.bytes, 10'000U);
}

// Each message takes more of the window than it has bytes when it is decompressed.
TEST_F(CallsTest, TheWindowOfCompressedMessagesComesBackWhole) {
  count_inputs();
  options_.limits.stream_window = 65'535;
  serve();
  Http2Client client(address());
  const std::int32_t stream = client.open(kStream, {{"grpc-encoding", "gzip"}});
  constexpr int kFrames = 3000;
  std::string body = grpc_message(stream_message(true, "a", kStatusBegin));
  for (int i = 0; i < kFrames; ++i)
    body += grpc_message(zipped(stream_message(false, "b", kStatusContinue)), true);
  body += grpc_message(stream_message(false, "c", kStatusEnd));
  client.write(stream, body);
  EXPECT_EQ(client.wait(stream).status(), "0");
  EXPECT_EQ(written_.load(), kFrames + 2);
}

TEST_F(CallsTest, AHundredMegabytesPassASmallWindow) {
  const std::string large(std::size_t{100} << 20, 'x');
  script_->on_exec = [&](const Request&) -> Result<OutputPtr> { return text_output("key", large); };
  serve();
  Http2Client client(address(), {65'535, true});
  const std::int32_t stream = client.open(kExec);
  client.reply(stream).keep_messages = false;
  client.write(stream, grpc_message(exec_message()), true);
  const Reply& reply = client.wait(stream);
  EXPECT_EQ(reply.status(), "0");
  EXPECT_GT(reply.bytes, large.size());
}

TEST_F(CallsTest, AClosedWindowHoldsNobodyElseUp) {
  echo();
  serve();
  Http2Client stuck(address(), {0, false});
  const std::int32_t waiting = stuck.start(kExec, exec_message("for later"));
  ASSERT_TRUE(stuck.wait_until([&] { return stuck.reply(waiting).headers_arrived; }));
  Http2Client other(address());
  EXPECT_EQ(other.call(kExec, exec_message()).status(), "0");
  EXPECT_TRUE(stuck.reply(waiting).messages.empty());
  stuck.give_window(waiting, 100'000);
  EXPECT_EQ(stuck.wait(waiting).status(), "0");
}

TEST_F(CallsTest, OneLicenceSufficesForOneAfterTheOther) {
  engine_.sessions.licences.max = 1;
  serve();
  Http2Client client(address());
  for (int i = 0; i < 1000; ++i) ASSERT_EQ(client.call(kExec, exec_message()).status(), "0") << i;
}

TEST_F(CallsTest, ManyCallsOnOneConnectionRunAtOnce) {
  echo();
  serve();
  Http2Client client(address());
  std::vector<std::int32_t> streams;
  for (int i = 0; i < 500; ++i)
    streams.push_back(client.start(kExec, exec_message(std::to_string(i))));
  for (int i = 0; i < 500; ++i) {
    const Reply& reply = client.wait(streams[static_cast<std::size_t>(i)]);
    ASSERT_EQ(text_of_response(reply.messages.at(0)), std::to_string(i));
  }
}

TEST_F(CallsTest, AUnixSocketServesToo) {
  const std::string path = testing::TempDir() + "aiges_" + std::to_string(::getpid()) + ".sock";
  options_.grpc = {"unix:" + path};
  serve();
  Http2Client client("unix:" + path);
  EXPECT_EQ(client.call(kExec, exec_message()).status(), "0");
}

TEST_F(CallsTest, HealthIsTruthfulAndTold) {
  serve().set_ready(false);
  Http2Client client(address());
  const std::string serving("\x08\x01", 2);
  const std::string not_serving("\x08\x02", 2);
  const std::int32_t watch = client.start("/grpc.health.v1.Health/Watch", "");
  const auto watched = [&](std::size_t count) {
    return client.wait_until([&] { return client.reply(watch).messages.size() >= count; });
  };
  ASSERT_TRUE(watched(1));
  EXPECT_EQ(client.reply(watch).messages[0], not_serving);
  EXPECT_EQ(client.call("/grpc.health.v1.Health/Check", "").messages.at(0), not_serving);
  server_->set_ready(true);
  ASSERT_TRUE(watched(2));
  EXPECT_EQ(client.reply(watch).messages[1], serving);
  EXPECT_EQ(client.call("/grpc.health.v1.Health/Check", "\x0a\x04none").status(), "5");
}

TEST_F(CallsTest, ReflectionAnswersUntilTheClientHasNoMoreQuestions) {
  serve();
  Http2Client client(address());
  const std::int32_t stream =
      client.open("/grpc.reflection.v1.ServerReflection/ServerReflectionInfo");
  for (std::size_t i = 1; i <= 3; ++i) {
    client.write(stream, grpc_message("\x3a\x01*"));
    ASSERT_TRUE(client.wait_until([&] { return client.reply(stream).messages.size() == i; }));
    EXPECT_NE(client.reply(stream).messages.back().find("aiges.v1.Engine"), std::string::npos);
  }
  client.write(stream, "", true);
  EXPECT_EQ(client.wait(stream).status(), "0");
}

}  // namespace
}  // namespace aiges::test
