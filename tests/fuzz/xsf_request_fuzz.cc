#include "check.h"
#include "wire/xsf.h"

using namespace aiges::wire;

// A request with the message inside it, as the server reads both.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static XsfRequest request;  // used again and again, as in the server
  static LoaderInput loader;
  const std::string_view bytes = fuzz::input(data, size);
  if (!decode_xsf_request(bytes, request).ok()) return 0;
  fuzz::check_text(request.op, bytes);
  fuzz::check_text(request.session.trace, bytes);
  fuzz::check_text(request.session.handle, bytes);
  fuzz::check_pairs(request.session.sess, bytes);
  fuzz::check_pairs(request.params, bytes);
  for (const XsfData& element : request.data) {
    fuzz::check_view(element.data, bytes);
    fuzz::check_pairs(element.desc, bytes);
  }
  if (request.data.empty()) return 0;

  if (!decode_loader_input(request.data[0].data, loader).ok()) return 0;
  fuzz::check_text(loader.service_id, bytes);
  fuzz::check_pairs(loader.headers, bytes);
  fuzz::check_pairs(loader.params, bytes);
  for (const Expect& expect : loader.expect) fuzz::check_pairs(expect.attributes, bytes);
  fuzz::check_items(loader.payloads, bytes);
  fuzz::require(loader.seq.size() == loader.payloads.size(), "each payload has its seq");

  // What was understood is said again, and understood alike.
  const std::string again = fuzz::flat(encode_xsf_request(
      {request.op, request.session.trace, request.session.handle, request.session.sess,
       request.params},
      {loader.service_id, loader.service_name, loader.state, loader.headers, loader.params,
       loader.expect, loader.payloads, loader.seq, loader.sync_id}));
  XsfRequest request_again;
  LoaderInput loader_again;
  fuzz::require(decode_xsf_request(again, request_again).ok(), "our own request is valid");
  fuzz::require(
      request_again.data.size() == 1 && request_again.params.size() == request.params.size(),
      "nothing of it is lost");
  // Each payload gets two attributes that it may not have had: there can be too many of them then.
  if (!decode_loader_input(request_again.data[0].data, loader_again).ok()) {
    fuzz::require(loader.attribute_pairs.size() + 2 * loader.payloads.size() > 65536,
                  "our own message is valid");
    return 0;
  }
  fuzz::require(loader_again.payloads.size() == loader.payloads.size() &&
                    loader_again.seq == loader.seq &&
                    loader_again.expect.size() == loader.expect.size() &&
                    loader_again.sync_id == loader.sync_id && loader_again.state == loader.state,
                "nothing of the inner message is lost");
  for (std::size_t i = 0; i < loader.payloads.size(); ++i)
    fuzz::require(loader_again.payloads[i].status == loader.payloads[i].status &&
                      loader_again.payloads[i].size == loader.payloads[i].size,
                  "payloads are the same");
  return 0;
}
