#pragma once

#include <functional>
#include <memory>

#include "base/status.h"
#include "client/plan.h"
#include "client/report.h"

namespace aiges::client {

// Called on the thread that called run_load, a few times a second; false ends the run.
using OnProgress = std::function<bool(const LoadProgress&)>;

// Runs a plan on threads of its own and waits for its end. A failure means that nothing was
// measured: the plan makes no sense, or nobody listens there.
Result<std::unique_ptr<LoadReport>> run_load(LoadPlan plan, const OnProgress& on_progress);

}  // namespace aiges::client
