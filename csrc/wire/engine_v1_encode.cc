#include "wire/engine_v1.h"
#include "wire/writer.h"

namespace aiges::wire {
namespace {

DataItem as_data_item(const Output& output, const OutputItem& item) {
  DataItem data;
  data.key = item.key;
  data.data = item.data;
  data.size = item.size;
  data.type = item.type;
  data.status = item.status;
  data.desc = output.desc(item);
  return data;
}

// aiges.v1.Item
std::size_t item_size(const DataItem& item) {
  return text_size(item.key) + bytes_size(item.size) + int32_size(item.type) +
         int32_size(item.status) + pairs_size(item.desc);
}
void write_item(OutMessage& out, unsigned field, const DataItem& item) {
  write_size(out, field, item_size(item));
  write_text(out, 1, item.key);
  write_bytes(out, 2, item.data, item.size);
  write_int32(out, 3, item.type);
  write_int32(out, 4, item.status);
  write_pairs(out, 5, item.desc);
}

// Packed, as proto3 has it.
std::size_t resources_payload(std::span<const std::uint32_t> resources) {
  std::size_t size = 0;
  for (const std::uint32_t id : resources) size += varint_size(id);
  return size;
}
void write_resources(OutMessage& out, unsigned field, std::span<const std::uint32_t> resources) {
  if (resources.empty()) return;
  const std::size_t size = resources_payload(resources);
  char* at = put_size(out.extend(sized(size)), field, size);
  for (const std::uint32_t id : resources) at = put_varint(at, id);
}

std::size_t info_size(const EngineInfo& info) {
  std::size_t size = text_size(info.name) + text_size(info.version) + text_size(info.kind) +
                     text_size(info.schema) + text_size(info.state);
  for (const std::string_view mode : info.modes) size += sized(mode.size());
  return size;
}

}  // namespace

OutMessage encode_engine_response(const OutputPtr& output, std::string_view session_id) {
  OutMessage out;
  if (output) {
    bool borrows = false;
    for (const OutputItem& item : output->items()) {
      write_item(out, 1, as_data_item(*output, item));
      borrows = borrows || is_borrowed(item.size);
    }
    if (borrows) out.keep(output);
  }
  write_text(out, 2, session_id);
  return out;
}

OutMessage encode_exec_request(const ExecRequest& request) {
  OutMessage out;
  write_text(out, 1, request.engine);
  write_pairs(out, 2, request.params);
  for (const DataItem& item : request.data) write_item(out, 3, item);
  write_resources(out, 4, request.resources);
  write_text(out, 5, request.session_id);
  return out;
}

OutMessage encode_stream_request(const StreamRequest& request) {
  OutMessage out;
  if (request.has_open) {
    const StreamRequest::Open& open = request.open;
    const std::size_t resources =
        open.resources.empty() ? 0 : sized(resources_payload(open.resources));
    write_size(
        out, 1,
        text_size(open.engine) + pairs_size(open.params) + resources + text_size(open.session_id));
    write_text(out, 1, open.engine);
    write_pairs(out, 2, open.params);
    write_resources(out, 3, open.resources);
    write_text(out, 4, open.session_id);
  }
  for (const DataItem& item : request.data) write_item(out, 2, item);
  return out;
}

OutMessage encode_describe_request(std::string_view engine) {
  OutMessage out;
  write_text(out, 1, engine);
  return out;
}

OutMessage encode_describe_response(const DescribeResponse& response) {
  OutMessage out;
  for (const EngineInfo& info : response.engines) {
    write_size(out, 1, info_size(info));
    write_text(out, 1, info.name);
    write_text(out, 2, info.version);
    write_text(out, 3, info.kind);
    for (const std::string_view mode : info.modes) write_element(out, 4, mode);
    write_text(out, 5, info.schema);
    write_text(out, 6, info.state);
  }
  write_text(out, 2, response.server_version);
  return out;
}

}  // namespace aiges::wire
