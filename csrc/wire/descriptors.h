#pragma once

#include <cstddef>
#include <span>
#include <string_view>

// The .proto files of the services, as a server shows them to reflection clients. Made from proto/
// by scripts/gen_descriptors.py.
namespace aiges::wire {

struct ProtoFile {
  std::string_view name;   // "aiges/v1/engine.proto"
  std::string_view bytes;  // google.protobuf.FileDescriptorProto, serialised; imports no other file
};

// What a file defines: a message, enum, service or method, by its full name.
struct ProtoSymbol {
  std::string_view name;
  std::size_t file;  // index of proto_files()
};

std::span<const ProtoFile> proto_files();
std::span<const ProtoSymbol> proto_symbols();  // sorted by name
// Full names.
std::span<const std::string_view> proto_services();
// Null when there is none.
const ProtoFile* find_proto_file(std::string_view name);
const ProtoFile* find_proto_symbol(std::string_view symbol);

}  // namespace aiges::wire
