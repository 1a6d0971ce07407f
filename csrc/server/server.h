#pragma once

#include <atomic>
#include <boost/asio/steady_timer.hpp>
#include <memory>
#include <string>
#include <vector>

#include "base/executor.h"
#include "base/mutex.h"
#include "engine/runtime.h"
#include "server/connection.h"
#include "server/listener.h"
#include "server/reactor.h"
#include "server/sentinel.h"
#include "server/served_engine.h"
#include "server/services/health.h"
#include "server/shared.h"
#include "server/tls.h"

namespace aiges::server {

struct ServerOptions {
  std::vector<std::string> grpc;  // where to listen: "host:port" or "unix:/path"
  // The IPv4 address and port that clients are told to come back to; empty: the one that is
  // listened on, or this machine's if that is 0.0.0.0.
  std::string advertise;
  std::size_t reactors = 0;       // threads that watch sockets; 0: one for each core, at most 4
  std::size_t max_threads = 256;  // most engine calls at once, of one reactor
  Limits limits;
  std::string token;
  // Calls per second, at most: a token every `rate_interval`, `burst` of them saved up. Zero: any.
  std::chrono::nanoseconds rate_interval{0};
  std::size_t burst = 0;
  bool access_log = false;  // a line for each RPC, on standard error
  AccessLog::Format log_format = AccessLog::Format::kText;
  TlsFiles tls;  // no certificate: plain text
  bool reuse_port = false;
  std::chrono::milliseconds farewell{5000};  // what stop() waits for threads inside an engine
};

// Serves engines to the network: listeners, reactors, connections, and the services on them. Two of
// them may live in one process and do not know of each other.
//
// Life: made -> add_engine() -> start() -> (set_ready) -> drain() -> stop(). All from threads that
// may block.
class Server {
 public:
  // `runtime` outlives the server.
  Server(Runtime& runtime, ServerOptions options);
  ~Server();
  Server(const Server&) = delete;
  Server& operator=(const Server&) = delete;

  Status add_engine(std::string name, std::shared_ptr<EngineHost> host, EngineOptions options);
  // Listens, and begins to serve; health says "not serving" until set_ready(true).
  Status start();
  // Where it listens, with the ports that were chosen.
  std::vector<std::string> addresses() const;
  void set_ready(bool ready);
  // Not ready; no new connection, and what connections there are bring no new RPCs; waits for those
  // that run, and at the deadline ends them. True when nothing was cut off.
  bool drain(Deadline deadline);
  // Closes every connection and ends the threads.
  void stop();
  // Whether the access log, if there is one, is written.
  void enable_access_log(bool enabled);
  // Reads the certificate's files again.
  Status reload_tls();

  const EngineTable& engines() const { return *engines_; }
  const Shared& shared() const { return *shared_; }

 private:
  Status listen();
  void add_services();
  void accept(int socket, std::string peer);
  void sweep();
  std::vector<std::shared_ptr<Connection>> live_connections();
  Result<AdvertisedAddress> advertised(std::uint16_t port) const;

  Runtime& runtime_;
  const ServerOptions options_;
  const std::shared_ptr<Shared> shared_;
  const std::shared_ptr<ThreadPool> pool_;
  const std::shared_ptr<EngineTable> engines_;
  std::shared_ptr<HealthRegistry> health_;
  std::unique_ptr<TlsContext> tls_;

  Sentinel sentinel_;
  std::vector<std::shared_ptr<Reactor>> reactors_;
  std::vector<std::shared_ptr<Listener>> listeners_;
  std::shared_ptr<boost::asio::steady_timer> sweep_timer_;
  std::size_t next_reactor_ = 0;  // the accepting leader's own
  std::atomic<bool> draining_{false};
  std::atomic<bool> closed_to_new_{false};  // connections
  std::atomic<bool> started_{false};
  bool stopped_ = false;

  struct PendingEngine {
    std::string name;
    std::shared_ptr<EngineHost> host;
    EngineOptions options;
  };
  std::vector<PendingEngine> pending_;  // until start(): handles name the port

  // What posted actions find the server by: one whose turn comes late, because every thread was
  // inside an engine when the server stopped, finds none.
  struct Anchor {
    Mutex mutex;
    Server* server AIGES_GUARDED_BY(mutex) = nullptr;
  };
  // Runs `action` on the server, if it is still there.
  template <class Action>
  static void with_server(Anchor& anchor, Action&& action) {
    MutexLock lock(anchor.mutex);
    if (anchor.server) action(*anchor.server);
  }
  const std::shared_ptr<Anchor> anchor_;

  Mutex mutex_;
  std::vector<std::weak_ptr<Connection>> connections_ AIGES_GUARDED_BY(mutex_);
};

}  // namespace aiges::server
