#include "session/handle.h"

#include <charconv>
#include <chrono>
#include <cstdio>

namespace aiges {
namespace {

constexpr std::uint32_t kCounterMask = (1U << 24) - 1;
constexpr std::uint32_t kSecondsMask = (1U << 28) - 1;

template <class T>
bool parse_whole(std::string_view text, T& value, int base) {
  const char* begin = text.data();
  const char* end = begin + text.size();
  const auto [stopped, error] = std::from_chars(begin, end, value, base);
  return error == std::errc() && stopped == end && !text.empty();
}

std::optional<std::uint32_t> parse_ipv4(std::string_view text) {
  std::uint32_t address = 0;
  for (int i = 0; i < 4; ++i) {
    const std::size_t dot = text.find('.');
    if ((dot == std::string_view::npos) != (i == 3)) return std::nullopt;
    std::uint8_t number = 0;
    if (!parse_whole(text.substr(0, dot), number, 10)) return std::nullopt;
    address = address << 8 | number;
    text = i == 3 ? "" : text.substr(dot + 1);
  }
  return address;
}

}  // namespace

Result<AdvertisedAddress> AdvertisedAddress::parse(std::string_view ipv4, std::uint16_t port) {
  const std::optional<std::uint32_t> address = parse_ipv4(ipv4);
  if (!address || *address == 0 || port == 0) {
    return Status(ErrorKind::kInvalidData, Code::kInvalidData, "address",
                  "'" + std::string(ipv4) + ":" + std::to_string(port) +
                      "' is no address that clients can dial; give the IPv4 address and port "
                      "under which they reach this server, such as 10.1.2.3:5090");
  }
  return AdvertisedAddress(*address, port);
}

std::string AdvertisedAddress::text() const {
  return std::to_string(ipv4_ >> 24) + "." + std::to_string(ipv4_ >> 16 & 255) + "." +
         std::to_string(ipv4_ >> 8 & 255) + "." + std::to_string(ipv4_ & 255) + ":" +
         std::to_string(port_);
}

std::optional<HandleParts> parse_handle(std::string_view handle) {
  HandleParts parts;
  if (handle.size() != kHandleLength || handle[0] != '0' ||
      !parse_whole(handle.substr(1, 8), parts.ipv4, 16) ||
      !parse_whole(handle.substr(9, 4), parts.port, 16) ||
      !parse_whole(handle.substr(13, 6), parts.counter, 16) ||
      !parse_whole(handle.substr(19, 7), parts.seconds, 16)) {
    return std::nullopt;
  }
  return parts;
}

HandleMinter::HandleMinter(AdvertisedAddress address)
    : address_(address),
      counter_(static_cast<std::uint32_t>(
          std::chrono::system_clock::now().time_since_epoch().count() >> 10)) {}

std::string HandleMinter::mint() {
  const auto up = std::chrono::duration_cast<std::chrono::seconds>(Clock::now() - start_).count();
  const std::uint32_t count = counter_.fetch_add(1, std::memory_order_relaxed) & kCounterMask;
  char text[kHandleLength + 1];
  std::snprintf(text, sizeof text, "0%08x%04x%06x%07x", static_cast<unsigned>(address_.ipv4()),
                static_cast<unsigned>(address_.port()), static_cast<unsigned>(count),
                static_cast<unsigned>(up) & kSecondsMask);
  return text;
}

}  // namespace aiges
