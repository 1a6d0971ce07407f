#include "check.h"
#include "wire/engine_v1.h"
#include "wire/health.h"
#include "wire/tool_box.h"

using namespace aiges::wire;

// The messages that are a text or two, or a number.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view bytes = fuzz::input(data, size);
  if (const auto request = decode_tool_box_request(bytes); request.ok()) {
    fuzz::check_text(request.value().query, bytes);
    fuzz::check_text(request.value().body, bytes);
    const std::string again = fuzz::flat(encode_tool_box_request(request.value()));
    const auto decoded = decode_tool_box_request(again);
    fuzz::require(decoded.ok() && decoded.value().query == request.value().query &&
                      decoded.value().headers == request.value().headers &&
                      decoded.value().body == request.value().body,
                  "nothing of it is lost");
  }
  if (const auto reply = decode_tool_box_reply(bytes); reply.ok())
    fuzz::check_text(reply.value().body, bytes);
  if (const auto service = decode_health_request(bytes); service.ok())
    fuzz::check_text(service.value(), bytes);
  if (const auto engine = decode_describe_request(bytes); engine.ok())
    fuzz::check_text(engine.value(), bytes);
  if (const auto status = decode_health_response(bytes); status.ok()) {
    const auto decoded = decode_health_response(fuzz::flat(encode_health_response(status.value())));
    fuzz::require(decoded.ok() && decoded.value() == status.value(), "the number stays");
  }
  return 0;
}
