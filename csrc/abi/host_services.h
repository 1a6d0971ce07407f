#pragma once

#include <memory>

#include "aiges/wrapper_ext.h"
#include "engine/engine.h"

namespace aiges {

// The host functions an engine library is given. The ABI's callbacks carry no pointer of ours, so
// each library gets functions of its own, chosen by its index: that is how a call is known to come
// from it even when the tag is nonsense. They stay valid, and answer -1, after the engine is gone.
struct HostServices {
  wrapperCallback callback = nullptr;
  wrapperMeterCustom meter = nullptr;
  wrapperTraceLog trace = nullptr;
  wrapperMetricsLog metrics = nullptr;
};

// How many libraries one process can have as engines, one after the other or together.
inline constexpr unsigned kMaxLibraries = 512;

// The functions of library `index`, now leading to `context`, which they keep until the next call
// for the same index. Thread-safe. `index` is less than kMaxLibraries.
HostServices connect_host_services(unsigned index, std::shared_ptr<EngineContext> context);

}  // namespace aiges
