#include "check.h"
#include "wire/engine_v1.h"

using namespace aiges::wire;

// What a client reads: both kinds of response.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static EngineResponse response;
  static DescribeResponse description;
  const std::string_view bytes = fuzz::input(data, size);
  if (decode_engine_response(bytes, response).ok()) {
    fuzz::check_text(response.session_id, bytes);
    fuzz::check_items(response.data, bytes);
  }
  if (decode_describe_response(bytes, description).ok()) {
    for (const EngineInfo& info : description.engines) {
      fuzz::check_text(info.name, bytes);
      for (const std::string_view mode : info.modes) fuzz::check_text(mode, bytes);
    }
    const std::string again = fuzz::flat(encode_describe_response(description));
    DescribeResponse decoded;
    fuzz::require(decode_describe_response(again, decoded).ok(), "our own response is valid");
    fuzz::require(fuzz::flat(encode_describe_response(decoded)) == again, "it is always the same");
  }
  return 0;
}
