#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "base/status.h"
#include "buffer/data_item.h"

namespace aiges::client {

enum class Protocol { kAiges, kXsf };  // aiges.v1.Engine, utils.XsfCall

// What one run sends, how fast, and what it expects back.
struct LoadPlan {
  std::string target;  // "host:port" or "unix:/path"
  Protocol protocol = Protocol::kAiges;
  std::string engine;  // whom it is for; empty: the server's first
  std::string token;   // sent as "authorization: Bearer"; empty: not sent

  struct Payload {
    std::string key;
    std::string bytes;
    int type = kTypePersonal;
    std::vector<std::pair<std::string, std::string>> desc;
  };
  std::vector<Payload> payloads;
  std::vector<std::pair<std::string, std::string>> params;

  // XsfCall: outputs asked for, with their types. AIGES answers nothing else; none: everything.
  std::vector<std::pair<std::string, int>> outputs;

  // A session for each unit of load, instead of a once request. Every payload is cut into `frames`
  // pieces, sent `interval` apart: of `frame_size` bytes, taken from the payload again and again,
  // or of equal size where that is 0.
  bool stream = false;
  std::size_t frames = 4;
  std::size_t frame_size = 0;
  std::chrono::nanoseconds interval{0};

  std::size_t concurrency = 64;  // units under way at once; open loop: at most
  std::size_t connections = 4;
  std::size_t threads = 1;
  double rate = 0;  // units per second, whatever the answers do; 0: closed loop
  std::chrono::nanoseconds warmup{0};
  std::chrono::nanoseconds duration{0};  // 0: until `count` is reached
  std::uint64_t count = 0;               // units measured; 0: until `duration` is over
  std::chrono::nanoseconds timeout{std::chrono::seconds(30)};  // of one unit

  // What every answer must hold; for a session, all its results put together.
  struct Expected {
    std::string key;
    std::string bytes;
    std::string sha256;  // 32 bytes; then `bytes` is not used
  };
  std::vector<Expected> expected;
  // Key of an item whose 8 bytes are CLOCK_MONOTONIC in ns, little-endian, when the engine made it;
  // empty: none. Only meaningful with an engine on the same machine.
  std::string stamp_key;
};

// Open loop: how long after the run's begin a unit is due, by its number (from 0). Reckoned from
// the begin, and not from the unit before, so that it does not drift.
std::chrono::nanoseconds arrival(const LoadPlan& plan, std::uint64_t number);

// ErrorKind::kInvalidData when a plan makes no sense.
Status check(const LoadPlan& plan);

}  // namespace aiges::client
