#pragma once

#include <atomic>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/clock.h"
#include "base/status.h"

namespace aiges {

// Where clients reach this server. They decode it from a session's handle and dial it, so that it
// is never the unspecified address.
class AdvertisedAddress {
 public:
  // `ipv4` as in "10.1.2.3".
  static Result<AdvertisedAddress> parse(std::string_view ipv4, std::uint16_t port);
  std::uint32_t ipv4() const { return ipv4_; }  // first number in the highest byte
  std::uint16_t port() const { return port_; }
  std::string text() const;  // "ip:port"

 private:
  AdvertisedAddress(std::uint32_t ipv4, std::uint16_t port) : ipv4_(ipv4), port_(port) {}
  std::uint32_t ipv4_;
  std::uint16_t port_;
};

// What a minted handle says.
struct HandleParts {
  std::uint32_t ipv4 = 0;
  std::uint16_t port = 0;
  std::uint32_t counter = 0;  // 24 bits
  std::uint32_t seconds = 0;  // since the server started, 28 bits
};
// 26 characters: version "0", then in lower-case hex 8 of the address, 4 of the port, 6 of the
// counter and 7 of the seconds.
inline constexpr std::size_t kHandleLength = 26;
std::optional<HandleParts> parse_handle(std::string_view handle);

// Makes the handles of one server. Any thread; none waits for another.
class HandleMinter {
 public:
  explicit HandleMinter(AdvertisedAddress address);
  std::string mint();
  const AdvertisedAddress& address() const { return address_; }

 private:
  const AdvertisedAddress address_;
  const Clock::time_point start_ = Clock::now();
  // Starts anywhere: a server that was started again does not repeat what it gave out before.
  std::atomic<std::uint32_t> counter_;
};

}  // namespace aiges
