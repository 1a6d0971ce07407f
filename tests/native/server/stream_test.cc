// aiges.v1.Engine/Stream: one RPC, one session of the engine, however either ends.

#include "server/server_test.h"

namespace aiges::test {
namespace {

using Strings = std::vector<std::string>;

class StreamTest : public ServerTest {
 protected:
  StreamTest() {
    engine_.stream.ttl = 10 * kPatience;  // nothing here ends because it was forgotten
    script_->on_create = [this](const Request& request, bool) {
      const std::lock_guard lock(mutex_);
      tag_ = request.tag_text;
      return Status();
    };
  }
  // The engine answers by callback.
  void asynchronously() { engine_.async_mode = true; }
  // Each input is answered by its bytes and status; the answer to the last one is final.
  void echo() {
    script_->on_write = [this](std::span<const DataItem> items) {
      const std::lock_guard lock(mutex_);
      for (const DataItem& item : items)
        written_.push_back(std::string(static_cast<const char*>(item.data), item.size) + "/" +
                           std::to_string(item.status));
      return Status();
    };
    script_->on_read = [this]() -> Result<OutputPtr> {
      const std::lock_guard lock(mutex_);
      if (read_ == written_.size()) return OutputPtr();
      const std::string text = written_[read_++];
      return text_output("key", text,
                         text.ends_with(std::to_string(kStatusEnd)) ? kStatusEnd : kStatusContinue);
    };
  }
  int call_back(const std::string& text, int status = kStatusContinue) {
    std::string tag;
    {
      const std::lock_guard lock(mutex_);
      tag = tag_;
    }
    return script_->call_back(tag, text_output("key", text, status));
  }
  static void write(Http2Client& client, std::int32_t stream, bool open, std::string_view bytes,
                    int status) {
    client.write(stream, grpc_message(stream_message(open, bytes, status)));
  }
  static Strings texts(const Reply& reply) {
    Strings all;
    for (const std::string& message : reply.messages) all.push_back(text_of_response(message));
    return all;
  }
  bool licences_are_back() {
    return comes_true([this] { return sessions().stats().in_use == 0; });
  }

  std::mutex mutex_;
  std::string tag_;
  Strings written_;
  std::size_t read_ = 0;
  std::atomic<int> items_{0};
};

TEST_F(StreamTest, ResultsComeWhileTheClientWrites) {
  echo();
  serve();
  Http2Client client(address());
  const std::int32_t stream = client.open(kStream);
  write(client, stream, true, "a", kStatusBegin);
  ASSERT_TRUE(client.wait_until([&] { return client.reply(stream).messages.size() == 1; }));
  write(client, stream, false, "b", kStatusContinue);
  ASSERT_TRUE(client.wait_until([&] { return client.reply(stream).messages.size() == 2; }));
  write(client, stream, false, "c", kStatusEnd);
  const Reply& reply = client.wait(stream);
  EXPECT_EQ(reply.status(), "0");
  EXPECT_EQ(texts(reply), (Strings{"a/0", "b/1", "c/2"}));
  wire::EngineResponse first;
  ASSERT_TRUE(wire::decode_engine_response(reply.messages[0], first).ok());
  EXPECT_NE(first.session_id, "") << "the first result says it";
  EXPECT_EQ(script_->destroys.get(), 1) << "before the last result left";
}

TEST_F(StreamTest, CallbacksArePushed) {
  asynchronously();
  serve();
  Http2Client client(address());
  const std::int32_t stream = client.open(kStream);
  write(client, stream, true, "a", kStatusBegin);
  ASSERT_TRUE(script_->writes.reaches(1));
  EXPECT_EQ(call_back("one", kStatusBegin), 0);
  ASSERT_TRUE(client.wait_until([&] { return client.reply(stream).messages.size() == 1; }));
  write(client, stream, false, "b", kStatusEnd);
  ASSERT_TRUE(script_->writes.reaches(2));
  EXPECT_EQ(call_back("two"), 0);
  EXPECT_EQ(call_back("three", kStatusEnd), 0);
  const Reply& reply = client.wait(stream);
  EXPECT_EQ(reply.status(), "0");
  EXPECT_EQ(texts(reply), (Strings{"one", "two", "three"}));
  EXPECT_EQ(script_->reads.get(), 0);
  EXPECT_EQ(script_->destroys.get(), 1);
}

TEST_F(StreamTest, TheEnginesErrorEndsIt) {
  asynchronously();
  serve();
  Http2Client client(address());
  const std::int32_t stream = client.open(kStream);
  write(client, stream, true, "a", kStatusBegin);
  ASSERT_TRUE(script_->writes.reaches(1));
  EXPECT_EQ(call_back("one"), 0);
  ASSERT_TRUE(client.wait_until([&] { return client.reply(stream).messages.size() == 1; }));
  {
    const std::lock_guard lock(mutex_);
    EXPECT_EQ(script_->call_back(tag_, engine_says_no(7)), 0);
  }
  const Reply& reply = client.wait(stream);
  EXPECT_EQ(reply.status(), "13");
  EXPECT_EQ(reply.header("aiges-engine-code"), "7");
  EXPECT_TRUE(script_->destroys.reaches(1));
}

TEST_F(StreamTest, AFailedCreateGivesTheLicenceBack) {
  script_->on_create = [](const Request&, bool) { return engine_says_no(5); };
  serve();
  Http2Client client(address());
  const std::int32_t stream = client.open(kStream);
  write(client, stream, true, "a", kStatusBegin);
  const Reply& reply = client.wait(stream);
  EXPECT_EQ(reply.status(), "13");
  EXPECT_EQ(reply.header("aiges-engine-code"), "5");
  EXPECT_TRUE(licences_are_back());
  EXPECT_EQ(script_->destroys.get(), 0);
}

TEST_F(StreamTest, AHalfCloseEndsWhatWasLeftOpen) {
  echo();
  serve();
  Http2Client client(address());
  const std::int32_t stream = client.open(kStream);
  write(client, stream, true, "a", kStatusBegin);
  client.write(stream, "", true);
  const Reply& reply = client.wait(stream);
  EXPECT_EQ(reply.status(), "0");
  EXPECT_EQ(texts(reply), (Strings{"a/0", "/2"})) << "an empty last item is written for the client";
  EXPECT_EQ(script_->writes.get(), 2);
}

TEST_F(StreamTest, AHalfCloseBehindTheLastItemAddsNothing) {
  echo();
  serve();
  Http2Client client(address());
  const std::int32_t stream = client.open(kStream);
  client.write(stream, grpc_message(stream_message(true, "a", kStatusEnd)), true);
  const Reply& reply = client.wait(stream);
  EXPECT_EQ(reply.status(), "0");
  EXPECT_EQ(texts(reply), Strings{"a/2"});
  EXPECT_EQ(script_->writes.get(), 1);
}

TEST_F(StreamTest, TheFirstMessageOpens) {
  serve();
  Http2Client client(address());
  const std::int32_t stream = client.open(kStream);
  write(client, stream, false, "a", kStatusBegin);
  EXPECT_EQ(client.wait(stream).status(), "3");
  const std::int32_t silent = client.open(kStream, {}, true);
  EXPECT_EQ(client.wait(silent).status(), "3") << "no message at all";
  wire::StreamRequest other;
  other.has_open = true;
  other.open.engine = "other";
  const std::int32_t wrong = client.open(kStream);
  client.write(wrong, grpc_message(flat(wire::encode_stream_request(other))));
  EXPECT_EQ(client.wait(wrong).status(), "5");
  EXPECT_EQ(script_->creates.get(), 0);
  EXPECT_EQ(sessions().stats().in_use, 0U);
}

TEST_F(StreamTest, NoLicenceIsAnOverload) {
  engine_.sessions.licences.max = 1;
  asynchronously();
  serve();
  Http2Client client(address());
  const std::int32_t one = client.open(kStream);
  write(client, one, true, "a", kStatusBegin);
  ASSERT_TRUE(script_->writes.reaches(1));
  const std::int32_t two = client.open(kStream);
  write(client, two, true, "a", kStatusBegin);
  const Reply& refused = client.wait(two);
  EXPECT_EQ(refused.status(), "8");
  EXPECT_EQ(refused.header("aiges-code"), "10110");
  EXPECT_EQ(script_->creates.get(), 1);
}

// The client goes away while the engine is inside create().
TEST_F(StreamTest, ACancelDuringCreateDestroysTheSession) {
  const Latch inside;
  const Latch let_go;
  const OpenAtEnd at_end(let_go);
  script_->on_create = [inside, let_go](const Request&, bool) {
    inside.open();
    EXPECT_TRUE(let_go.wait());
    return Status();
  };
  serve();
  Http2Client client(address());
  const std::int32_t stream = client.open(kStream);
  write(client, stream, true, "a", kStatusBegin);
  ASSERT_TRUE(inside.wait());
  client.reset(stream);
  ASSERT_TRUE(comes_true([this] { return shared().open_calls.load() == 0; }));
  EXPECT_EQ(sessions().stats().in_use, 1U) << "the engine is still at it";
  // Another RPC's answer shows that the leader has gone on to what it was told of the end.
  EXPECT_EQ(client.call("/grpc.health.v1.Health/Check", "").status(), "0");
  let_go.open();
  EXPECT_TRUE(script_->destroys.reaches(1));
  EXPECT_TRUE(licences_are_back());
  EXPECT_EQ(script_->writes.get(), 0);
}

TEST_F(StreamTest, ACancelWhileItWaitsForALicenceLeavesTheQueue) {
  engine_.sessions.licences = {.max = 1, .max_waiting = 10};
  engine_.sessions.max_wait = kPatience;
  engine_.wait_for_licence = true;
  asynchronously();
  serve();
  Http2Client client(address());
  const std::int32_t one = client.open(kStream);
  write(client, one, true, "a", kStatusBegin);
  ASSERT_TRUE(script_->writes.reaches(1));
  const std::int32_t two = client.open(kStream);
  write(client, two, true, "a", kStatusBegin);
  ASSERT_TRUE(comes_true([this] { return sessions().stats().waiting == 1; }));
  client.reset(two);
  EXPECT_TRUE(comes_true([this] { return sessions().stats().waiting == 0; }));
  EXPECT_EQ(call_back("done", kStatusOnce), 0);
  EXPECT_EQ(client.wait(one).status(), "0");
  EXPECT_EQ(script_->creates.get(), 1);
}

TEST_F(StreamTest, ADisconnectDestroysEachSessionOnce) {
  asynchronously();
  serve();
  constexpr int kSessions = 20;
  Http2Client client(address());
  for (int i = 0; i < kSessions; ++i) write(client, client.open(kStream), true, "a", kStatusBegin);
  ASSERT_TRUE(script_->writes.reaches(kSessions));
  EXPECT_EQ(sessions().stats().in_use, std::size_t{kSessions});
  client.hang_up();
  EXPECT_TRUE(script_->destroys.reaches(kSessions));
  EXPECT_TRUE(licences_are_back());
  EXPECT_TRUE(comes_true([this] { return shared().connections.load() == 0; }));
  EXPECT_EQ(script_->destroys.get(), kSessions);
}

TEST_F(StreamTest, ADisconnectDuringAWriteWaitsForTheEngine) {
  const Latch let_go;
  const OpenAtEnd at_end(let_go);
  script_->on_write = [let_go](std::span<const DataItem>) {
    EXPECT_TRUE(let_go.wait());
    return Status();
  };
  script_->on_read = []() -> Result<OutputPtr> { return OutputPtr(); };
  serve();
  Http2Client client(address());
  write(client, client.open(kStream), true, "a", kStatusBegin);
  ASSERT_TRUE(script_->writes.reaches(1));
  client.hang_up();
  ASSERT_TRUE(comes_true([this] { return shared().connections.load() == 0; }));
  EXPECT_EQ(script_->destroys.get(), 0) << "calls of one session never overlap";
  let_go.open();
  EXPECT_TRUE(script_->destroys.reaches(1));
}

TEST_F(StreamTest, TheDeadlineEndsTheSession) {
  asynchronously();
  serve();
  Http2Client client(address());
  const std::int32_t stream = client.open(kStream, {{"grpc-timeout", "20m"}});
  write(client, stream, true, "a", kStatusBegin);
  EXPECT_EQ(client.wait(stream).status(), "4");
  EXPECT_TRUE(comes_true([this] { return script_->destroys.get() == script_->creates.get(); }));
  EXPECT_TRUE(licences_are_back());
}

// A client that takes nothing: results wait in the session, up to its limit, and no more of them
// are encoded than fit what may be unsent.
TEST_F(StreamTest, ASlowReaderHoldsLittle) {
  constexpr std::size_t kResult = std::size_t{64} << 10;
  constexpr int kResults = 500;
  engine_.stream.max_queued = kResults + 1;
  asynchronously();
  serve();
  Http2Client client(address(), {0, false});
  const std::int32_t stream = client.open(kStream);
  client.reply(stream).keep_messages = false;
  write(client, stream, true, "a", kStatusEnd);
  ASSERT_TRUE(script_->writes.reaches(1));
  const std::string large(kResult, 'x');
  for (int i = 0; i < kResults; ++i) ASSERT_EQ(call_back(large), 0) << i;
  EXPECT_LE(shared().bytes_out.load(), (std::uint64_t{1} << 20) + 2 * kResult)
      << "the rest is still the session's";
  EXPECT_EQ(call_back("end", kStatusEnd), 0);
  client.give_window(stream, (1 << 30));
  const Reply& reply = client.wait(stream);
  EXPECT_EQ(reply.status(), "0");
  EXPECT_GT(reply.bytes, kResult * kResults);
}

TEST_F(StreamTest, WhatNobodyTakesEndsTheSessionAtItsLimit) {
  engine_.stream.max_queued = 4;
  asynchronously();
  serve();
  Http2Client client(address(), {0, false});
  const std::int32_t stream = client.open(kStream);
  client.reply(stream).keep_messages = false;
  write(client, stream, true, "a", kStatusEnd);
  ASSERT_TRUE(script_->writes.reaches(1));
  const std::string large(std::size_t{2} << 20, 'x');
  int taken = 0;
  while (taken < 100 && call_back(large) == 0) ++taken;
  EXPECT_LT(taken, 100);
  EXPECT_TRUE(script_->destroys.reaches(1));
  EXPECT_TRUE(licences_are_back()) << "although the client has not read a byte";
  client.give_window(stream, 1 << 30);
  EXPECT_EQ(client.wait(stream).status(), "8");
}

// A client that sends faster than the engine takes is held back by its window.
TEST_F(StreamTest, AFastWriterIsHeldBack) {
  const Latch let_go;
  const OpenAtEnd at_end(let_go);
  script_->on_write = [this, let_go](std::span<const DataItem> data) {
    EXPECT_TRUE(let_go.wait());
    for (const DataItem& item : data) items_ += is_final_status(item.status) ? 1000 : 1;
    return Status();
  };
  script_->on_read = [this]() -> Result<OutputPtr> {
    return items_.load() < 1000 ? OutputPtr() : text_output("key", "all", kStatusEnd);
  };
  options_.limits.stream_window = 65'535;
  serve();
  Http2Client client(address());
  const std::int32_t stream = client.open(kStream);
  const std::string large(30'000, 'x');
  constexpr int kFrames = 40;
  write(client, stream, true, large, kStatusBegin);
  for (int i = 1; i < kFrames; ++i) write(client, stream, false, large, kStatusContinue);
  write(client, stream, false, large, kStatusEnd);
  ASSERT_TRUE(script_->writes.reaches(1));
  client.ping();  // answered behind all that the window let through
  ASSERT_TRUE(client.wait_until([&] { return client.pongs() == 1; }));
  EXPECT_LE(shared().bytes_in.load(), 65'535U + 2 * large.size());
  let_go.open();
  EXPECT_EQ(client.wait(stream).status(), "0");
  EXPECT_EQ(items_.load(), 1000 + kFrames);
}

}  // namespace
}  // namespace aiges::test
