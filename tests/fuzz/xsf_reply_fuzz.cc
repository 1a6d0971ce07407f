#include "check.h"
#include "wire/xsf.h"

using namespace aiges::wire;

// What a client reads.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static XsfReply reply;
  static LoaderOutput loader;
  const std::string_view bytes = fuzz::input(data, size);
  if (!decode_xsf_reply(bytes, reply).ok()) return 0;
  fuzz::check_text(reply.error_info, bytes);
  fuzz::check_text(reply.session.handle, bytes);
  fuzz::check_pairs(reply.session.sess, bytes);
  fuzz::check_pairs(reply.params, bytes);
  for (const XsfData& element : reply.data) {
    fuzz::check_view(element.data, bytes);
    fuzz::check_pairs(element.desc, bytes);
    if (!decode_loader_output(element.data, loader).ok()) continue;
    fuzz::check_text(loader.service_id, bytes);
    fuzz::check_text(loader.err, bytes);
    fuzz::check_items(loader.payloads, bytes);
  }
  return 0;
}
