#pragma once

#include <cstdint>
#include <span>
#include <string_view>

#include "base/status.h"
#include "wire/out_message.h"

// grpc.reflection.v1.ServerReflection; v1alpha has the same messages
// (proto/grpc/reflection/v1/reflection.proto). What is answered: wire/descriptors.h.
namespace aiges::wire {

// Views into the bytes.
struct ReflectionRequest {
  enum class Kind {
    kNone,              // no question, or one of a later version
    kFileByName,        // argument: file name
    kFileBySymbol,      // argument: full name of a message, enum, service or method
    kFileByExtension,   // argument: full name of the extended message; extension_number
    kExtensionNumbers,  // argument: full name of the extended message
    kListServices,
  };
  std::string_view host;
  Kind kind = Kind::kNone;
  std::string_view argument;
  std::int32_t extension_number = 0;
  std::string_view bytes;  // the whole request: the response repeats it
};
Result<ReflectionRequest> decode_reflection_request(std::string_view bytes);

// `files` are serialised google.protobuf.FileDescriptorProto.
OutMessage encode_reflection_files(const ReflectionRequest& request,
                                   std::span<const std::string_view> files);
OutMessage encode_reflection_services(const ReflectionRequest& request,
                                      std::span<const std::string_view> services);
// `code` is a gRPC status code: 5, NOT_FOUND, for unknown names and for extensions.
OutMessage encode_reflection_error(const ReflectionRequest& request, int code,
                                   std::string_view message);

}  // namespace aiges::wire
