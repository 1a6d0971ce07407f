// AIGES's own protocol over a real socket: what its clients rely on.

#include "wire/xsf.h"
#include "server/server_test.h"
#include "wire/pairs.h"
#include "wire/tool_box.h"

namespace aiges::test {
namespace {

using wire::Expect;
using Strings = std::vector<std::string>;

struct Ask {
  std::string_view op = "AIIn";
  std::string handle = {};
  std::vector<Pair> params = {{"SeqNo", "1"}};
  int state = wire::kLoaderOnce;
  std::vector<DataItem> data = {};
  std::vector<Expect> expect = {};
  std::int32_t sync_id = 0;
};

// A reply, taken apart; everything in it is its own.
struct Answer {
  std::string grpc_status;
  int head_code = -1;
  std::string head_error, trace, handle, peer;
  std::size_t elements = 0;  // of ResData.data
  std::string service;
  int code = -1;
  std::string error;
  int status = -1;
  Strings payloads;                               // "key=bytes (seq)"
  std::map<std::string, std::string> attributes;  // of the first payload
};

Answer parse(const Reply& reply) {
  Answer answer;
  answer.grpc_status = reply.status();
  if (reply.messages.size() != 1) return answer;
  wire::XsfReply head;
  EXPECT_TRUE(wire::decode_xsf_reply(reply.messages[0], head).ok());
  answer.head_code = head.code;
  answer.head_error = head.error_info;
  answer.trace = head.session.trace;
  answer.handle = head.session.handle;
  answer.peer = wire::value_or(head.session.sess, "PeerAddr", "(none)");
  answer.elements = head.data.size();
  if (head.data.empty()) return answer;
  wire::LoaderOutput output;
  EXPECT_TRUE(wire::decode_loader_output(head.data[0].data, output).ok());
  answer.service = output.service_id;
  answer.code = output.code;
  answer.error = output.err;
  answer.status = output.status;
  for (std::size_t i = 0; i < output.payloads.size(); ++i) {
    const DataItem& item = output.payloads[i];
    answer.payloads.push_back(std::string(item.key) + "=" +
                              std::string(static_cast<const char*>(item.data), item.size) + " (" +
                              std::to_string(output.seq[i]) + ")");
    if (i == 0)
      for (const Pair& pair : item.desc) answer.attributes.emplace(pair.key, pair.value);
  }
  return answer;
}

const std::string kCall = "/utils.XsfCall/call";

class XsfTest : public ServerTest {
 protected:
  XsfTest() {
    engine_.stream.ttl = 10 * kPatience;  // nothing here ends because it was forgotten
  }
  static std::string message(const Ask& ask) {
    wire::LoaderRequest request;
    request.service_id = "svc";
    request.state = ask.state;
    request.expect = ask.expect;
    request.payloads = ask.data;
    request.sync_id = ask.sync_id;
    return flat(wire::encode_xsf_request({ask.op, "trace 1", ask.handle, {}, ask.params}, request));
  }
  static Answer send(Http2Client& client, const Ask& ask) {
    return parse(client.call(kCall, message(ask)));
  }
  static Ask once(std::string_view bytes = "bytes") { return {.data = {data_item("key", bytes)}}; }
  // The first request of a session, without data, as xtest sends it.
  static Ask create(std::string handle = {}) {
    return {.handle = std::move(handle), .state = wire::kLoaderStream};
  }
  static Ask write(std::string handle, std::int32_t sync_id, std::string_view bytes,
                   int status = kStatusContinue) {
    return {.handle = std::move(handle),
            .params = {},
            .state = wire::kLoaderStream,
            .data = {data_item("key", bytes, status)},
            .sync_id = sync_id};
  }
  static Ask about(std::string_view op, std::string handle) {
    return {.op = op, .handle = std::move(handle), .params = {{"waitTime", "20000"}}};
  }
  static std::string tool_box(Http2Client& client, std::string_view query) {
    const std::string request =
        flat(wire::encode_tool_box_request({query, R"({"method":"GET"})", {}}));
    const Reply& reply = client.call("/utils.ToolBox/cmdserver", request);
    if (reply.messages.size() != 1) return "(no reply)";
    const auto decoded = wire::decode_tool_box_reply(reply.messages[0]);
    return decoded.ok() ? std::string(decoded.value().body) : "(not a reply)";
  }

  // Answers each input "<n>:<bytes>"; the last one is final.
  void echo_frames() {
    script_->on_write = [this](std::span<const DataItem> items) {
      for (const DataItem& item : items) {
        const std::lock_guard lock(mutex_);
        written_.emplace_back(static_cast<const char*>(item.data), item.size);
        last_ = is_final_status(item.status);
      }
      return Status();
    };
    script_->on_read = [this]() -> Result<OutputPtr> {
      const std::lock_guard lock(mutex_);
      if (read_ == written_.size()) return OutputPtr();
      const std::string text = written_[read_++];
      return text_output("result", text,
                         last_ && read_ == written_.size() ? kStatusEnd : kStatusContinue);
    };
  }
  Strings written() {
    const std::lock_guard lock(mutex_);
    return written_;
  }

  std::string tag() {
    const std::lock_guard lock(mutex_);
    return tag_;
  }

  std::mutex mutex_;
  std::string tag_;
  Strings written_;
  std::size_t read_ = 0;
  bool last_ = false;
};

TEST_F(XsfTest, AOnceCallIsAnsweredInAllFields) {
  script_->on_exec = [](const Request& request) -> Result<OutputPtr> {
    return text_output("result",
                       {static_cast<const char*>(request.data[0].data), request.data[0].size});
  };
  serve();
  Http2Client client(address());
  const std::vector<Pair> wanted = {{"encoding", "utf8"}};
  Ask ask = once("hello");
  ask.expect = {{"result", kTypeText, wanted}};
  const Answer answer = send(client, ask);
  EXPECT_EQ(answer.grpc_status, "0");
  EXPECT_EQ(answer.head_code, 0);
  EXPECT_EQ(answer.head_error, "");
  EXPECT_EQ(answer.trace, "trace 1");
  EXPECT_EQ(answer.peer, address());
  EXPECT_EQ(answer.elements, 1U);
  EXPECT_EQ(answer.service, "svc");
  EXPECT_EQ(answer.code, 0);
  EXPECT_EQ(answer.error, "");
  EXPECT_EQ(answer.status, kStatusOnce);
  EXPECT_EQ(answer.payloads, Strings{"result=hello (0)"});
  EXPECT_EQ(answer.attributes.at("encoding"), "utf8");
  EXPECT_EQ(answer.attributes.at("status"), "3");
}

TEST_F(XsfTest, AHandleSaysWhereItsServerIs) {
  serve();
  Http2Client client(address());
  const std::string handle = send(client, once()).handle;
  ASSERT_EQ(handle.size(), 26U);
  EXPECT_EQ(handle.substr(0, 9), "07f000001");
  const std::string port = address().substr(address().rfind(':') + 1);
  EXPECT_EQ(std::to_string(std::stoi(handle.substr(9, 4), nullptr, 16)), port);
  EXPECT_NE(send(client, once()).handle, handle);
}

TEST_F(XsfTest, AClientsOwnHandleIsKeptAndFreeAgainWithTheAnswer) {
  serve();
  Http2Client client(address());
  Ask ask = once();
  ask.handle = "mine";
  for (int i = 0; i < 100; ++i) {
    const Answer answer = send(client, ask);
    ASSERT_EQ(answer.code, 0) << i << ": " << answer.error;
    ASSERT_EQ(answer.handle, "mine");
  }
}

TEST_F(XsfTest, WhatWasNotExpectedIsAnError) {
  serve();
  Http2Client client(address());
  Ask ask = once();
  ask.expect = {{"other", kTypeText, {}}};
  Answer answer = send(client, ask);
  EXPECT_EQ(answer.code, 10106);
  EXPECT_EQ(answer.error, "wrapper output data is nil ");
  EXPECT_EQ(answer.status, kStatusEnd);
  EXPECT_EQ(answer.elements, 1U) << "clients look at the first without asking";
  EXPECT_EQ(answer.payloads, Strings());
  ask.expect = {{"result", 1, {}}};
  answer = send(client, ask);
  EXPECT_EQ(answer.code, 10106);
  EXPECT_EQ(answer.error, "wrapper output data invalid(key or type)");
  ask.expect = {};
  EXPECT_EQ(send(client, ask).code, 0) << "no expectations, no filter";
}

TEST_F(XsfTest, NoResultInTimeIsSaidAndTheLicenceFollowsTheEngine) {
  const Latch let_go;
  const OpenAtEnd at_end(let_go);
  script_->on_exec = [let_go](const Request&) -> Result<OutputPtr> {
    EXPECT_TRUE(let_go.wait());
    return text_output("result", "late");
  };
  serve();
  Http2Client client(address());
  Ask ask = once();
  ask.params.push_back({"waitTime", "1"});
  const Answer answer = send(client, ask);
  EXPECT_EQ(answer.grpc_status, "0");
  EXPECT_EQ(answer.code, 10102);
  EXPECT_TRUE(answer.error.starts_with("service exec once request timeout")) << answer.error;
  EXPECT_EQ(answer.status, kStatusEnd);
  EXPECT_EQ(answer.head_code, 0);
}

TEST_F(XsfTest, MistakesHaveCodes) {
  serve();
  Http2Client client(address());
  EXPECT_EQ(send(client, about("Nonsense", "")).code, 10003);
  EXPECT_EQ(send(client, {}).code, 10009) << "a once request without a payload";
  // ReqData{op "AIIn", param{SeqNo 1}, data{a LoaderInput that is none}}
  const std::string broken = std::string("\x0a\x04") + "AIIn" + "\x1a\x0a\x0a\x05SeqNo\x12\x01" +
                             "1" + "\x22\x04\x0a\x02\xff\xff";
  const Answer answer = parse(client.call(kCall, broken));
  EXPECT_EQ(answer.grpc_status, "0");
  EXPECT_EQ(answer.code, 10401);
  EXPECT_EQ(client.call(kCall, "\xff\xff").status(), "3") << "not a ReqData";
  EXPECT_EQ(script_->execs.get(), 0);
}

TEST_F(XsfTest, TheEnginesErrorComesWithItsNumber) {
  script_->on_exec = [](const Request&) -> Result<OutputPtr> { return engine_says_no(42); };
  serve();
  Http2Client client(address());
  const Answer answer = send(client, once());
  EXPECT_EQ(answer.code, 10909);
  EXPECT_EQ(answer.error, "fake error 42;code=42");
  EXPECT_EQ(answer.head_code, 0) << "no other node would do better";
}

TEST_F(XsfTest, ASessionIsCreatedWrittenPolledAndClosed) {
  echo_frames();
  serve();
  Http2Client client(address());
  const Answer created = send(client, create());
  EXPECT_EQ(created.code, 0);
  EXPECT_EQ(created.status, kStatusBegin);
  EXPECT_EQ(created.payloads, Strings());
  ASSERT_EQ(created.handle.size(), 26U);
  const std::string& handle = created.handle;
  Strings got;
  int status = kStatusBegin;
  const auto take = [&](const Answer& answer) {
    EXPECT_EQ(answer.code, 0) << answer.error;
    EXPECT_EQ(answer.handle, handle);
    got.insert(got.end(), answer.payloads.begin(), answer.payloads.end());
    status = answer.status;
  };
  take(send(client, write(handle, 1, "a")));
  take(send(client, write(handle, 2, "b")));
  take(send(client, write(handle, 3, "c", kStatusEnd)));
  for (int polls = 0; status != kStatusEnd && polls < 10; ++polls)
    take(send(client, about("AIOut", handle)));
  EXPECT_EQ(status, kStatusEnd);
  EXPECT_EQ(got, (Strings{"result=a (1)", "result=b (2)", "result=c (3)"}));
  EXPECT_EQ(written(), (Strings{"a", "b", "c"}));
  EXPECT_EQ(script_->destroys.get(), 1) << "before the last result is there";
  EXPECT_EQ(send(client, about("AIExcp", handle)).code, 10101) << "clients always close";
  EXPECT_EQ(send(client, about("AIOut", handle)).code, 10101);
}

TEST_F(XsfTest, ClosingASessionEndsIt) {
  echo_frames();
  serve();
  Http2Client client(address());
  const std::string handle = send(client, create()).handle;
  EXPECT_EQ(send(client, about("AIExcp", handle)).code, 0);
  EXPECT_TRUE(script_->destroys.reaches(1));
  EXPECT_EQ(send(client, write(handle, 1, "late")).code, 10101);
  EXPECT_EQ(written(), Strings());
}

TEST_F(XsfTest, AnUnknownHandleIsToldFromAReleasedOne) {
  engine_.sessions.table.early_hold = std::chrono::milliseconds(1);
  serve();
  Http2Client client(address());
  for (const Ask& ask : {about("AIOut", "nobody"), about("AIExcp", "nobody"),
                         write("nobody", 1, "a"), write("", 1, "a")}) {
    const Answer answer = send(client, ask);
    EXPECT_EQ(answer.code, 10008) << ask.op;
    EXPECT_TRUE(answer.error.starts_with("service instance invalid")) << answer.error;
    EXPECT_EQ(answer.elements, 1U);
  }
  Ask released = once();
  released.handle = "released";
  EXPECT_EQ(send(client, released).code, 0);
  EXPECT_EQ(send(client, about("AIOut", "released")).code, 10101);
}

TEST_F(XsfTest, AHandleInUseIsRefusedOnBothLevels) {
  serve();
  Http2Client client(address());
  EXPECT_EQ(send(client, create("mine")).code, 0);
  const Answer answer = send(client, create("mine"));
  EXPECT_EQ(answer.code, 10110);
  EXPECT_EQ(answer.error, "handle:mine is already stored");
  EXPECT_EQ(answer.head_code, 10110);
  EXPECT_EQ(answer.head_error, "handle:mine is already stored");
  EXPECT_EQ(send(client, write("mine", 1, "a")).code, 0) << "the first one lives";
}

TEST_F(XsfTest, FramesAreWrittenInTheirOrder) {
  echo_frames();
  serve();
  Http2Client client(address());
  const std::string handle = send(client, create()).handle;
  EXPECT_EQ(send(client, write(handle, 3, "c", kStatusEnd)).code, 0);
  EXPECT_EQ(send(client, write(handle, 2, "b")).code, 0);
  EXPECT_EQ(written(), Strings()) << "frame 1 is missing";
  EXPECT_EQ(send(client, write(handle, 1, "a")).code, 0);
  EXPECT_TRUE(script_->destroys.reaches(1));
  EXPECT_EQ(written(), (Strings{"a", "b", "c"}));
}

TEST_F(XsfTest, AFrameMayBeAheadOfTheFirst) {
  engine_.sessions.table.early_hold = kPatience;
  echo_frames();
  serve();
  Http2Client client(address());
  const std::int32_t early = client.start(kCall, message(write("mine", 1, "b", kStatusEnd)));
  Ask first = create("mine");
  first.data = {data_item("key", "a", kStatusBegin)};
  EXPECT_EQ(send(client, first).code, 0);
  EXPECT_EQ(parse(client.wait(early)).code, 0);
  EXPECT_TRUE(script_->destroys.reaches(1));
  EXPECT_EQ(written(), (Strings{"a", "b"}));
}

// The engine answers later than it is asked.
TEST_F(XsfTest, APollIsAnsweredByTheEnginesCallback) {
  engine_.async_mode = true;
  script_->on_create = [this](const Request& request, bool) {
    const std::lock_guard lock(mutex_);
    tag_ = request.tag_text;
    return Status();
  };
  serve();
  Http2Client client(address());
  const std::string handle = send(client, create()).handle;
  const std::int32_t poll = client.start(kCall, message(about("AIOut", handle)));
  client.ping();  // answered behind the poll
  ASSERT_TRUE(client.wait_until([&] { return client.pongs() == 1; }));
  EXPECT_FALSE(client.reply(poll).closed) << "there is nothing yet";
  EXPECT_EQ(script_->call_back(tag(), text_output("result", "now", kStatusEnd)), 0);
  const Answer answer = parse(client.wait(poll));
  EXPECT_EQ(answer.payloads, Strings{"result=now (1)"});
  EXPECT_EQ(answer.status, kStatusEnd);
}

TEST_F(XsfTest, APollThatFindsNothingInTimeIsNoError) {
  engine_.async_mode = true;
  serve();
  Http2Client client(address());
  const std::string handle = send(client, create()).handle;
  Ask ask = about("AIOut", handle);
  ask.params = {{"waitTime", "1"}};
  const Answer answer = send(client, ask);
  EXPECT_EQ(answer.code, 0);
  EXPECT_EQ(answer.status, kStatusBegin);
  EXPECT_EQ(answer.elements, 1U);
  EXPECT_EQ(send(client, about("AIExcp", handle)).code, 0);
}

TEST_F(XsfTest, LicencesAreResizedWhileItServes) {
  engine_.sessions.licences.max = 1;
  serve();
  Http2Client client(address());
  EXPECT_EQ(send(client, create("one")).code, 0);
  const Answer refused = send(client, create("two"));
  EXPECT_EQ(refused.code, 10110);
  EXPECT_EQ(refused.head_code, 10110);
  Ask resize{.op = "AILBType", .params = {{"lbType", "1"}, {"authzNo", "2"}, {"timeout", "1000"}}};
  EXPECT_EQ(send(client, resize).code, 0);
  EXPECT_EQ(sessions().stats().licences, 2U);
  EXPECT_EQ(send(client, create("two")).code, 0);
  resize.params[1].value = "-5";
  EXPECT_EQ(send(client, resize).code, 0);
  EXPECT_EQ(sessions().stats().licences, 2U) << "no number of licences";
  EXPECT_EQ(send(client, about("ping", "")).code, 0);
}

TEST_F(XsfTest, ToolBoxAnswersAnOperator) {
  serve();
  Http2Client client(address());
  EXPECT_EQ(send(client, create()).code, 0);
  EXPECT_EQ(tool_box(client, R"({"cmd":"health"})"), R"({"health":"ok"})");
  const std::string status = tool_box(client, R"({"cmd": "status"})");
  EXPECT_NE(status.find(R"("name":"fake")"), std::string::npos) << status;
  EXPECT_NE(status.find(R"("max":1000,"now":1,"sessions":1)"), std::string::npos) << status;
  const std::string metrics = tool_box(client, R"({"cmd":"metrics"})");
  EXPECT_NE(metrics.find("\naiges_connections 1\n"), std::string::npos) << metrics;
  EXPECT_NE(metrics.find("aiges_licences_used{engine=\"fake\"} 1\n"), std::string::npos);
  EXPECT_NE(tool_box(client, R"({"cmd":"a\"b"})").find("\"err\""), std::string::npos);
  EXPECT_NE(tool_box(client, "not JSON").find("\"err\""), std::string::npos);
}

TEST_F(XsfTest, ADrainingServerIsNotHealthy) {
  serve();
  Http2Client client(address());
  EXPECT_TRUE(sessions().drain(patient().deadline).ok());
  EXPECT_NE(tool_box(client, R"({"cmd":"health"})").find("err"), std::string::npos);
  EXPECT_EQ(send(client, once()).code, 10110) << "clients go elsewhere";
}

}  // namespace
}  // namespace aiges::test
