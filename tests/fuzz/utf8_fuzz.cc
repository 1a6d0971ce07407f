#include "check.h"

using namespace aiges::wire;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view bytes = fuzz::input(data, size);
  const std::size_t prefix = utf8_prefix(bytes);
  fuzz::require(prefix <= size, "a prefix is part of the whole");
  fuzz::require(is_utf8(bytes) == (prefix == size), "both ways agree");
  fuzz::require(is_utf8(bytes.substr(0, prefix)), "the prefix is UTF-8");
  std::string text(bytes);
  repair_utf8(text.data(), text.size());
  fuzz::require(is_utf8(text), "what was repaired is UTF-8");
  fuzz::require(!is_utf8(bytes) || text == bytes, "what is UTF-8 stays");
  return 0;
}
