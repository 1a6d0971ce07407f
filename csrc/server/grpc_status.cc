#include "server/grpc_status.h"

#include <charconv>
#include <chrono>
#include <cstdint>

namespace aiges::server {
namespace {

GrpcCode code_of(const Status& status) {
  switch (status.kind()) {
    case ErrorKind::kInvalidData:
      return GrpcCode::kInvalidArgument;
    case ErrorKind::kOverload:
      return GrpcCode::kResourceExhausted;
    case ErrorKind::kDeadline:
      return GrpcCode::kDeadlineExceeded;
    case ErrorKind::kSession:
      return status.code() == Code::kLoad ? GrpcCode::kUnimplemented
                                          : GrpcCode::kFailedPrecondition;
    case ErrorKind::kLoad:
      return GrpcCode::kUnimplemented;
    case ErrorKind::kInit:
      return GrpcCode::kUnavailable;
    case ErrorKind::kEngine:
      if (status.code() == Code::kInactive) return GrpcCode::kUnavailable;
      if (status.code() == Code::kLoad) return GrpcCode::kUnimplemented;
      return GrpcCode::kInternal;
  }
  return GrpcCode::kUnknown;
}

}  // namespace

GrpcStatus to_grpc(const Status& status) {
  if (status.ok()) return {};
  return {code_of(status), status.message(), static_cast<int>(status.code()),
          status.engine_code().value_or(0)};
}

std::string percent_encode(std::string_view message) {
  constexpr char kHex[] = "0123456789ABCDEF";
  std::string out;
  out.reserve(message.size());
  for (const char c : message) {
    const auto byte = static_cast<unsigned char>(c);
    if (byte >= 0x20 && byte <= 0x7E && c != '%') {
      out += c;
    } else {
      out += '%';
      out += kHex[byte >> 4];
      out += kHex[byte & 15];
    }
  }
  return out;
}

bool parse_timeout(std::string_view value, Deadline& deadline) {
  // At most eight digits and a unit.
  if (value.size() < 2 || value.size() > 9) return false;
  std::int64_t amount = 0;
  const char* begin = value.data();  // NOLINT(bugprone-suspicious-stringview-data-usage)
  const char* end = begin + value.size() - 1;
  const auto [stop, error] = std::from_chars(begin, end, amount);
  if (error != std::errc() || stop != end || *begin == '-') return false;
  std::chrono::nanoseconds delay{};
  switch (*end) {
    case 'H':
      delay = amount > 2'000'000 ? std::chrono::nanoseconds::max()
                                 : std::chrono::hours(amount);  // 2^63 ns are 292 years
      break;
    case 'M':
      delay = std::chrono::minutes(amount);
      break;
    case 'S':
      delay = std::chrono::seconds(amount);
      break;
    case 'm':
      delay = std::chrono::milliseconds(amount);
      break;
    case 'u':
      delay = std::chrono::microseconds(amount);
      break;
    case 'n':
      delay = std::chrono::nanoseconds(amount);
      break;
    default:
      return false;
  }
  deadline = Deadline::after(delay);
  return true;
}

}  // namespace aiges::server
