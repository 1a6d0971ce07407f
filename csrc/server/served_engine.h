#pragma once

#include <chrono>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/executor.h"
#include "engine/engine_host.h"
#include "server/job.h"
#include "session/session_manager.h"

namespace aiges::server {

// How an engine is served.
struct EngineOptions {
  std::string kind = "c";  // or "python"
  // Whether requests use the engine's asynchronous functions, where it has them: [aiges].asyncMode.
  bool async_mode = false;
  SessionManager::Options sessions;
  StreamSession::Options stream;         // for every session: all but its handle, mode and inputs
  bool wait_for_licence = false;         // [overload]: wait in a queue instead of refusing at once
  std::vector<std::string> header_pass;  // headers that become params: [aiges].headerPass
};

// An engine with what serving it needs.
struct ServedEngine {
  std::string name;
  std::shared_ptr<EngineHost> host;
  EngineOptions options;
  std::shared_ptr<Executor> executor;  // for what the sessions do without a request
  std::unique_ptr<SessionManager> sessions;
  Pace once_pace;    // of once requests
  Pace stream_pace;  // of frames

  // How once requests, and sessions, reach it.
  bool once_async() const {
    const ModeSet modes = host->modes();
    return has_mode(modes, Mode::kOnceAsync) &&
           (options.async_mode || !has_mode(modes, Mode::kOnce));
  }
  Mode stream_mode() const {
    const ModeSet modes = host->modes();
    const bool async = has_mode(modes, Mode::kStreamAsync) &&
                       (options.async_mode || !has_mode(modes, Mode::kStream));
    return async ? Mode::kStreamAsync : Mode::kStream;
  }
};

// The engines of a server, by name. Whoever serves a request holds the engine only for that long,
// so that it can be replaced while others are served.
class EngineTable {
 public:
  // The first one is also found by the empty name.
  void add(std::shared_ptr<ServedEngine> engine) { engines_.push_back(std::move(engine)); }
  std::shared_ptr<ServedEngine> find(std::string_view name) const {
    if (name.empty()) return engines_.empty() ? nullptr : engines_.front();
    for (const auto& engine : engines_)
      if (engine->name == name) return engine;
    return nullptr;
  }
  const std::vector<std::shared_ptr<ServedEngine>>& all() const { return engines_; }

 private:
  std::vector<std::shared_ptr<ServedEngine>> engines_;  // a handful: searched faster than hashed
};

}  // namespace aiges::server
