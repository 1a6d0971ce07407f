#include "check.h"
#include "wire/xsf.h"

using namespace aiges::wire;

// Alone, and what is copied of it for a session.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static LoaderInput loader;
  const std::string_view bytes = fuzz::input(data, size);
  if (!decode_loader_input(bytes, loader).ok()) return 0;
  fuzz::check_items(loader.payloads, bytes);
  const ExpectFilter filter = ExpectFilter::copy_of(loader.expect, ExpectFilter::Mode::kStream);
  fuzz::require(filter.expect().size() == loader.expect.size(), "the copy has all of it");
  for (const Expect& expect : loader.expect) {
    fuzz::check_text(expect.name, bytes);
    fuzz::check_pairs(expect.attributes, bytes);
    const Expect* found = loader.expect.size() < 100 ? filter.find(expect.name) : &expect;
    fuzz::require(found && found->name == expect.name, "the copy is found by name");
  }
  return 0;
}
