#include "check.h"
#include "wire/engine_v1.h"

using namespace aiges::wire;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static StreamRequest request;
  const std::string_view bytes = fuzz::input(data, size);
  if (!decode_stream_request(bytes, request).ok()) return 0;
  fuzz::check_text(request.open.engine, bytes);
  fuzz::check_text(request.open.session_id, bytes);
  fuzz::check_pairs(request.open.params, bytes);
  fuzz::check_items(request.data, bytes);

  const std::string again = fuzz::flat(encode_stream_request(request));
  StreamRequest decoded;
  fuzz::require(decode_stream_request(again, decoded).ok(), "our own request is valid");
  fuzz::require(decoded.has_open == request.has_open &&
                    decoded.open.params.size() == request.open.params.size() &&
                    decoded.open.resources == request.open.resources &&
                    decoded.data.size() == request.data.size(),
                "nothing of it is lost");
  fuzz::require(fuzz::flat(encode_stream_request(decoded)) == again, "it is always the same");
  return 0;
}
