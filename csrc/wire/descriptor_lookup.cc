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
  const auto found = std::lower_bound(
      symbols.begin(), symbols.end(), symbol,
      [](const ProtoSymbol& entry, std::string_view name) { return entry.name < name; });
  return found != symbols.end() && found->name == symbol ? &proto_files()[found->file] : nullptr;
}

}  // namespace aiges::wire
