#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>

namespace aiges::server {

// What one client may take. Sizes in bytes.
struct Limits {
  std::size_t max_receive = std::size_t{64} << 20;  // one request message, decompressed too
  std::size_t max_send = std::size_t{256} << 20;    // one response message
  std::uint32_t max_streams = 1024;                 // RPCs at once on one connection
  std::size_t max_connections = 20'000;
  std::uint32_t max_header_bytes = 16 * 1024;  // of one request, as HPACK counts them
  std::uint32_t stream_window = 1U << 20;      // what a client may send ahead in one RPC
  std::uint32_t connection_window = 8U << 20;  // and on one connection
  // Request messages of all connections that have not arrived whole.
  std::size_t max_buffered = std::size_t{1} << 30;
  // Responses of one connection that wait for its socket; then its streams wait too.
  std::size_t max_unsent = std::size_t{1} << 20;
  // A connection without an RPC for so long is closed; zero: never.
  std::chrono::milliseconds idle_timeout{0};
  // Pings may come this often, with some tolerance; zero: as often as they like.
  std::chrono::milliseconds min_ping_interval{1000};
  // A client that was silent for so long while it has RPCs open is asked whether it is still there,
  // and is given up when it does not answer within the second time; zero: never.
  std::chrono::milliseconds keepalive_interval{60'000};
  std::chrono::milliseconds keepalive_timeout{20'000};
  // From the connection's acceptance to the first whole request header.
  std::chrono::milliseconds handshake_timeout{10'000};
};

}  // namespace aiges::server
