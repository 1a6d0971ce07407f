#include "check.h"
#include "wire/descriptors.h"
#include "wire/reflection.h"

using namespace aiges::wire;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view bytes = fuzz::input(data, size);
  const auto request = decode_reflection_request(bytes);
  if (!request.ok()) return 0;
  fuzz::check_text(request.value().host, bytes);
  fuzz::check_text(request.value().argument, bytes);
  const ProtoFile* by_name = find_proto_file(request.value().argument);
  const ProtoFile* by_symbol = find_proto_symbol(request.value().argument);
  fuzz::require(!by_name || by_name->name == request.value().argument, "the file asked for");
  if (by_symbol) {
    const std::string_view files[] = {by_symbol->bytes};
    (void)fuzz::flat(encode_reflection_files(request.value(), files));
  }
  (void)fuzz::flat(encode_reflection_services(request.value(), proto_services()));
  (void)fuzz::flat(encode_reflection_error(request.value(), 5, request.value().argument));
  return 0;
}
