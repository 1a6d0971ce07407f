#pragma once

#include <sys/socket.h>

#include <string>
#include <utility>

#include "base/status.h"

namespace aiges::client {

// Where to connect to.
struct Address {
  sockaddr_storage storage{};
  socklen_t size = 0;
  std::string authority;  // as HTTP/2 names it

  // "host:port", "[ipv6]:port" or "unix:/path". Looks up host names: may block.
  static Result<Address> resolve(const std::string& target);
};

// A file descriptor and its end.
class Descriptor {
 public:
  Descriptor() = default;
  explicit Descriptor(int fd) : fd_(fd) {}
  Descriptor(Descriptor&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}
  Descriptor& operator=(Descriptor&& other) noexcept {
    std::swap(fd_, other.fd_);
    return *this;
  }
  ~Descriptor();
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;

  int get() const { return fd_; }
  explicit operator bool() const { return fd_ >= 0; }

 private:
  int fd_ = -1;
};

// A socket on its way to be connected; it says by becoming writable that it is, or is not. -1 in
// the descriptor, and errno, when even that failed.
Descriptor begin_connect(const Address& address);
// 0, or the errno by which connecting failed.
int connect_error(int socket);

}  // namespace aiges::client
