#pragma once

#include <span>
#include <string_view>

// The .proto files of the services, as a server shows them to reflection clients. Made from proto/
// by scripts/gen_descriptors.py.
namespace aiges::wire {

struct ProtoFile {
  std::string_view name;   // "aiges/v1/engine.proto"
  std::string_view bytes;  // google.protobuf.FileDescriptorProto, serialised; imports no other file
};

std::span<const ProtoFile> proto_files();
// Full names.
std::span<const std::string_view> proto_services();
// Null when there is none. `symbol` is the full name of a message, enum, service or method.
const ProtoFile* find_proto_file(std::string_view name);
const ProtoFile* find_proto_symbol(std::string_view symbol);

}  // namespace aiges::wire
