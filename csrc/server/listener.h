#pragma once

#include <boost/asio/basic_socket_acceptor.hpp>
#include <boost/asio/generic/stream_protocol.hpp>
#include <boost/asio/steady_timer.hpp>
#include <functional>
#include <memory>
#include <string>

#include "base/status.h"
#include "server/reactor.h"

namespace aiges::server {

// Where a server takes connections: "host:port" (port 0: any free one; an IPv6 host in brackets) or
// "unix:/path". The socket listens from open() on, so that a port in use is found before anything
// serves; start() begins to accept, on one reactor's leader.
class Listener final : public std::enable_shared_from_this<Listener> {
 public:
  using Protocol = boost::asio::generic::stream_protocol;
  using Accepted = std::function<void(int socket, std::string peer)>;

  static Result<std::shared_ptr<Listener>> open(const std::shared_ptr<Reactor>& reactor,
                                                const std::string& address, bool reuse_port);
  Listener(std::shared_ptr<Reactor> reactor, int socket, std::string address,
           std::string unix_path);
  ~Listener();

  // Leader only. `accepted` gets each new socket, non-blocking, and owns it.
  void start(Accepted accepted);
  // Any thread: accepts no more.
  void stop();
  // With the port that was chosen.
  const std::string& address() const { return address_; }
  std::uint16_t port() const;

 private:
  void wait();
  void accept_all();

  const std::shared_ptr<Reactor> reactor_;
  const std::string address_;
  const std::string unix_path_;
  boost::asio::basic_socket_acceptor<Protocol> acceptor_;
  boost::asio::steady_timer retry_;
  Accepted accepted_;
};

}  // namespace aiges::server
