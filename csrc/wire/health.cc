#include "wire/health.h"

#include "wire/reader.h"
#include "wire/writer.h"

namespace aiges::wire {

Result<std::string_view> decode_health_request(std::string_view bytes) {
  std::string_view service;
  Status status = decode(bytes, "grpc.health.v1.HealthCheckRequest", [&](Fields& fields) {
    while (fields.next()) {
      if (fields.tag_and_type() == bytes_field(1)) {
        service = fields.text();
      } else {
        fields.skip();
      }
    }
  });
  if (!status.ok()) return status;
  return service;
}

Result<ServingStatus> decode_health_response(std::string_view bytes) {
  std::int32_t number = 0;
  Status status = decode(bytes, "grpc.health.v1.HealthCheckResponse", [&](Fields& fields) {
    while (fields.next()) {
      if (fields.tag_and_type() == varint_field(1)) {
        number = fields.int32();
      } else {
        fields.skip();
      }
    }
  });
  if (!status.ok()) return status;
  return static_cast<ServingStatus>(number);
}

OutMessage encode_health_request(std::string_view service) {
  OutMessage out;
  write_text(out, 1, service);
  return out;
}

OutMessage encode_health_response(ServingStatus status) {
  OutMessage out;
  write_int32(out, 1, static_cast<std::int32_t>(status));
  return out;
}

OutMessage encode_health_list(std::span<const ServiceHealth> services) {
  OutMessage out;
  // Entries of a map whose values are HealthCheckResponse messages.
  for (const ServiceHealth& entry : services) {
    const auto number = static_cast<std::int32_t>(entry.status);
    const std::size_t response = int32_size(number);
    write_size(out, 1, text_size(entry.service) + sized(response));
    write_text(out, 1, entry.service);
    write_size(out, 2, response);
    write_int32(out, 1, number);
  }
  return out;
}

}  // namespace aiges::wire
