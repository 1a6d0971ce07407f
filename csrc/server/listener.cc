#include "server/listener.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <chrono>
#include <utility>

namespace aiges::server {
namespace {

constexpr std::string_view kUnix = "unix:";
constexpr int kBacklog = 4096;

Status failed(const std::string& address, const std::string& why) {
  return Status(ErrorKind::kLoad, Code::kLoad, "listen",
                "cannot listen on '" + address + "': " + why);
}

std::string why(int error) {
  std::string text = ::strerror(error);
  if (error == EADDRINUSE) {
    text += "; another program has it: choose another port, or 0 for any free one";
  } else if (error == EACCES) {
    text += "; ports below 1024 need a privilege";
  }
  return text;
}

std::string name_of(const sockaddr* address, socklen_t size) {
  if (address->sa_family == AF_UNIX) return "unix";
  char host[NI_MAXHOST];
  char port[NI_MAXSERV];
  if (::getnameinfo(address, size, host, sizeof host, port, sizeof port,
                    NI_NUMERICHOST | NI_NUMERICSERV) != 0) {
    return "unknown";
  }
  return address->sa_family == AF_INET6 ? "[" + std::string(host) + "]:" + port
                                        : std::string(host) + ":" + port;
}

// A socket of that address that listens, or -1 with errno set.
int listen_on(int family, const sockaddr* address, socklen_t size, bool reuse_port) {
  const int socket = ::socket(family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  if (socket < 0) return -1;
  const int yes = 1;
  if (family != AF_UNIX) {
    ::setsockopt(socket, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof yes);
    if (reuse_port) ::setsockopt(socket, SOL_SOCKET, SO_REUSEPORT, &yes, sizeof yes);
    if (family == AF_INET6) ::setsockopt(socket, IPPROTO_IPV6, IPV6_V6ONLY, &yes, sizeof yes);
  }
  if (::bind(socket, address, size) == 0 && ::listen(socket, kBacklog) == 0) return socket;
  const int error = errno;
  ::close(socket);
  errno = error;
  return -1;
}

}  // namespace

Result<std::shared_ptr<Listener>> Listener::open(const std::shared_ptr<Reactor>& reactor,
                                                 const std::string& address, bool reuse_port) {
  if (address.starts_with(kUnix)) {
    const std::string path = address.substr(kUnix.size());
    sockaddr_un local{};
    local.sun_family = AF_UNIX;
    if (path.empty() || path.size() >= sizeof local.sun_path)
      return failed(address, "the path must have 1 to 107 bytes");
    path.copy(local.sun_path, path.size());
    // A socket that a server before left behind is in the way, and one that still serves is not.
    struct stat info{};
    if (::stat(path.c_str(), &info) == 0 && S_ISSOCK(info.st_mode)) {
      const int probe = ::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
      const bool alive = probe >= 0 && ::connect(probe, reinterpret_cast<const sockaddr*>(&local),
                                                 sizeof local) == 0;
      if (probe >= 0) ::close(probe);
      if (alive) return failed(address, "another program serves there");
      ::unlink(path.c_str());
    }
    const int socket =
        listen_on(AF_UNIX, reinterpret_cast<const sockaddr*>(&local), sizeof local, false);
    if (socket < 0) return failed(address, why(errno));
    return std::make_shared<Listener>(reactor, socket, address, path);
  }
  const std::size_t colon = address.rfind(':');
  if (colon == std::string::npos || colon + 1 == address.size())
    return failed(address, "expected host:port or unix:/path");
  std::string host = address.substr(0, colon);
  if (host.size() > 2 && host.front() == '[' && host.back() == ']')
    host = host.substr(1, host.size() - 2);
  addrinfo hints{};
  hints.ai_socktype = SOCK_STREAM;
  hints.ai_flags = AI_PASSIVE | AI_NUMERICSERV;
  addrinfo* found = nullptr;
  const int error = ::getaddrinfo(host.empty() ? nullptr : host.c_str(),
                                  address.c_str() + colon + 1, &hints, &found);
  if (error != 0) return failed(address, ::gai_strerror(error));
  const std::unique_ptr<addrinfo, void (*)(addrinfo*)> all(found, ::freeaddrinfo);
  int last = 0;
  for (const addrinfo* each = found; each; each = each->ai_next) {
    const int socket = listen_on(each->ai_family, each->ai_addr, each->ai_addrlen, reuse_port);
    if (socket < 0) {
      last = errno;
      continue;
    }
    sockaddr_storage bound{};
    socklen_t size = sizeof bound;
    ::getsockname(socket, reinterpret_cast<sockaddr*>(&bound), &size);
    return std::make_shared<Listener>(reactor, socket,
                                      name_of(reinterpret_cast<sockaddr*>(&bound), size), "");
  }
  return failed(address, why(last));
}

Listener::Listener(std::shared_ptr<Reactor> reactor, int socket, std::string address,
                   std::string unix_path)
    : reactor_(std::move(reactor)),
      address_(std::move(address)),
      unix_path_(std::move(unix_path)),
      acceptor_(reactor_->io()),
      retry_(reactor_->io()) {
  sockaddr_storage bound{};
  socklen_t size = sizeof bound;
  ::getsockname(socket, reinterpret_cast<sockaddr*>(&bound), &size);
  acceptor_.assign(Protocol(bound.ss_family, 0), socket);
}

Listener::~Listener() {
  if (!unix_path_.empty()) ::unlink(unix_path_.c_str());
}

std::uint16_t Listener::port() const {
  if (!unix_path_.empty()) return 0;
  return static_cast<std::uint16_t>(std::stoul(address_.substr(address_.rfind(':') + 1)));
}

void Listener::start(Accepted accepted) {
  accepted_ = std::move(accepted);
  wait();
}

void Listener::stop() {
  reactor_->post([self = shared_from_this()] {
    boost::system::error_code ignored;
    self->acceptor_.close(ignored);
    self->retry_.cancel();
  });
}

void Listener::wait() {
  acceptor_.async_wait(boost::asio::socket_base::wait_read,
                       [self = shared_from_this()](boost::system::error_code error) {
                         if (!error) self->accept_all();
                       });
}

void Listener::accept_all() {
  for (;;) {
    sockaddr_storage from{};
    socklen_t size = sizeof from;
    const int socket = ::accept4(acceptor_.native_handle(), reinterpret_cast<sockaddr*>(&from),
                                 &size, SOCK_NONBLOCK | SOCK_CLOEXEC);
    if (socket < 0) {
      if (errno == EINTR || errno == ECONNABORTED) continue;
      if (errno == EAGAIN || errno == EWOULDBLOCK) break;
      // No descriptors, say: those that wait go on waiting, and some may become free.
      retry_.expires_after(std::chrono::milliseconds(100));
      retry_.async_wait([self = shared_from_this()](boost::system::error_code error) {
        if (!error) self->wait();
      });
      return;
    }
    if (from.ss_family != AF_UNIX) {
      const int yes = 1;
      ::setsockopt(socket, IPPROTO_TCP, TCP_NODELAY, &yes, sizeof yes);
    }
    accepted_(socket, name_of(reinterpret_cast<sockaddr*>(&from), size));
  }
  wait();
}

}  // namespace aiges::server
