#include "client/address.h"

#include <errno.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/un.h>
#include <unistd.h>

#include <cstring>
#include <memory>

namespace aiges::client {
namespace {

Status refuse(const std::string& target, const std::string& what) {
  return Status(ErrorKind::kInvalidData, Code::kInvalidData, "target", "'" + target + "': " + what);
}

Result<Address> local(const std::string& target, const std::string& path) {
  sockaddr_un name{};
  name.sun_family = AF_UNIX;
  if (path.empty() || path.size() >= sizeof(name.sun_path))
    return refuse(target, "the path of a Unix socket has 1 to " +
                              std::to_string(sizeof(name.sun_path) - 1) + " bytes");
  std::memcpy(name.sun_path, path.data(), path.size());
  Address address;
  std::memcpy(&address.storage, &name, sizeof(name));
  address.size = sizeof(name);
  address.authority = "localhost";
  return address;
}

}  // namespace

Result<Address> Address::resolve(const std::string& target) {
  if (target.starts_with("unix:")) return local(target, target.substr(5));
  const std::size_t colon = target.rfind(':');
  if (colon == std::string::npos || colon == 0 || colon + 1 == target.size())
    return refuse(target, "write HOST:PORT or unix:PATH");
  std::string host = target.substr(0, colon);
  if (host.size() > 2 && host.front() == '[' && host.back() == ']')
    host = host.substr(1, host.size() - 2);
  addrinfo hints{};
  hints.ai_socktype = SOCK_STREAM;
  addrinfo* found = nullptr;
  const int error = ::getaddrinfo(host.c_str(), target.c_str() + colon + 1, &hints, &found);
  if (error != 0) return refuse(target, ::gai_strerror(error));
  const std::unique_ptr<addrinfo, decltype(&::freeaddrinfo)> owner(found, &::freeaddrinfo);
  Address address;
  std::memcpy(&address.storage, found->ai_addr, found->ai_addrlen);
  address.size = found->ai_addrlen;
  address.authority = target;
  return address;
}

Descriptor::~Descriptor() {
  if (fd_ >= 0) ::close(fd_);
}

Descriptor begin_connect(const Address& address) {
  const int family = address.storage.ss_family;
  Descriptor socket(::socket(family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
  if (!socket) return socket;
  const int on = 1;
  if (family != AF_UNIX) ::setsockopt(socket.get(), IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
  const auto* name = reinterpret_cast<const sockaddr*>(&address.storage);
  if (::connect(socket.get(), name, address.size) != 0 && errno != EINPROGRESS) {
    const int error = errno;
    socket = Descriptor();
    errno = error;
  }
  return socket;
}

int connect_error(int socket) {
  int error = 0;
  socklen_t size = sizeof(error);
  return ::getsockopt(socket, SOL_SOCKET, SO_ERROR, &error, &size) == 0 ? error : errno;
}

}  // namespace aiges::client
