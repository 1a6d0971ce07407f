#include "wire/tool_box.h"

#include "wire/reader.h"
#include "wire/writer.h"

namespace aiges::wire {

Result<ToolBoxRequest> decode_tool_box_request(std::string_view bytes) {
  ToolBoxRequest request;
  Status status = decode(bytes, "utils.Request", [&](Fields& fields) {
    while (fields.next()) {
      switch (fields.tag_and_type()) {
        case bytes_field(1):
          request.query = fields.text();
          break;
        case bytes_field(2):
          request.headers = fields.text();
          break;
        case bytes_field(3):
          request.body = fields.text();
          break;
        default:
          fields.skip();
      }
    }
  });
  if (!status.ok()) return status;
  return request;
}

Result<ToolBoxReply> decode_tool_box_reply(std::string_view bytes) {
  ToolBoxReply reply;
  Status status = decode(bytes, "utils.Response", [&](Fields& fields) {
    while (fields.next()) {
      switch (fields.tag_and_type()) {
        case bytes_field(1):
          reply.headers = fields.text();
          break;
        case bytes_field(2):
          reply.body = fields.text();
          break;
        default:
          fields.skip();
      }
    }
  });
  if (!status.ok()) return status;
  return reply;
}

OutMessage encode_tool_box_request(const ToolBoxRequest& request) {
  OutMessage out;
  write_text(out, 1, request.query);
  write_text(out, 2, request.headers);
  write_text(out, 3, request.body);
  return out;
}

OutMessage encode_tool_box_reply(const ToolBoxReply& reply) {
  OutMessage out;
  write_text(out, 1, reply.headers);
  write_text(out, 2, reply.body);
  return out;
}

}  // namespace aiges::wire
