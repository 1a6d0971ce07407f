#include "client/plan.h"

#include <cmath>

namespace aiges::client {
namespace {

Status refuse(std::string what) {
  return Status(ErrorKind::kInvalidData, Code::kInvalidData, "load plan", std::move(what));
}

}  // namespace

std::chrono::nanoseconds arrival(const LoadPlan& plan, std::uint64_t number) {
  const std::chrono::duration<double> seconds(static_cast<double>(number) / plan.rate);
  return std::chrono::duration_cast<std::chrono::nanoseconds>(seconds);
}

Status check(const LoadPlan& plan) {
  if (plan.target.empty()) return refuse("there is no target");
  if (plan.concurrency == 0 || plan.connections == 0 || plan.threads == 0)
    return refuse("concurrency, connections and threads must be at least 1");
  if (plan.threads > plan.connections)
    return refuse(std::to_string(plan.threads) + " threads need as many connections; there are " +
                  std::to_string(plan.connections));
  if (!(plan.rate >= 0 && std::isfinite(plan.rate) && plan.rate <= 1e8))
    return refuse("the rate must be a number of requests per second, or 0");
  if (plan.duration.count() < 0 || plan.warmup.count() < 0 || plan.interval.count() < 0)
    return refuse("times must not be negative");
  if (plan.duration.count() == 0 && plan.count == 0)
    return refuse("a duration or a count must say when to end");
  if (plan.timeout.count() <= 0) return refuse("the timeout must be more than 0");
  if (plan.stream && plan.frames == 0) return refuse("a session has at least one frame");
  if (plan.stream && plan.payloads.empty()) return refuse("a session needs a payload to cut");
  for (const LoadPlan::Expected& each : plan.expected)
    if (!each.sha256.empty() && each.sha256.size() != 32)
      return refuse("the SHA-256 expected of '" + each.key + "' is not 32 bytes long");
  return {};
}

}  // namespace aiges::client
