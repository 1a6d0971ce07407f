#pragma once

#include <atomic>
#include <cstdint>

#include "buffer/reaper.h"
#include "engine/watchdog.h"

namespace aiges {

// What the engines of one program share. Made once by whoever builds the program, passed down, and
// kept by each engine; two of them in one process do not know of each other.
struct Runtime {
  Reaper reaper;
  Watchdog watchdog;
  std::atomic<std::uint32_t> last_engine_number{0};
};

}  // namespace aiges
