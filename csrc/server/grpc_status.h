#pragma once

#include <string>
#include <string_view>

#include "base/clock.h"
#include "base/status.h"

namespace aiges::server {

// gRPC's status codes (grpc/grpc, doc/statuscodes.md).
enum class GrpcCode : int {
  kOk = 0,
  kCancelled = 1,
  kUnknown = 2,
  kInvalidArgument = 3,
  kDeadlineExceeded = 4,
  kNotFound = 5,
  kAlreadyExists = 6,
  kPermissionDenied = 7,
  kResourceExhausted = 8,
  kFailedPrecondition = 9,
  kAborted = 10,
  kOutOfRange = 11,
  kUnimplemented = 12,
  kInternal = 13,
  kUnavailable = 14,
  kDataLoss = 15,
  kUnauthenticated = 16,
};

// How an RPC ends. The codes are sent as trailers of their own when they are not 0, so that a
// client need not take the message apart.
struct GrpcStatus {
  GrpcCode code = GrpcCode::kOk;
  std::string message;
  int aiges_code = 0;   // trailer "aiges-code": the framework's error code
  int engine_code = 0;  // trailer "aiges-engine-code": the engine's own error number

  bool ok() const { return code == GrpcCode::kOk; }
};

// The one place where a Status becomes a gRPC status.
GrpcStatus to_grpc(const Status& status);

// The value of "grpc-message": percent-encoded as gRPC's protocol demands (doc/PROTOCOL-HTTP2.md).
std::string percent_encode(std::string_view message);

// The value of "grpc-timeout" ("100m"): from now on. False when it is malformed.
bool parse_timeout(std::string_view value, Deadline& deadline);

}  // namespace aiges::server
