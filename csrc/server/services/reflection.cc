#include "wire/reflection.h"

#include <utility>

#include "server/call.h"
#include "server/services/services.h"
#include "wire/descriptors.h"

namespace aiges::server {
namespace {

class ReflectionHandler final : public Handler {
 public:
  explicit ReflectionHandler(std::shared_ptr<Call> call) : call_(std::move(call)) {}

  void on_message(std::string message, std::size_t window) override {
    const Result<wire::ReflectionRequest> request = wire::decode_reflection_request(message);
    if (!request.ok()) {
      call_->finish(to_grpc(request.status()));
      return;
    }
    call_->send(answer(request.value()));
    held_ += window;
    if (call_->unsent() < kMaxUnsent) on_drained();
  }
  // Answers are larger than questions: who does not read them may not ask on.
  void on_drained() override { call_->consumed(std::exchange(held_, 0)); }
  void on_half_close() override { call_->finish({}); }
  void on_cancel() override {}

 private:
  static wire::OutMessage answer(const wire::ReflectionRequest& request) {
    using Kind = wire::ReflectionRequest::Kind;
    const wire::ProtoFile* file = nullptr;
    switch (request.kind) {
      case Kind::kListServices:
        return wire::encode_reflection_services(request, wire::proto_services());
      case Kind::kFileByName:
        file = wire::find_proto_file(request.argument);
        break;
      case Kind::kFileBySymbol:
        file = wire::find_proto_symbol(request.argument);
        break;
      case Kind::kFileByExtension:
      case Kind::kExtensionNumbers:
      case Kind::kNone:
        break;
    }
    if (!file) {
      return wire::encode_reflection_error(
          request, static_cast<int>(GrpcCode::kNotFound),
          "'" + std::string(request.argument) + "' is not known here");
    }
    return wire::encode_reflection_files(request, {&file->bytes, 1});
  }

  static constexpr std::size_t kMaxUnsent = std::size_t{256} * 1024;  // bytes
  const std::shared_ptr<Call> call_;
  std::size_t held_ = 0;  // of the client's window
};

class Reflection final : public Method {
 public:
  bool is_unary() const override { return false; }
  std::unique_ptr<Handler> start(std::shared_ptr<Call> call) override {
    return std::make_unique<ReflectionHandler>(std::move(call));
  }
};

}  // namespace

void add_reflection(MethodTable& methods) {
  for (const char* version : {"v1", "v1alpha"}) {
    methods.add(
        std::string("/grpc.reflection.") + version + ".ServerReflection/ServerReflectionInfo",
        std::make_unique<Reflection>());
  }
}

}  // namespace aiges::server
