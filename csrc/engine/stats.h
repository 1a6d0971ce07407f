#pragma once

#include <atomic>
#include <cstdint>

namespace aiges {

// Counters of one engine since it was loaded. Each is written with relaxed order by whoever has
// something to count; a reader gets a value of each, not a consistent cut.
struct Stats {
  using Counter = std::atomic<std::uint64_t>;

  Counter calls{0};      // once requests started, synchronous or not
  Counter failures{0};   // of those, the ones that ended with an error
  Counter exec_free{0};  // outputs given back with wrapperExecFree
  // Outputs never given back because their list does not end: freeing it would not end either.
  Counter outputs_abandoned{0};
  Counter callbacks{0};          // results accepted through the callback
  Counter callbacks_late{0};     // for a request that had been given up
  Counter callbacks_double{0};   // for a request that already had its final result
  Counter callbacks_unknown{0};  // for a tag that was never given out
  Counter sessions_created{0};
  Counter bytes_in{0};      // payload given to the engine
  Counter bytes_out{0};     // payload received from it
  Counter bytes_copied{0};  // payload copied on the way, by us
};

inline void count(Stats::Counter& counter, std::uint64_t by = 1) {
  counter.fetch_add(by, std::memory_order_relaxed);
}

}  // namespace aiges
