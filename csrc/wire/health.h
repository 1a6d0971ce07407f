#pragma once

#include <span>
#include <string_view>

#include "base/status.h"
#include "wire/out_message.h"

// grpc.health.v1.Health (proto/grpc/health/v1/health.proto).
namespace aiges::wire {

enum class ServingStatus : int {
  kUnknown = 0,
  kServing = 1,
  kNotServing = 2,
  kServiceUnknown = 3,  // only Watch says this; Check fails with NOT_FOUND
};

// The service asked for; empty: the whole server.
Result<std::string_view> decode_health_request(std::string_view bytes);
OutMessage encode_health_request(std::string_view service);
// A number that has no name here stays as it is.
Result<ServingStatus> decode_health_response(std::string_view bytes);
OutMessage encode_health_response(ServingStatus status);

struct ServiceHealth {
  std::string_view service;
  ServingStatus status = ServingStatus::kUnknown;
};
// The response of List, whose request is empty.
OutMessage encode_health_list(std::span<const ServiceHealth> services);

}  // namespace aiges::wire
