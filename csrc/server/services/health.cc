#include "server/services/health.h"

#include <vector>

#include "server/call.h"
#include "server/reactor.h"
#include "server/services/services.h"
#include "wire/health.h"

namespace aiges::server {
namespace {

wire::ServingStatus status_of(HealthRegistry::State state) {
  switch (state) {
    case HealthRegistry::State::kServing:
      return wire::ServingStatus::kServing;
    case HealthRegistry::State::kNotServing:
      return wire::ServingStatus::kNotServing;
    case HealthRegistry::State::kUnknownService:
      break;
  }
  return wire::ServingStatus::kServiceUnknown;
}

class Check final : public Method {
 public:
  explicit Check(std::shared_ptr<HealthRegistry> health) : health_(std::move(health)) {}
  bool is_unary() const override { return true; }
  bool is_public() const override { return true; }
  void unary(std::shared_ptr<Call> call, std::string message) override {
    const Result<std::string_view> service = wire::decode_health_request(message);
    if (!service.ok()) {
      call->finish(to_grpc(service.status()));
      return;
    }
    const HealthRegistry::State state = health_->state(service.value());
    if (state == HealthRegistry::State::kUnknownService) {
      call->finish({GrpcCode::kNotFound,
                    "no service is called '" + std::string(service.value()) + "' here", 0, 0});
      return;
    }
    call->reply(wire::encode_health_response(status_of(state)));
  }

 private:
  const std::shared_ptr<HealthRegistry> health_;
};

class List final : public Method {
 public:
  explicit List(std::shared_ptr<HealthRegistry> health) : health_(std::move(health)) {}
  bool is_unary() const override { return true; }
  bool is_public() const override { return true; }
  void unary(std::shared_ptr<Call> call, std::string) override {
    const std::map<std::string, bool> all = health_->list();
    std::vector<wire::ServiceHealth> services;
    services.reserve(all.size());
    for (const auto& [service, serving] : all) {
      services.push_back(
          {service, serving ? wire::ServingStatus::kServing : wire::ServingStatus::kNotServing});
    }
    call->reply(wire::encode_health_list(services));
  }

 private:
  const std::shared_ptr<HealthRegistry> health_;
};

// One Watch. Changes come from any thread and are answered on the leader, in order.
class Watcher final : public std::enable_shared_from_this<Watcher> {
 public:
  Watcher(std::shared_ptr<Call> call, std::shared_ptr<HealthRegistry> health)
      : call_(std::move(call)), health_(std::move(health)) {}

  void start(std::string service) {
    service_ = std::move(service);
    watch_ = health_->watch([weak = weak_from_this()] {
      const auto self = weak.lock();
      if (self) self->call_->reactor().post([self] { self->look(); });
    });
    look();
  }
  void look() {
    if (call_->cancelled()) return;
    if (const HealthRegistry::State state = health_->state(service_); last_ != state) {
      last_ = state;
      call_->send(wire::encode_health_response(status_of(state)));
    }
    if (health_->ended()) call_->finish({GrpcCode::kUnavailable, "the server goes down", 0, 0});
  }
  void stop() {
    if (watch_ != 0) health_->unwatch(watch_);
  }

 private:
  const std::shared_ptr<Call> call_;
  const std::shared_ptr<HealthRegistry> health_;
  std::string service_;
  HealthRegistry::WatchId watch_ = 0;
  std::optional<HealthRegistry::State> last_;
};

class WatchHandler final : public Handler {
 public:
  WatchHandler(std::shared_ptr<Call> call, std::shared_ptr<HealthRegistry> health)
      : call_(std::move(call)), health_(std::move(health)) {}
  ~WatchHandler() override {
    if (watcher_) watcher_->stop();
  }
  void on_message(std::string message, std::size_t) override {
    const Result<std::string_view> service = wire::decode_health_request(message);
    if (!service.ok() || watcher_) {
      call_->finish(service.ok() ? GrpcStatus{GrpcCode::kInternal, "one request is enough", 0, 0}
                                 : to_grpc(service.status()));
      return;
    }
    watcher_ = std::make_shared<Watcher>(call_, health_);
    watcher_->start(std::string(service.value()));
  }
  void on_half_close() override {}
  void on_cancel() override {
    if (watcher_) watcher_->stop();
  }

 private:
  const std::shared_ptr<Call> call_;
  const std::shared_ptr<HealthRegistry> health_;
  std::shared_ptr<Watcher> watcher_;
};

class Watch final : public Method {
 public:
  explicit Watch(std::shared_ptr<HealthRegistry> health) : health_(std::move(health)) {}
  bool is_unary() const override { return false; }
  bool is_public() const override { return true; }
  std::unique_ptr<Handler> start(std::shared_ptr<Call> call) override {
    return std::make_unique<WatchHandler>(std::move(call), health_);
  }

 private:
  const std::shared_ptr<HealthRegistry> health_;
};

}  // namespace

void add_health(MethodTable& methods, std::shared_ptr<HealthRegistry> health) {
  methods.add("/grpc.health.v1.Health/Check", std::make_unique<Check>(health));
  methods.add("/grpc.health.v1.Health/List", std::make_unique<List>(health));
  methods.add("/grpc.health.v1.Health/Watch", std::make_unique<Watch>(std::move(health)));
}

}  // namespace aiges::server
