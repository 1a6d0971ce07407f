#include "client/exchange.h"

#include <array>
#include <utility>

#include "wire/engine_v1.h"
#include "wire/xsf.h"

namespace aiges::client {
namespace {

constexpr std::array<const char*, 17> kGrpcNames{
    "OK",        "CANCELLED",      "UNKNOWN",           "INVALID_ARGUMENT",   "DEADLINE_EXCEEDED",
    "NOT_FOUND", "ALREADY_EXISTS", "PERMISSION_DENIED", "RESOURCE_EXHAUSTED", "FAILED_PRECONDITION",
    "ABORTED",   "OUT_OF_RANGE",   "UNIMPLEMENTED",     "INTERNAL",           "UNAVAILABLE",
    "DATA_LOSS", "UNAUTHENTICATED"};

Failure failure_of(const RpcEnd& end) {
  if (!end.broken.empty()) return {"connection", end.broken};
  if (end.grpc_status < 0) {
    if (end.http_status == 200 || end.http_status == 0)
      return {"protocol", "the server gave no grpc-status"};
    return {"http " + std::to_string(end.http_status), "not an answer of gRPC"};
  }
  const auto code = static_cast<std::size_t>(end.grpc_status);
  std::string text = "grpc " + std::to_string(code);
  if (code < kGrpcNames.size()) text.append(" ").append(kGrpcNames[code]);
  if (!end.aiges_code.empty()) text += " (" + end.aiges_code + ")";
  return {text, end.message};
}

// One unary RPC of either protocol.
class Once final : public Exchange {
 public:
  using Exchange::Exchange;

  void on_message(std::string_view message) override {
    ++answers_;
    failure_ = plan().protocol == Protocol::kXsf ? read_xsf(message) : read_aiges(message);
  }
  void on_end(const RpcEnd& end) override {
    if (!ended_well(end)) return;
    if (answers_ != 1) {
      finish({"protocol", std::to_string(answers_) + " messages in the answer of a unary RPC"});
    } else if (!failure_.code.empty()) {
      finish(std::exchange(failure_, {}));
    } else {
      finish();
    }
  }

 private:
  void start() override {
    answers_ = 0;
    connection().start(
        *this, plan().protocol == Protocol::kXsf ? "/utils.XsfCall/call" : "/aiges.v1.Engine/Exec");
    if (under_way()) connection().send(*this, load_.messages[0], true);
  }
  Failure read_aiges(std::string_view message) {
    if (Status status = wire::decode_engine_response(message, response_); !status.ok())
      return {"protocol", status.message()};
    check_.add(response_.data);
    return {};
  }
  Failure read_xsf(std::string_view message) {
    if (Status status = wire::decode_xsf_reply(message, reply_); !status.ok())
      return {"protocol", status.message()};
    if (reply_.code != 0) return xsf_failure(reply_.code, reply_.error_info);
    if (reply_.data.empty()) return {"protocol", "ResData has no data"};
    if (Status status = wire::decode_loader_output(reply_.data[0].data, output_); !status.ok())
      return {"protocol", status.message()};
    if (output_.code != 0) return xsf_failure(output_.code, output_.err);
    check_.add(output_.payloads);
    return {};
  }

  int answers_ = 0;
  Failure failure_;
  wire::EngineResponse response_;
  wire::XsfReply reply_;
  wire::LoaderOutput output_;
};

// One bidirectional RPC of aiges.v1.
class AigesSession final : public Exchange {
 public:
  using Exchange::Exchange;

  void on_message(std::string_view message) override {
    if (Status status = wire::decode_engine_response(message, response_); !status.ok()) {
      if (failure_.code.empty()) failure_ = {"protocol", status.message()};
      return;
    }
    check_.add(response_.data);
  }
  void on_end(const RpcEnd& end) override {
    if (!ended_well(end)) return;
    if (!failure_.code.empty()) {
      finish(std::exchange(failure_, {}));
    } else if (next_ < load_.messages.size()) {
      finish({"protocol", "the session ended before its input"});
    } else {
      finish();
    }
  }
  void on_timer() override {
    send_frames();
    touch();
  }

 private:
  void start() override {
    next_ = 0;
    connection().start(*this, "/aiges.v1.Engine/Stream");
    if (under_way()) send_frames();
  }
  // Those whose time has come.
  void send_frames() {
    const std::size_t count = load_.messages.size();
    const bool paced = plan().interval.count() != 0;
    const Clock::time_point now = Clock::now();
    while (next_ < count && (!paced || frame_time(next_) <= now)) {
      ++next_;
      connection().send(*this, load_.messages[next_ - 1], next_ == count);
    }
    if (next_ < count) {
      host_.wake_at(*this, frame_time(next_));
    } else {
      input_ended_ = now;
    }
  }

  std::size_t next_ = 0;
  Failure failure_;
  wire::EngineResponse response_;
};

}  // namespace

Failure xsf_failure(int code, std::string_view text) {
  return {std::to_string(code), std::string(text)};
}

void Exchange::begin(Connection& connection, Clock::time_point due) {
  connection_ = &connection;
  ++unit_;
  due_ = due;
  begun_ = input_ended_ = Clock::now();
  check_.begin();
  start();
  if (connection_) touch();
}

void Exchange::abandon() {
  if (!connection_) return;
  touch();
  std::exchange(connection_, nullptr)->abandon(*this);
}

void Exchange::finish() {
  const std::string wrong = check_.finish();
  if (!wrong.empty()) {
    finish({"wrong answer", wrong});
    return;
  }
  connection_ = nullptr;
  host_.finished(*this, nullptr);
}

void Exchange::finish(const Failure& failure) {
  connection_ = nullptr;
  host_.finished(*this, &failure);
}

bool Exchange::ended_well(const RpcEnd& end) {
  if (end.broken.empty() && end.grpc_status == 0) return true;
  finish(failure_of(end));
  return false;
}

std::unique_ptr<Exchange> make_exchange(const Load& load, ExchangeHost& host) {
  if (!load.plan.stream) return std::make_unique<Once>(load, host);
  if (load.plan.protocol == Protocol::kXsf) return make_xsf_session(load, host);
  return std::make_unique<AigesSession>(load, host);
}

}  // namespace aiges::client
