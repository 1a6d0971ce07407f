#include "server/server.h"

#include <ifaddrs.h>
#include <netinet/in.h>
#include <unistd.h>

#include <algorithm>
#include <charconv>
#include <future>
#include <thread>
#include <utility>

#include "server/services/services.h"

namespace aiges::server {
namespace {

constexpr auto kSweep = std::chrono::seconds(1);
constexpr auto kLastWords = std::chrono::seconds(1);  // for clients to hear that it is over

std::size_t reactor_count(std::size_t wanted) {
  if (wanted != 0) return wanted;
  return std::clamp<std::size_t>(std::thread::hardware_concurrency(), 1, 4);
}

// An address of this machine that others can reach; the loopback's when there is none.
std::string own_ipv4() {
  std::string found = "127.0.0.1";
  ifaddrs* all = nullptr;
  if (::getifaddrs(&all) != 0) return found;
  for (const ifaddrs* each = all; each; each = each->ifa_next) {
    if (!each->ifa_addr || each->ifa_addr->sa_family != AF_INET) continue;
    const auto* address = reinterpret_cast<const sockaddr_in*>(each->ifa_addr);
    const std::uint32_t ip = ntohl(address->sin_addr.s_addr);
    if ((ip >> 24) == 127 || ip == 0) continue;
    found = std::to_string(ip >> 24) + "." + std::to_string(ip >> 16 & 255) + "." +
            std::to_string(ip >> 8 & 255) + "." + std::to_string(ip & 255);
    break;
  }
  ::freeifaddrs(all);
  return found;
}

}  // namespace

Server::Server(Runtime& runtime, ServerOptions options)
    : runtime_(runtime),
      options_(std::move(options)),
      shared_(std::make_shared<Shared>(runtime.watchdog)),
      pool_(std::make_shared<ThreadPool>(options_.max_threads)),
      engines_(std::make_shared<EngineTable>()),
      health_(std::make_shared<HealthRegistry>()),
      anchor_(std::make_shared<Anchor>()) {
  shared_->limits = options_.limits;
  shared_->token = options_.token;
  if (options_.rate_interval.count() != 0)
    shared_->rate = std::make_unique<RateLimiter>(options_.rate_interval, options_.burst);
  if (options_.access_log)
    shared_->access_log = std::make_unique<AccessLog>(STDERR_FILENO, options_.log_format);
}

Server::~Server() { stop(); }

Status Server::add_engine(std::string name, std::shared_ptr<EngineHost> host,
                          EngineOptions options) {
  for (const PendingEngine& other : pending_) {
    if (other.name == name) {
      return Status(ErrorKind::kLoad, Code::kLoad, "serve",
                    "two engines are called '" + name + "'; give one another name");
    }
  }
  pending_.push_back({std::move(name), std::move(host), std::move(options)});
  return {};
}

Result<AdvertisedAddress> Server::advertised(std::uint16_t port) const {
  std::string host = options_.advertise;
  if (const std::size_t colon = host.rfind(':'); colon != std::string::npos) {
    std::uint16_t given = 0;
    const char* end = host.data() + host.size();
    const auto [stop, error] = std::from_chars(host.data() + colon + 1, end, given);
    if (error != std::errc() || stop != end || given == 0) {
      return Status(ErrorKind::kInvalidData, Code::kInvalidData, "advertise",
                    "'" + host + "' cannot be advertised: expected ip or ip:port");
    }
    port = given;
    host.resize(colon);
  }
  if (host.empty()) {
    for (const auto& listener : listeners_) {
      if (listener->port() == 0) continue;  // a Unix socket
      host = listener->address().substr(0, listener->address().rfind(':'));
      break;
    }
    // With Unix sockets alone the address is of no use to anybody, but handles need one.
    if (port == 0) return AdvertisedAddress::parse("127.0.0.1", 1);
    if (host == "0.0.0.0" || host.find(':') != std::string::npos) host = own_ipv4();
  }
  return AdvertisedAddress::parse(host, port);
}

Status Server::listen() {
  for (const std::string& address : options_.grpc) {
    Result<std::shared_ptr<Listener>> listener =
        Listener::open(reactors_.front(), address, options_.reuse_port);
    if (!listener.ok()) return listener.status();
    listeners_.push_back(std::move(listener.value()));
  }
  return {};
}

Status Server::start() {
  if (!options_.tls.certificate.empty()) {
    Result<std::unique_ptr<TlsContext>> tls = TlsContext::open(options_.tls);
    if (!tls.ok()) return tls.status();
    tls_ = std::move(tls.value());
  }
  const std::size_t count = reactor_count(options_.reactors);
  for (std::size_t i = 0; i < count; ++i) {
    reactors_.push_back(std::make_shared<Reactor>(options_.max_threads, sentinel_));
    sentinel_.watch(*reactors_.back());
  }
  Status status = listen();
  std::uint16_t port = 0;
  for (const auto& listener : listeners_) port = port == 0 ? listener->port() : port;
  if (status.ok()) {
    const Result<AdvertisedAddress> address = advertised(port);
    if (!address.ok()) {
      status = address.status();
    } else {
      for (PendingEngine& each : pending_) {
        auto engine = std::make_shared<ServedEngine>();
        engine->name = std::move(each.name);
        engine->host = std::move(each.host);
        engine->options = std::move(each.options);
        engine->executor = pool_;
        engine->sessions = std::make_unique<SessionManager>(
            runtime_.watchdog, *pool_, address.value(), engine->options.sessions);
        engines_->add(std::move(engine));
      }
      pending_.clear();
    }
  }
  if (!status.ok()) {
    listeners_.clear();
    reactors_.clear();
    return status;
  }
  add_services();
  sentinel_.start();
  for (const auto& reactor : reactors_) reactor->start();
  {
    MutexLock lock(anchor_->mutex);
    anchor_->server = this;
  }
  started_ = true;
  Reactor& first = *reactors_.front();
  for (const auto& listener : listeners_) {
    first.post([anchor = anchor_, listener] {
      listener->start([anchor](int socket, std::string peer) {
        bool taken = false;
        with_server(*anchor, [&](Server& server) {
          server.accept(socket, std::move(peer));
          taken = true;
        });
        if (!taken) ::close(socket);
      });
    });
  }
  sweep_timer_ = std::make_shared<boost::asio::steady_timer>(first.io());
  first.post([anchor = anchor_] { with_server(*anchor, [](Server& server) { server.sweep(); }); });
  return {};
}

void Server::add_services() {
  MethodTable& methods = shared_->methods;
  add_engine_v1(methods, engines_);
  add_xsf(methods, engines_, shared_.get());
  add_health(methods, health_);
  add_reflection(methods);
  health_->set("", false);
  for (const char* service : {"aiges.v1.Engine", "utils.XsfCall", "utils.ToolBox"})
    health_->set(service, false);
  for (const auto& engine : engines_->all()) health_->set(engine->name, false);
}

std::vector<std::string> Server::addresses() const {
  std::vector<std::string> all;
  all.reserve(listeners_.size());
  for (const auto& listener : listeners_) all.push_back(listener->address());
  return all;
}

void Server::set_ready(bool ready) { health_->set_all(ready && !draining_); }

void Server::enable_access_log(bool enabled) {
  if (shared_->access_log) shared_->access_log->enable(enabled);
}

Status Server::reload_tls() { return tls_ ? tls_->reload() : Status(); }

void Server::accept(int socket, std::string peer) {
  if (closed_to_new_ || shared_->connections.load() >= options_.limits.max_connections) {
    shared_->refused_connections.fetch_add(1);
    ::close(socket);
    return;
  }
  const std::shared_ptr<Reactor>& reactor = reactors_[next_reactor_++ % reactors_.size()];
  // The socket belongs to the reactor's context from here on; its leader begins to read.
  Connection::Socket owned(reactor->io());
  sockaddr_storage local{};
  socklen_t size = sizeof local;
  ::getsockname(socket, reinterpret_cast<sockaddr*>(&local), &size);
  boost::system::error_code error;
  owned.assign(Listener::Protocol(local.ss_family, 0), socket, error);
  if (error) {
    ::close(socket);
    return;
  }
  const auto connection = std::make_shared<Connection>(
      reactor, shared_, std::move(owned), std::move(peer), tls_ ? tls_->make_stream() : nullptr);
  {
    MutexLock lock(mutex_);
    connections_.push_back(connection);
  }
  if (reactors_.size() == 1) {
    connection->start();
  } else {
    reactor->post([connection] { connection->start(); });
  }
}

std::vector<std::shared_ptr<Connection>> Server::live_connections() {
  std::vector<std::shared_ptr<Connection>> live;
  MutexLock lock(mutex_);
  std::erase_if(connections_, [&](const std::weak_ptr<Connection>& weak) {
    auto connection = weak.lock();
    if (!connection) return true;
    live.push_back(std::move(connection));
    return false;
  });
  return live;
}

void Server::sweep() {
  const auto now = Clock::now();
  for (const auto& connection : live_connections()) {
    connection->reactor().post([connection, now] { connection->check_idle(now); });
  }
  sweep_timer_->expires_after(kSweep);
  sweep_timer_->async_wait([anchor = anchor_](boost::system::error_code error) {
    if (!error) with_server(*anchor, [](Server& server) { server.sweep(); });
  });
}

bool Server::drain(Deadline deadline) {
  if (!started_ || stopped_) return true;
  draining_ = true;
  health_->set_all(false);
  // Clients are told first and may still bring what was on its way when they heard it. A session
  // whose frames come as RPCs of their own may need a new connection for them: the door is open
  // until the last one has ended.
  for (const auto& connection : live_connections()) connection->shut_down();
  (void)shared_->wait_heard(deadline.sooner_of(Deadline::after(kLastWords)));
  bool clean = true;
  for (const auto& engine : engines_->all())
    clean = engine->sessions->drain(deadline).ok() && clean;
  closed_to_new_ = true;
  for (const auto& listener : listeners_) listener->stop();
  for (const auto& connection : live_connections()) connection->shut_down();
  health_->end_watches();
  clean = shared_->wait_quiet(deadline) && clean;
  (void)shared_->wait_gone(deadline.sooner_of(Deadline::after(kLastWords)));
  return clean;
}

void Server::stop() {
  if (!started_ || std::exchange(stopped_, true)) return;
  draining_ = closed_to_new_ = true;
  for (const auto& listener : listeners_) listener->stop();
  for (const auto& connection : live_connections()) connection->abort();
  const Deadline farewell = Deadline::after(options_.farewell);
  for (const auto& engine : engines_->all())
    (void)engine->sessions->drain(Deadline::at(Clock::now()), options_.farewell);
  // What abort() and stop() posted comes first: one turn of each leader.
  for (const auto& reactor : reactors_) {
    const auto passed = std::make_shared<std::promise<void>>();
    // Where every thread is inside an engine its turn comes when the server is gone.
    reactor->post([passed, timer = reactor == reactors_.front() ? sweep_timer_ : nullptr] {
      if (timer) timer->cancel();
      passed->set_value();
    });
    passed->get_future().wait_until(farewell.time());
  }
  // Those that were being accepted meanwhile.
  for (const auto& connection : live_connections()) connection->abort();
  sentinel_.stop();
  // A thread that is still inside an engine keeps its reactor until it comes back.
  for (const auto& reactor : reactors_) (void)reactor->stop(farewell);
  {
    MutexLock lock(anchor_->mutex);
    anchor_->server = nullptr;
  }
  sweep_timer_.reset();
  listeners_.clear();
}

}  // namespace aiges::server
