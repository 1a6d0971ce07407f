#include "wire/reflection.h"

#include "wire/reader.h"
#include "wire/writer.h"

namespace aiges::wire {
namespace {

using Kind = ReflectionRequest::Kind;

void read_extension(Fields fields, ReflectionRequest& request) {
  request.argument = {};
  request.extension_number = 0;
  while (fields.next()) {
    switch (fields.tag_and_type()) {
      case bytes_field(1):
        request.argument = fields.text();
        break;
      case varint_field(2):
        request.extension_number = fields.int32();
        break;
      default:
        fields.skip();
    }
  }
}

// The beginning of every response: valid_host and original_request.
OutMessage begin_response(const ReflectionRequest& request) {
  OutMessage out;
  write_text(out, 1, request.host);
  write_size(out, 2, request.bytes.size());
  // Copied: the request's bytes need not stay.
  out.append(request.bytes);
  return out;
}

}  // namespace

Result<ReflectionRequest> decode_reflection_request(std::string_view bytes) {
  ReflectionRequest request;
  request.bytes = bytes;
  const auto ask = [&](Kind kind, std::string_view argument) {
    request.kind = kind;
    request.argument = argument;
    request.extension_number = 0;
  };
  // Of a oneof the last one counts.
  Status status = decode(bytes, "grpc.reflection.v1.ServerReflectionRequest", [&](Fields& fields) {
    while (fields.next()) {
      switch (fields.tag_and_type()) {
        case bytes_field(1):
          request.host = fields.text();
          break;
        case bytes_field(3):
          ask(Kind::kFileByName, fields.text());
          break;
        case bytes_field(4):
          ask(Kind::kFileBySymbol, fields.text());
          break;
        case bytes_field(5):
          request.kind = Kind::kFileByExtension;
          read_extension(fields.message("grpc.reflection.v1.ExtensionRequest"), request);
          break;
        case bytes_field(6):
          ask(Kind::kExtensionNumbers, fields.text());
          break;
        case bytes_field(7):
          ask(Kind::kListServices, fields.text());
          break;
        default:
          fields.skip();
      }
    }
  });
  if (!status.ok()) return status;
  return request;
}

OutMessage encode_reflection_files(const ReflectionRequest& request,
                                   std::span<const std::string_view> files) {
  std::size_t size = 0;
  for (const std::string_view file : files) size += sized(file.size());
  OutMessage out = begin_response(request);
  write_size(out, 4, size);
  for (const std::string_view file : files) {
    write_size(out, 1, file.size());
    out.append(file);
  }
  return out;
}

OutMessage encode_reflection_services(const ReflectionRequest& request,
                                      std::span<const std::string_view> services) {
  std::size_t size = 0;
  for (const std::string_view name : services) size += sized(text_size(name));
  OutMessage out = begin_response(request);
  write_size(out, 6, size);
  for (const std::string_view name : services) {
    write_size(out, 1, text_size(name));
    write_text(out, 1, name);
  }
  return out;
}

OutMessage encode_reflection_error(const ReflectionRequest& request, int code,
                                   std::string_view message) {
  OutMessage out = begin_response(request);
  write_size(out, 7, int32_size(code) + text_size(message));
  write_int32(out, 1, code);
  write_text(out, 2, message);
  return out;
}

}  // namespace aiges::wire
