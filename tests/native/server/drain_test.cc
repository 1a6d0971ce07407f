// The end of a server: what was begun is finished, what must not wait does not.

#include "server/server_test.h"

namespace aiges::test {
namespace {

class DrainTest : public ServerTest {
 protected:
  // Each once call waits inside the engine.
  void hold_calls() {
    script_->on_exec = [let_go = let_go_](const Request&) -> Result<OutputPtr> {
      EXPECT_TRUE(let_go.wait());
      return text_output("key", "done");
    };
  }
  std::future<bool> drain_in_thread(Deadline deadline) {
    return in_thread([this, deadline] { return server_->drain(deadline); });
  }
  static Deadline now() { return Deadline::at(Clock::now()); }
  void TearDown() override {
    let_go_.open();
    ServerTest::TearDown();
  }

  const Latch let_go_;
};

TEST_F(DrainTest, AnIdleServerIsDrainedAtOnceAndTellsItsClients) {
  serve();
  Http2Client client(address());
  EXPECT_EQ(client.call(kExec, exec_message()).status(), "0");
  std::future<bool> drained = drain_in_thread(patient().deadline);
  EXPECT_TRUE(client.closed_by_server());
  EXPECT_TRUE(client.goaway());
  EXPECT_EQ(client.goaway_error(), static_cast<std::uint32_t>(NGHTTP2_NO_ERROR));
  ASSERT_TRUE(ready(drained));
  EXPECT_TRUE(drained.get());
  const RawClient late(address());
  EXPECT_TRUE(!late.connected() || late.receive_all().empty()) << "the door is closed";
}

TEST_F(DrainTest, CallsThatRunAreFinished) {
  hold_calls();
  serve();
  Http2Client client(address());
  const std::int32_t call = client.start(kExec, exec_message());
  ASSERT_TRUE(script_->execs.reaches(1));
  std::future<bool> drained = drain_in_thread(patient().deadline);
  ASSERT_TRUE(client.wait_until([&] { return client.goaway(); }));
  EXPECT_FALSE(ready(drained, kSoon)) << "the engine is still at it";
  let_go_.open();
  const Reply& reply = client.wait(call);
  EXPECT_EQ(reply.status(), "0");
  EXPECT_EQ(text_of_response(reply.messages.at(0)), "done");
  ASSERT_TRUE(ready(drained));
  EXPECT_TRUE(drained.get());
}

// The server has said that it goes, and the client had not heard it when it called.
TEST_F(DrainTest, CallsThatWereOnTheirWayAreServed) {
  serve();
  const RawClient client(address());
  ASSERT_TRUE(client.send(std::string(kPreface) + frame(NGHTTP2_SETTINGS, 0, 0)));
  ASSERT_TRUE(comes_true([this] { return shared().connections.load() == 1; }));
  std::future<bool> drained = drain_in_thread(patient().deadline);
  std::string received;
  const auto receive_until = [&](std::string_view text) {
    while (received.find(text) == std::string::npos) {
      const std::string part = client.receive();
      if (part.empty()) return false;
      received += part;
    }
    return true;
  };
  ASSERT_TRUE(receive_until("farewell"));  // the ping behind the news
  ASSERT_EQ(goaway_error(received), NGHTTP2_NO_ERROR);
  // HPACK: literals, not indexed. The whole call, and only then the answer to the ping.
  const auto field = [](std::string_view name, std::string_view value) {
    return std::string(1, '\0') + static_cast<char>(name.size()) + std::string(name) +
           static_cast<char>(value.size()) + std::string(value);
  };
  const std::string headers = field(":method", "POST") + field(":scheme", "http") +
                              field(":path", kExec) + field(":authority", "test") +
                              field("content-type", "application/grpc");
  ASSERT_TRUE(
      client.send(frame(NGHTTP2_HEADERS, NGHTTP2_FLAG_END_HEADERS, 1, headers) +
                  frame(NGHTTP2_DATA, NGHTTP2_FLAG_END_STREAM, 1, grpc_message(exec_message())) +
                  frame(NGHTTP2_PING, NGHTTP2_FLAG_ACK, 0, "farewell")));
  received += client.receive_all();
  EXPECT_EQ(script_->execs.get(), 1);
  EXPECT_NE(received.find("fake"), std::string::npos) << "the engine's answer";
  ASSERT_TRUE(ready(drained));
  EXPECT_TRUE(drained.get());
}

TEST_F(DrainTest, AnOpenStreamMayGoOn) {
  engine_.async_mode = true;
  std::string tag;
  Latch created;
  script_->on_create = [&tag, created](const Request& request, bool) {
    tag = request.tag_text;
    created.open();
    return Status();
  };
  serve();
  Http2Client client(address());
  const std::int32_t stream = client.open(kStream);
  client.write(stream, grpc_message(stream_message(true, "a", kStatusBegin)));
  ASSERT_TRUE(script_->writes.reaches(1));
  std::future<bool> drained = drain_in_thread(patient().deadline);
  ASSERT_TRUE(client.wait_until([&] { return client.goaway(); }));
  client.write(stream, grpc_message(stream_message(false, "b", kStatusEnd)));
  ASSERT_TRUE(script_->writes.reaches(2));
  ASSERT_TRUE(created.wait());
  EXPECT_EQ(script_->call_back(tag, text_output("key", "all", kStatusEnd)), 0);
  EXPECT_EQ(client.wait(stream).status(), "0");
  ASSERT_TRUE(ready(drained));
  EXPECT_TRUE(drained.get());
}

TEST_F(DrainTest, WhatIsStillOpenAtTheDeadlineIsCutOff) {
  engine_.async_mode = true;
  serve();
  Http2Client client(address());
  const std::int32_t stream = client.open(kStream);
  client.write(stream, grpc_message(stream_message(true, "a", kStatusBegin)));
  ASSERT_TRUE(script_->writes.reaches(1));
  std::future<bool> drained = drain_in_thread(now());
  EXPECT_EQ(client.wait(stream).status(), "9");
  EXPECT_EQ(client.reply(stream).header("aiges-code"), "10101");
  ASSERT_TRUE(ready(drained));
  EXPECT_FALSE(drained.get());
  EXPECT_TRUE(script_->destroys.reaches(1));
}

TEST_F(DrainTest, ItIsNotReadyAnyMore) {
  hold_calls();
  serve();
  Http2Client client(address());
  const std::int32_t watch = client.start("/grpc.health.v1.Health/Watch", "");
  ASSERT_TRUE(client.wait_until([&] { return client.reply(watch).messages.size() == 1; }));
  const std::int32_t call = client.start(kExec, exec_message());
  ASSERT_TRUE(script_->execs.reaches(1));
  std::future<bool> drained = drain_in_thread(patient().deadline);
  ASSERT_TRUE(client.wait_until([&] { return client.reply(watch).messages.size() == 2; }));
  EXPECT_EQ(client.reply(watch).messages[1], std::string("\x08\x02", 2)) << "NOT_SERVING";
  server_->set_ready(true);
  let_go_.open();
  EXPECT_EQ(client.wait(call).status(), "0");
  (void)client.wait(watch);  // its end does not wait for the client's
  EXPECT_EQ(client.reply(watch).messages.size(), 2U) << "ready again, while it goes";
  ASSERT_TRUE(ready(drained));
  EXPECT_TRUE(drained.get());
}

// A second signal: who waits with patience is overtaken by one who has none.
TEST_F(DrainTest, AnImpatientDrainOvertakesAPatientOne) {
  engine_.async_mode = true;
  serve();
  Http2Client client(address());
  const std::int32_t stream = client.open(kStream);
  client.write(stream, grpc_message(stream_message(true, "a", kStatusBegin)));
  ASSERT_TRUE(script_->writes.reaches(1));
  std::future<bool> patiently = drain_in_thread(Deadline::never());
  ASSERT_TRUE(client.wait_until([&] { return client.goaway(); }));
  std::future<bool> impatiently = drain_in_thread(now());
  EXPECT_EQ(client.wait(stream).status(), "9");
  ASSERT_TRUE(ready(impatiently));
  EXPECT_FALSE(impatiently.get());
  ASSERT_TRUE(ready(patiently));
  (void)patiently.get();
  EXPECT_TRUE(client.closed_by_server());
}

TEST_F(DrainTest, StopEndsADrain) {
  hold_calls();
  serve();
  Http2Client client(address());
  (void)client.start(kExec, exec_message());
  ASSERT_TRUE(script_->execs.reaches(1));
  std::future<bool> drained = drain_in_thread(patient().deadline);
  ASSERT_TRUE(client.wait_until([&] { return client.goaway(); }));
  auto stopped = in_thread([this] { server_->stop(); });
  EXPECT_TRUE(client.closed_by_server());
  let_go_.open();
  ASSERT_TRUE(ready(stopped));
  ASSERT_TRUE(ready(drained));
}

TEST_F(DrainTest, StopDoesNotWaitForAHungEngine) {
  hold_calls();
  options_.farewell = std::chrono::milliseconds(10);
  serve();
  Http2Client client(address());
  (void)client.start(kExec, exec_message());
  ASSERT_TRUE(script_->execs.reaches(1));
  auto stopped = in_thread([this] { server_->stop(); });
  EXPECT_TRUE(client.closed_by_server());
  ASSERT_TRUE(ready(stopped)) << "although the engine holds a thread";
  EXPECT_EQ(shared().open_calls.load(), 0U);
  EXPECT_EQ(shared().connections.load(), 0U);
  EXPECT_FALSE(let_go_.is_open());
}

TEST_F(DrainTest, StopDoesNotWaitForAHungSession) {
  script_->on_write = [let_go = let_go_](std::span<const DataItem>) {
    EXPECT_TRUE(let_go.wait());
    return Status();
  };
  options_.farewell = std::chrono::milliseconds(10);
  serve();
  Http2Client client(address());
  client.write(client.open(kStream), grpc_message(stream_message(true, "a", kStatusBegin)));
  ASSERT_TRUE(script_->writes.reaches(1));
  auto stopped = in_thread([this] { server_->stop(); });
  EXPECT_TRUE(client.closed_by_server());
  ASSERT_TRUE(ready(stopped));
  EXPECT_EQ(script_->destroys.get(), 0) << "calls of one session never overlap";
  let_go_.open();
  EXPECT_TRUE(script_->destroys.reaches(1));
}

TEST_F(DrainTest, StopMayComeTwiceAndBeforeAnything) {
  serve();
  server_->stop();
  server_->stop();
  EXPECT_TRUE(server_->drain(patient().deadline));
}

// Connections that come and go while it stops.
TEST_F(DrainTest, StopAmongNewConnections) {
  serve();
  const std::string where = address();
  std::atomic<bool> enough{false};
  auto clients = in_thread([&] {
    while (!enough) {
      const RawClient client(where);
      if (client.connected()) (void)client.send(kPreface);
    }
  });
  ASSERT_TRUE(comes_true([this] { return shared().connections_total.load() > 20; }));
  server_->stop();
  enough = true;
  ASSERT_TRUE(ready(clients));
}

}  // namespace
}  // namespace aiges::test
