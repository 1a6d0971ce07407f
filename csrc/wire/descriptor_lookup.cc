#include <algorithm>

#include "wire/descriptors.h"

namespace aiges::wire {

const ProtoFile* find_proto_file(std::string_view name) {
  for (const ProtoFile& file : proto_files())
    if (file.name == name) return &file;
  return nullptr;
}

const ProtoFile* find_proto_symbol(std::string_view symbol) {
  const std::span<const ProtoSymbol> symbols = proto_symbols();
  const auto found = std::ranges::lower_bound(symbols, symbol, {}, &ProtoSymbol::name);
  return found != symbols.end() && found->name == symbol ? &proto_files()[found->file] : nullptr;
}

}  // namespace aiges::wire
