#include "check.h"
#include "wire/engine_v1.h"

using namespace aiges::wire;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static ExecRequest request;
  const std::string_view bytes = fuzz::input(data, size);
  if (!decode_exec_request(bytes, request).ok()) return 0;
  fuzz::check_text(request.engine, bytes);
  fuzz::check_text(request.session_id, bytes);
  fuzz::check_pairs(request.params, bytes);
  fuzz::check_items(request.data, bytes);

  const std::string again = fuzz::flat(encode_exec_request(request));
  ExecRequest decoded;
  fuzz::require(decode_exec_request(again, decoded).ok(), "our own request is valid");
  fuzz::require(decoded.params.size() == request.params.size() &&
                    decoded.data.size() == request.data.size() &&
                    decoded.resources == request.resources &&
                    decoded.session_id == request.session_id,
                "nothing of it is lost");
  fuzz::require(fuzz::flat(encode_exec_request(decoded)) == again, "it is always the same");
  return 0;
}
