// aiges.v1.Engine: Exec and Describe. Stream is in engine_stream.cc.

#include <utility>

#include "base/recycle.h"
#include "server/call.h"
#include "server/once_call.h"
#include "server/services/engine_stream.h"
#include "server/services/services.h"
#include "wire/engine_v1.h"

namespace aiges::server {
namespace {

class ExecCall final : public OnceCall {
 public:
  ExecCall(std::shared_ptr<Call> call, std::shared_ptr<ServedEngine> engine,
           wire::ExecRequest decoded, std::string message)
      : OnceCall(std::move(call), std::move(engine)),
        message_(std::move(message)),
        decoded_(std::move(decoded)) {
    Request& asked = request();
    asked.session_id = decoded_.session_id;
    asked.params = decoded_.params;
    asked.data = decoded_.data;
    asked.resources = decoded_.resources;
  }

 private:
  void answer(Result<OutputPtr> result) override {
    if (!result.ok()) {
      call().finish(engine_status(result.status(), engine()));
      return;
    }
    const std::string_view id =
        request().session_id.empty() ? std::string_view(request().tag_text) : request().session_id;
    call().reply(wire::encode_engine_response(result.value(), id));
  }

  const std::string message_;  // what the request's views point into
  const wire::ExecRequest decoded_;
};

class Exec final : public Method {
 public:
  explicit Exec(std::shared_ptr<const EngineTable> engines) : engines_(std::move(engines)) {}
  bool is_unary() const override { return true; }

  void unary(std::shared_ptr<Call> call, std::string message) override {
    // On the heap first: short messages would move with the string.
    if (message.capacity() < 32) message.reserve(32);
    wire::ExecRequest decoded;
    if (Status status = wire::decode_exec_request(message, decoded); !status.ok()) {
      call->finish(to_grpc(status));
      return;
    }
    std::shared_ptr<ServedEngine> engine = engines_->find(decoded.engine);
    if (!engine) {
      call->finish(no_engine(decoded.engine));
      return;
    }
    std::allocate_shared<ExecCall>(RecyclingAllocator<ExecCall>(), std::move(call),
                                   std::move(engine), std::move(decoded), std::move(message))
        ->begin();
  }

 private:
  const std::shared_ptr<const EngineTable> engines_;
};

class Stream final : public Method {
 public:
  explicit Stream(std::shared_ptr<const EngineTable> engines) : engines_(std::move(engines)) {}
  bool is_unary() const override { return false; }
  std::unique_ptr<Handler> start(std::shared_ptr<Call> call) override {
    return make_engine_stream(std::move(call), engines_);
  }

 private:
  const std::shared_ptr<const EngineTable> engines_;
};

class Describe final : public Method {
 public:
  explicit Describe(std::shared_ptr<const EngineTable> engines) : engines_(std::move(engines)) {}
  bool is_unary() const override { return true; }

  void unary(std::shared_ptr<Call> call, std::string message) override {
    const Result<std::string_view> wanted = wire::decode_describe_request(message);
    if (!wanted.ok()) {
      call->finish(to_grpc(wanted.status()));
      return;
    }
    if (!engines_->find(wanted.value())) {
      call->finish(no_engine(wanted.value()));
      return;
    }
    wire::DescribeResponse response;
    response.server_version = AIGES_VERSION;
    for (const auto& engine : engines_->all()) {
      if (!wanted.value().empty() && engine->name != wanted.value()) continue;
      EngineHost& host = *engine->host;
      wire::EngineInfo info;
      info.name = engine->name;
      info.version = host.version();
      info.kind = engine->options.kind;
      for (const auto& [mode, name] :
           {std::pair(Mode::kOnce, "once"), std::pair(Mode::kOnceAsync, "once_async"),
            std::pair(Mode::kStream, "stream"), std::pair(Mode::kStreamAsync, "stream_async")}) {
        if (has_mode(host.modes(), mode)) info.modes.emplace_back(name);
      }
      if (const std::optional<std::string>& schema = host.schema()) info.schema = *schema;
      info.state = host.closed() ? "dead" : engine->sessions->draining() ? "draining" : "serving";
      response.engines.push_back(std::move(info));
    }
    call->reply(wire::encode_describe_response(response));
  }

 private:
  const std::shared_ptr<const EngineTable> engines_;
};

}  // namespace

GrpcStatus no_engine(std::string_view name) {
  return {GrpcCode::kNotFound, "no engine is called '" + std::string(name) + "' here", 0, 0};
}

GrpcStatus engine_status(const Status& status, const ServedEngine& engine) {
  GrpcStatus answer = to_grpc(status);
  if (status.kind() == ErrorKind::kOverload && engine.sessions->draining())
    answer.code = GrpcCode::kUnavailable;
  return answer;
}

void add_engine_v1(MethodTable& methods, std::shared_ptr<const EngineTable> engines) {
  methods.add("/aiges.v1.Engine/Exec", std::make_unique<Exec>(engines));
  methods.add("/aiges.v1.Engine/Stream", std::make_unique<Stream>(engines));
  methods.add("/aiges.v1.Engine/Describe", std::make_unique<Describe>(std::move(engines)));
}

}  // namespace aiges::server
