#include "server/services/tool_box.h"

#include <cctype>
#include <string>
#include <utility>

#include "server/call.h"
#include "wire/tool_box.h"

namespace aiges::server {
namespace {

// The value of "cmd" in {"cmd": "..."}: the one thing that clients put there.
std::string_view command_of(std::string_view query) {
  std::size_t at = query.find("\"cmd\"");
  if (at == std::string_view::npos) return {};
  at = query.find(':', at);
  if (at == std::string_view::npos) return {};
  const std::size_t begin = query.find('"', at);
  if (begin == std::string_view::npos) return {};
  const std::size_t end = query.find('"', begin + 1);
  return end == std::string_view::npos ? std::string_view()
                                       : query.substr(begin + 1, end - begin - 1);
}

std::string quoted(std::string_view text) {
  constexpr char kHex[] = "0123456789abcdef";
  std::string out = "\"";
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (c == '"' || c == '\\') {
      out += '\\';
      out += c;
    } else if (byte < 0x20) {
      out += "\\u00";
      out += kHex[byte >> 4];
      out += kHex[byte & 15];
    } else {
      out += c;
    }
  }
  return out + '"';
}

class ToolBox final : public Method {
 public:
  ToolBox(std::shared_ptr<const EngineTable> engines, Shared* shared)
      : engines_(std::move(engines)), shared_(*shared) {}
  bool is_unary() const override { return true; }

  void unary(std::shared_ptr<Call> call, std::string message) override {
    const Result<wire::ToolBoxRequest> request = wire::decode_tool_box_request(message);
    if (!request.ok()) {
      call->finish(to_grpc(request.status()));
      return;
    }
    const std::string_view command = command_of(request.value().query);
    std::string body;
    if (command == "health") {
      body = health();
    } else if (command == "status" || command == "query") {
      body = status();
    } else if (command == "metrics") {
      body = metrics();
    } else {
      // The others are about the Go runtime, which is not here.
      body = "{\"err\":" +
             quoted("unknown command '" + std::string(command) +
                    "'; there are health, status, query and metrics") +
             "}";
    }
    call->reply(wire::encode_tool_box_reply({R"({"code":"200"})", body}));
  }

 private:
  // AIGES's own check takes a body with "err" in it for a failure.
  std::string health() const {
    for (const auto& engine : engines_->all())
      if (engine->host->closed() || engine->sessions->draining())
        return "{\"err\":" + quoted("engine '" + engine->name + "' is not serving") + "}";
    return R"({"health":"ok"})";
  }

  std::string status() const {
    std::string out = std::string(R"({"version":)") + quoted(AIGES_VERSION) + R"(,"connections":)" +
                      std::to_string(shared_.connections.load()) + R"(,"calls":)" +
                      std::to_string(shared_.calls.load()) + R"(,"engines":[)";
    bool first = true;
    for (const auto& engine : engines_->all()) {
      const SessionManager::Stats stats = engine->sessions->stats();
      if (!std::exchange(first, false)) out += ',';
      out += R"({"name":)" + quoted(engine->name) + R"(,"version":)" +
             quoted(engine->host->version()) + R"(,"max":)" + std::to_string(stats.licences) +
             R"(,"now":)" + std::to_string(stats.in_use) + R"(,"sessions":)" +
             std::to_string(stats.live) + R"(,"refused":)" + std::to_string(stats.refused) + "}";
    }
    return out + "]}";
  }

  std::string metrics() const {
    std::string out;
    const auto metric = [&out](const char* name, const char* type, const char* help) {
      out += std::string("# HELP ") + name + ' ' + help + "\n# TYPE " + name + ' ' + type + '\n';
    };
    const auto value = [&out](const char* name, const std::string& labels, std::uint64_t number) {
      out += name + labels + ' ' + std::to_string(number) + '\n';
    };
    metric("aiges_connections", "gauge", "Connections open now.");
    value("aiges_connections", "", shared_.connections.load());
    metric("aiges_calls_total", "counter", "RPCs begun.");
    value("aiges_calls_total", "", shared_.calls.load());
    metric("aiges_failed_calls_total", "counter", "RPCs that ended with a status that is not OK.");
    value("aiges_failed_calls_total", "", shared_.failed_calls.load());
    metric("aiges_received_bytes_total", "counter", "Bytes of request messages.");
    value("aiges_received_bytes_total", "", shared_.bytes_in.load());
    metric("aiges_sent_bytes_total", "counter", "Bytes of response messages.");
    value("aiges_sent_bytes_total", "", shared_.bytes_out.load());
    metric("aiges_engine_calls_total", "counter", "Once requests given to the engine.");
    for (const auto& engine : engines_->all())
      value("aiges_engine_calls_total", label(*engine), engine->host->stats().calls.load());
    metric("aiges_engine_failures_total", "counter", "Once requests that failed.");
    for (const auto& engine : engines_->all())
      value("aiges_engine_failures_total", label(*engine), engine->host->stats().failures.load());
    metric("aiges_licences_used", "gauge", "Licences held by sessions and once requests.");
    for (const auto& engine : engines_->all())
      value("aiges_licences_used", label(*engine), engine->sessions->stats().in_use);
    metric("aiges_licences_refused_total", "counter", "Requests that found no licence.");
    for (const auto& engine : engines_->all())
      value("aiges_licences_refused_total", label(*engine), engine->sessions->stats().refused);
    metric("aiges_sessions", "gauge", "Handles in use.");
    for (const auto& engine : engines_->all())
      value("aiges_sessions", label(*engine), engine->sessions->stats().live);
    metric("aiges_copied_bytes_total", "counter", "Payload bytes that the host copied.");
    for (const auto& engine : engines_->all())
      value("aiges_copied_bytes_total", label(*engine), engine->host->stats().bytes_copied.load());
    return out;
  }
  static std::string label(const ServedEngine& engine) {
    return "{engine=" + quoted(engine.name) + "}";
  }

  const std::shared_ptr<const EngineTable> engines_;
  const Shared& shared_;
};

}  // namespace

std::unique_ptr<Method> make_tool_box(std::shared_ptr<const EngineTable> engines, Shared* shared) {
  return std::make_unique<ToolBox>(std::move(engines), shared);
}

}  // namespace aiges::server
