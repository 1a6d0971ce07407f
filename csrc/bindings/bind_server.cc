#include "bindings/python.h"

#include <pybind11/stl.h>

#include <algorithm>
#include <chrono>
#include <string>

#include "bindings/bind_server.h"
#include "bindings/engine_handle.h"
#include "bindings/errors.h"
#include "server/server.h"

namespace aiges::py {
namespace {

namespace pb = pybind11;

// Reads options by name and complains about what nobody read: a misspelt option is an error.
class OptionReader {
 public:
  explicit OptionReader(pb::dict options) : options_(std::move(options)) {}

  template <class T>
  void read(const char* name, T& target) {
    known_.emplace_back(name);
    if (!options_.contains(name) || options_[name].is_none()) return;
    try {
      target = pb::cast<T>(options_[name]);
    } catch (const pb::cast_error&) {
      throw pb::type_error("option '" + std::string(name) + "' has a value of type " +
                           Py_TYPE(pb::object(options_[name]).ptr())->tp_name);
    }
  }
  // Seconds.
  template <class Duration>
  void read_seconds(const char* name, Duration& target) {
    double seconds = std::chrono::duration<double>(target).count();
    read(name, seconds);
    if (!(seconds >= 0 && seconds < 1e9))
      throw pb::value_error("option '" + std::string(name) + "' must be a number of seconds");
    target = std::chrono::duration_cast<Duration>(std::chrono::duration<double>(seconds));
  }
  void finish() const {
    for (const auto& [key, value] : options_) {
      const auto name = pb::cast<std::string>(key);
      if (std::ranges::find(known_, name) == known_.end())
        throw pb::type_error("there is no option '" + name + "'");
    }
  }

 private:
  const pb::dict options_;
  std::vector<std::string> known_;
};

server::ServerOptions server_options(pb::dict given) {
  server::ServerOptions options;
  OptionReader reader(std::move(given));
  reader.read("grpc", options.grpc);
  reader.read("advertise", options.advertise);
  reader.read("reactors", options.reactors);
  reader.read("max_threads", options.max_threads);
  reader.read("token", options.token);
  reader.read("reuse_port", options.reuse_port);
  server::Limits& limits = options.limits;
  reader.read("max_receive", limits.max_receive);
  reader.read("max_send", limits.max_send);
  reader.read("max_connections", limits.max_connections);
  reader.read("max_streams", limits.max_streams);
  reader.read("max_header_bytes", limits.max_header_bytes);
  reader.read_seconds("idle_timeout", limits.idle_timeout);
  reader.read_seconds("keepalive_min_interval", limits.min_ping_interval);
  double rate = 0;  // milliseconds for each token, as in AIGES's configuration
  reader.read("rate", rate);
  if (!(rate >= 0 && rate < 1e9)) throw pb::value_error("option 'rate' must be in milliseconds");
  options.rate_interval = std::chrono::nanoseconds(static_cast<std::int64_t>(rate * 1e6));
  reader.read("burst", options.burst);
  reader.read("access_log", options.access_log);
  std::string format = "text";
  reader.read("log_format", format);
  if (format != "text" && format != "json")
    throw pb::value_error("option 'log_format' must be 'text' or 'json'");
  options.log_format =
      format == "json" ? server::AccessLog::Format::kJson : server::AccessLog::Format::kText;
  pb::dict tls;
  reader.read("tls", tls);
  reader.finish();
  OptionReader files(tls);
  files.read("certificate", options.tls.certificate);
  files.read("key", options.tls.key);
  files.read("client_ca", options.tls.client_ca);
  files.finish();
  return options;
}

server::EngineOptions engine_options(pb::dict given, const std::string& kind) {
  server::EngineOptions options;
  options.kind = kind;
  OptionReader reader(std::move(given));
  reader.read("async_mode", options.async_mode);
  reader.read("max_sessions", options.sessions.licences.max);
  std::string overload = "reject";
  reader.read("overload", overload);
  if (overload != "reject" && overload != "wait")
    throw pb::value_error("option 'overload' must be 'reject' or 'wait'");
  options.wait_for_licence = overload == "wait";
  std::size_t queue_size = 1000;
  reader.read("queue_size", queue_size);
  options.sessions.licences.max_waiting = options.wait_for_licence ? queue_size : 0;
  reader.read_seconds("queue_timeout", options.sessions.max_wait);
  StreamSession::Options& stream = options.stream;
  reader.read_seconds("ttl", stream.ttl);
  reader.read("real_time_results", stream.real_time_results);
  reader.read_seconds("gap_wait", stream.order.gap_wait);
  std::string gap_policy = "skip";
  reader.read("gap_policy", gap_policy);
  if (gap_policy != "skip" && gap_policy != "fail")
    throw pb::value_error("option 'gap_policy' must be 'skip' or 'fail'");
  stream.order.gap_policy = gap_policy == "fail" ? GapPolicy::kFail : GapPolicy::kSkip;
  reader.read_seconds("final_wait", stream.final_wait);
  reader.read("header_pass", options.header_pass);
  reader.finish();
  return options;
}

// A server, as Python's serve command drives it. Holds the engines it serves.
class ServerHandle {
 public:
  explicit ServerHandle(pb::dict options)
      : server_(std::make_unique<server::Server>(runtime(), server_options(std::move(options)))) {}
  ~ServerHandle() {
    const ReleaseGil released;  // what runs may need the interpreter to end
    server_.reset();
  }

  void add_engine(const std::string& name, pb::object engine, pb::dict options) {
    auto& handle = behind<EngineHandle>(engine);
    Status status = server_->add_engine(
        name, handle.shared_host(),
        engine_options(std::move(options), handle.is_python() ? "python" : "c"));
    if (!status.ok()) throw_error(status, name);
    engines_.push_back(std::move(engine));
  }
  pb::dict start() {
    Status status;
    std::vector<std::string> addresses;
    {
      const ReleaseGil released;  // looks up host names
      status = server_->start();
      addresses = server_->addresses();
    }
    if (!status.ok()) {
      PyErr_SetString(status.where() == "listen" ? PyExc_OSError : PyExc_ValueError,
                      status.message().c_str());
      throw pb::error_already_set();
    }
    pb::dict all;
    all["grpc"] = addresses;
    return all;
  }
  void set_ready(bool ready) {
    const ReleaseGil released;  // tells those who watch: sockets
    server_->set_ready(ready);
  }
  bool drain(const pb::object& timeout) {
    const Deadline deadline = deadline_of(timeout.ptr());
    const ReleaseGil released;  // waits
    return server_->drain(deadline);
  }
  void stop() {
    const ReleaseGil released;  // waits for threads that may need the interpreter
    server_->stop();
  }
  void set_log_level(const std::string& level) {
    server_->enable_access_log(level == "debug" || level == "info");
  }
  void reload_tls() {
    Status status;
    {
      const ReleaseGil released;  // reads files
      status = server_->reload_tls();
    }
    if (!status.ok()) throw pb::value_error(status.message());
  }
  pb::dict stats() {
    const server::Shared& shared = server_->shared();
    pb::dict all;
    const auto add = [&all](const char* key, const server::Shared::Counter& counter) {
      all[key] = counter.load(std::memory_order_relaxed);
    };
    add("connections", shared.connections);
    add("connections_total", shared.connections_total);
    add("refused_connections", shared.refused_connections);
    add("open_calls", shared.open_calls);
    add("calls", shared.calls);
    add("failed_calls", shared.failed_calls);
    add("bytes_in", shared.bytes_in);
    add("bytes_out", shared.bytes_out);
    pb::dict engines;
    for (const auto& engine : server_->engines().all()) {
      const SessionManager::Stats stats = engine->sessions->stats();
      pb::dict one;
      one["live"] = stats.live;
      one["licences"] = stats.licences;
      one["in_use"] = stats.in_use;
      one["waiting"] = stats.waiting;
      one["refused"] = stats.refused;
      one["opened"] = stats.opened;
      one["completed"] = stats.completed;
      one["failed"] = stats.failed;
      one["evicted"] = stats.evicted;
      one["duplicate_frames"] = stats.duplicate_frames;
      one["old_frames"] = stats.old_frames;
      one["skipped_frames"] = stats.skipped_frames;
      engines[pb::str(engine->name)] = one;
    }
    all["engines"] = engines;
    return all;
  }

 private:
  std::vector<pb::object> engines_;
  std::unique_ptr<server::Server> server_;
};

}  // namespace

void register_server(pb::module_& module) {
  pb::class_<ServerHandle>(module, "Server",
                           "Serves engines to the network; see aiges_native.serve.")
      .def(pb::init<pb::dict>(), pb::arg("options"))
      .def("add_engine", &ServerHandle::add_engine, pb::arg("name"), pb::arg("engine"),
           pb::arg("options"))
      .def("start", &ServerHandle::start,
           "Listens and serves; returns where. Raises OSError, ValueError.")
      .def("set_ready", &ServerHandle::set_ready, pb::arg("ready"))
      .def("drain", &ServerHandle::drain, pb::arg("timeout"),
           "Takes nothing new and waits for what runs; True when nothing was cut off.")
      .def("stop", &ServerHandle::stop)
      .def("set_log_level", &ServerHandle::set_log_level, pb::arg("level"))
      .def("reload_tls", &ServerHandle::reload_tls, "Reads the certificate again.")
      .def("stats", &ServerHandle::stats);
}

}  // namespace aiges::py
