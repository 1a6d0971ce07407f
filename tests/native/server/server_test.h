#pragma once

#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "server/http2_client.h"
#include "server/server.h"
#include "support/host_test.h"
#include "wire/engine_v1.h"

namespace aiges::test {

inline std::string flat(const wire::OutMessage& message) {
  std::string bytes;
  for (const auto& piece : message.pieces()) bytes.append(piece.data, piece.size);
  return bytes.substr(wire::OutMessage::kHeadroom);
}
inline DataItem data_item(std::string_view key, std::string_view bytes, int status = kStatusOnce) {
  DataItem item;
  item.key = key;
  item.data = bytes.data();
  item.size = bytes.size();
  item.status = status;
  return item;
}
inline std::string exec_message(std::string_view bytes = "bytes") {
  wire::ExecRequest request;
  request.data.push_back(data_item("key", bytes));
  return flat(wire::encode_exec_request(request));
}
inline std::string stream_message(bool open, std::string_view bytes, int status) {
  wire::StreamRequest request;
  request.has_open = open;
  if (status >= 0) request.data.push_back(data_item("key", bytes, status));
  return flat(wire::encode_stream_request(request));
}
// The first item's bytes.
inline std::string text_of_response(const std::string& message) {
  wire::EngineResponse response;
  if (!wire::decode_engine_response(message, response).ok()) return "(not a response)";
  if (response.data.empty()) return "(none)";
  return {static_cast<const char*>(response.data[0].data), response.data[0].size};
}

inline const std::string kExec = "/aiges.v1.Engine/Exec";
inline const std::string kStream = "/aiges.v1.Engine/Stream";

// A server on the loopback with a FakeEngine behind it. At the end the engine must have been
// treated by the rules, every licence be back, and no RPC and no connection be open.
class ServerTest : public HostTest {
 protected:
  ServerTest() {
    options_.grpc = {"127.0.0.1:0"};
    options_.reactors = 1;
    options_.limits.min_ping_interval = std::chrono::milliseconds(0);
    engine_.sessions.licences.max = 1000;
  }
  server::Server& serve(EngineHost::Options host_options = {}) {
    start(std::move(host_options));
    server_ = std::make_unique<server::Server>(*runtime_, options_);
    EXPECT_TRUE(server_->add_engine("fake", host_, engine_).ok());
    const Status status = server_->start();
    EXPECT_TRUE(status.ok()) << status.message();
    server_->set_ready(true);
    return *server_;
  }
  std::string address() const { return server_->addresses().front(); }
  SessionManager& sessions() const { return *server_->engines().all().front()->sessions; }
  const server::Shared& shared() const { return server_->shared(); }
  // Waits for what follows from a message to the server, but by no answer of its.
  template <class Condition>
  static bool comes_true(Condition condition) {
    const Deadline deadline = Deadline::after(kPatience);
    while (!condition()) {
      if (deadline.passed()) return false;
      std::this_thread::yield();
    }
    return true;
  }
  void TearDown() override {
    if (server_) {
      server_->stop();
      EXPECT_EQ(shared().open_calls.load(), 0U);
      EXPECT_EQ(shared().connections.load(), 0U);
      EXPECT_EQ(shared().buffered.load(), 0U);
      EXPECT_TRUE(comes_true([&] { return sessions().stats().in_use == 0; }));
      server_.reset();
    }
    HostTest::TearDown();
  }

  server::ServerOptions options_;
  server::EngineOptions engine_;
  std::unique_ptr<server::Server> server_;
};

}  // namespace aiges::test
