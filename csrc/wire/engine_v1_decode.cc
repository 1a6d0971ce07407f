#include "wire/engine_v1.h"
#include "wire/reader.h"

namespace aiges::wire {
namespace {

constexpr int kStatusBegin = 0;

void read_item(Fields fields, std::vector<DataItem>& into, std::vector<Pair>& pairs,
               PairRanges& ranges) {
  Fields::expect_room(into.size(), kMaxItems);
  const std::size_t begin = pairs.size();
  DataItem item;
  item.type = kTypeText;
  item.status = kStatusBegin;
  while (fields.next()) {
    switch (fields.tag_and_type()) {
      case bytes_field(1):
        item.key = fields.text();
        break;
      case bytes_field(2): {
        const std::string_view data = fields.bytes();
        item.data = data.data();
        item.size = data.size();
        break;
      }
      case varint_field(3):
        item.type = fields.int32();
        break;
      case varint_field(4):
        item.status = fields.int32();
        break;
      case bytes_field(5):
        fields.pair_into(pairs);
        break;
      default:
        fields.skip();
    }
  }
  keep_last_of_each_key(pairs, begin);
  ranges.add(begin, pairs.size());
  into.push_back(item);
}

void set_descs(std::vector<DataItem>& data, const std::vector<Pair>& pairs,
               const PairRanges& ranges) {
  for (std::size_t i = 0; i < data.size(); ++i) data[i].desc = ranges.span(pairs, i);
}

void add_resource(std::vector<std::uint32_t>& resources, std::uint32_t id) {
  Fields::expect_room(resources.size(), kMaxItems);
  resources.push_back(id);
}

// Numbers come packed, or one by one from an old client.
void read_packed_resources(Fields& fields, std::vector<std::uint32_t>& resources) {
  for (const std::uint32_t id : fields.packed_uint32()) add_resource(resources, id);
}

void read_open(Fields fields, StreamRequest::Open& open) {
  while (fields.next()) {
    switch (fields.tag_and_type()) {
      case bytes_field(1):
        open.engine = fields.text();
        break;
      case bytes_field(2):
        fields.pair_into(open.params);
        break;
      case bytes_field(3):
        read_packed_resources(fields, open.resources);
        break;
      case varint_field(3):
        add_resource(open.resources, fields.uint32());
        break;
      case bytes_field(4):
        open.session_id = fields.text();
        break;
      default:
        fields.skip();
    }
  }
}

void add_mode(std::string_view mode, EngineInfo& info) {
  Fields::expect_room(info.modes.size(), kMaxItems);
  info.modes.push_back(mode);
}

void read_info(Fields fields, std::vector<EngineInfo>& engines) {
  // Each has memory of its own: fewer than of other elements.
  constexpr std::size_t kMaxEngines = 4096;
  if (engines.size() >= kMaxEngines) throw Malformed("more than 4096 engines");
  EngineInfo& info = engines.emplace_back();
  while (fields.next()) {
    switch (fields.tag_and_type()) {
      case bytes_field(1):
        info.name = fields.text();
        break;
      case bytes_field(2):
        info.version = fields.text();
        break;
      case bytes_field(3):
        info.kind = fields.text();
        break;
      case bytes_field(4):
        add_mode(fields.text(), info);
        break;
      case bytes_field(5):
        info.schema = fields.text();
        break;
      case bytes_field(6):
        info.state = fields.text();
        break;
      default:
        fields.skip();
    }
  }
}

}  // namespace

Status decode_exec_request(std::string_view bytes, ExecRequest& into) {
  into.engine = {};
  into.params.clear();
  into.data.clear();
  into.resources.clear();
  into.session_id = {};
  into.desc_pairs.clear();
  return decode(bytes, "aiges.v1.ExecRequest", [&](Fields& fields) {
    PairRanges ranges;
    while (fields.next()) {
      switch (fields.tag_and_type()) {
        case bytes_field(1):
          into.engine = fields.text();
          break;
        case bytes_field(2):
          fields.pair_into(into.params);
          break;
        case bytes_field(3):
          read_item(fields.message("aiges.v1.Item"), into.data, into.desc_pairs, ranges);
          if (into.data.back().status == kStatusBegin) into.data.back().status = kStatusOnce;
          break;
        case bytes_field(4):
          read_packed_resources(fields, into.resources);
          break;
        case varint_field(4):
          add_resource(into.resources, fields.uint32());
          break;
        case bytes_field(5):
          into.session_id = fields.text();
          break;
        default:
          fields.skip();
      }
    }
    keep_last_of_each_key(into.params, 0);
    set_descs(into.data, into.desc_pairs, ranges);
  });
}

Status decode_stream_request(std::string_view bytes, StreamRequest& into) {
  into.has_open = false;
  into.open.engine = {};
  into.open.params.clear();
  into.open.resources.clear();
  into.open.session_id = {};
  into.data.clear();
  into.desc_pairs.clear();
  return decode(bytes, "aiges.v1.StreamRequest", [&](Fields& fields) {
    PairRanges ranges;
    while (fields.next()) {
      switch (fields.tag_and_type()) {
        case bytes_field(1):
          into.has_open = true;
          read_open(fields.message("aiges.v1.Open"), into.open);
          break;
        case bytes_field(2):
          read_item(fields.message("aiges.v1.Item"), into.data, into.desc_pairs, ranges);
          break;
        default:
          fields.skip();
      }
    }
    keep_last_of_each_key(into.open.params, 0);
    set_descs(into.data, into.desc_pairs, ranges);
  });
}

Status decode_engine_response(std::string_view bytes, EngineResponse& into) {
  into.data.clear();
  into.session_id = {};
  into.desc_pairs.clear();
  return decode(bytes, "aiges.v1.ExecResponse", [&](Fields& fields) {
    PairRanges ranges;
    while (fields.next()) {
      switch (fields.tag_and_type()) {
        case bytes_field(1):
          read_item(fields.message("aiges.v1.Item"), into.data, into.desc_pairs, ranges);
          break;
        case bytes_field(2):
          into.session_id = fields.text();
          break;
        default:
          fields.skip();
      }
    }
    set_descs(into.data, into.desc_pairs, ranges);
  });
}

Result<std::string_view> decode_describe_request(std::string_view bytes) {
  std::string_view engine;
  Status status = decode(bytes, "aiges.v1.DescribeRequest", [&](Fields& fields) {
    while (fields.next()) {
      if (fields.tag_and_type() == bytes_field(1)) {
        engine = fields.text();
      } else {
        fields.skip();
      }
    }
  });
  if (!status.ok()) return status;
  return engine;
}

Status decode_describe_response(std::string_view bytes, DescribeResponse& into) {
  into.engines.clear();
  into.server_version = {};
  return decode(bytes, "aiges.v1.DescribeResponse", [&](Fields& fields) {
    while (fields.next()) {
      switch (fields.tag_and_type()) {
        case bytes_field(1):
          read_info(fields.message("aiges.v1.EngineInfo"), into.engines);
          break;
        case bytes_field(2):
          into.server_version = fields.text();
          break;
        default:
          fields.skip();
      }
    }
  });
}

}  // namespace aiges::wire
