#include <charconv>

#include "wire/reader.h"
#include "wire/xsf.h"

namespace aiges::wire {
namespace {

int number_or_zero(std::string_view text) {
  int value = 0;
  const char* begin = text.data();  // NOLINT(bugprone-suspicious-stringview-data-usage)
  const char* end = begin + text.size();
  const auto [stop, error] = std::from_chars(begin, end, value);
  return error == std::errc() && stop == end ? value : 0;
}

void read_session(Fields fields, XsfSession& session) {
  while (fields.next()) {
    switch (fields.tag_and_type()) {
      case bytes_field(1):
        session.trace = fields.text();
        break;
      case bytes_field(2):
        session.handle = fields.text();
        break;
      case bytes_field(3):
        fields.pair_into(session.sess);
        break;
      default:
        fields.skip();
    }
  }
}

void read_data(Fields fields, std::vector<XsfData>& into, std::vector<Pair>& pairs,
               PairRanges& ranges) {
  Fields::expect_room(into.size(), kMaxItems);
  XsfData data;
  const std::size_t begin = pairs.size();
  while (fields.next()) {
    switch (fields.tag_and_type()) {
      case bytes_field(1):
        data.data = fields.bytes();
        break;
      case bytes_field(3):
        fields.pair_into(pairs);
        break;
      default:
        fields.skip();
    }
  }
  keep_last_of_each_key(pairs, begin);
  ranges.add(begin, pairs.size());
  into.push_back(data);
}

void set_descs(std::vector<XsfData>& data, const std::vector<Pair>& pairs,
               const PairRanges& ranges) {
  for (std::size_t i = 0; i < data.size(); ++i) data[i].desc = ranges.span(pairs, i);
}

void clear(XsfSession& session) {
  session.trace = {};
  session.handle = {};
  session.sess.clear();
}

// protocol.MetaDesc, of an expectation or a payload.
struct Meta {
  std::string_view name;
  int type = 0;
};

// May come in several parts, as any message may.
void read_meta(Fields fields, Meta& meta, std::vector<Pair>& pairs) {
  while (fields.next()) {
    switch (fields.tag_and_type()) {
      case bytes_field(1):
        meta.name = fields.text();
        break;
      case varint_field(2):
        meta.type = fields.int32();
        break;
      case bytes_field(3):
        fields.pair_into(pairs);
        break;
      default:
        fields.skip();
    }
  }
}

void read_expect(Fields fields, LoaderInput& into, PairRanges& ranges) {
  Fields::expect_room(into.expect.size(), kMaxItems);
  const std::size_t begin = into.attribute_pairs.size();
  Meta meta;
  read_meta(fields, meta, into.attribute_pairs);
  keep_last_of_each_key(into.attribute_pairs, begin);
  ranges.add(begin, into.attribute_pairs.size());
  into.expect.push_back({meta.name, meta.type, {}});
}

// LoaderInput and LoaderOutput have their payloads under the same names.
template <class Message>
void read_payload(Fields fields, Message& into, PairRanges& ranges) {
  Fields::expect_room(into.payloads.size(), kMaxItems);
  const std::size_t begin = into.attribute_pairs.size();
  Meta meta;
  std::string_view data;
  while (fields.next()) {
    switch (fields.tag_and_type()) {
      case bytes_field(1):
        read_meta(fields.message("protocol.MetaDesc"), meta, into.attribute_pairs);
        break;
      case bytes_field(2):
        data = fields.bytes();
        break;
      default:
        fields.skip();
    }
  }
  keep_last_of_each_key(into.attribute_pairs, begin);
  ranges.add(begin, into.attribute_pairs.size());
  const std::span<const Pair> attributes =
      std::span<const Pair>(into.attribute_pairs).subspan(begin);
  DataItem item;
  item.key = meta.name;
  item.data = data.data();
  item.size = data.size();
  item.type = meta.type;
  item.status = number_or_zero(value_or(attributes, "status", "0"));
  into.payloads.push_back(item);
  into.seq.push_back(number_or_zero(value_or(attributes, "seq", "0")));
}

template <class Message>
void set_payload_descs(Message& into, const PairRanges& ranges) {
  for (std::size_t i = 0; i < into.payloads.size(); ++i)
    into.payloads[i].desc = ranges.span(into.attribute_pairs, i);
}

}  // namespace

Status decode_xsf_request(std::string_view bytes, XsfRequest& into) {
  into.op = {};
  clear(into.session);
  into.params.clear();
  into.data.clear();
  into.desc_pairs.clear();
  return decode(bytes, "utils.ReqData", [&](Fields& fields) {
    PairRanges ranges;
    while (fields.next()) {
      switch (fields.tag_and_type()) {
        case bytes_field(1):
          into.op = fields.text();
          break;
        case bytes_field(2):
          read_session(fields.message("utils.Session"), into.session);
          break;
        case bytes_field(3):
          fields.pair_into(into.params);
          break;
        case bytes_field(4):
          read_data(fields.message("utils.DataMeta"), into.data, into.desc_pairs, ranges);
          break;
        default:
          fields.skip();
      }
    }
    keep_last_of_each_key(into.session.sess, 0);
    keep_last_of_each_key(into.params, 0);
    set_descs(into.data, into.desc_pairs, ranges);
  });
}

Status decode_xsf_reply(std::string_view bytes, XsfReply& into) {
  into.code = 0;
  into.error_info = {};
  clear(into.session);
  into.params.clear();
  into.data.clear();
  into.desc_pairs.clear();
  return decode(bytes, "utils.ResData", [&](Fields& fields) {
    PairRanges ranges;
    while (fields.next()) {
      switch (fields.tag_and_type()) {
        case varint_field(1):
          into.code = fields.int32();
          break;
        case bytes_field(2):
          into.error_info = fields.text();
          break;
        case bytes_field(3):
          read_session(fields.message("utils.Session"), into.session);
          break;
        case bytes_field(4):
          fields.pair_into(into.params);
          break;
        case bytes_field(5):
          read_data(fields.message("utils.DataMeta"), into.data, into.desc_pairs, ranges);
          break;
        default:
          fields.skip();
      }
    }
    keep_last_of_each_key(into.session.sess, 0);
    keep_last_of_each_key(into.params, 0);
    set_descs(into.data, into.desc_pairs, ranges);
  });
}

Status decode_loader_input(std::string_view bytes, LoaderInput& into) {
  into.service_id = {};
  into.service_name = {};
  into.state = kLoaderStream;
  into.headers.clear();
  into.params.clear();
  into.expect.clear();
  into.payloads.clear();
  into.seq.clear();
  into.sync_id = 0;
  into.attribute_pairs.clear();
  return decode(bytes, "protocol.LoaderInput", [&](Fields& fields) {
    PairRanges expect_ranges;
    PairRanges payload_ranges;
    while (fields.next()) {
      switch (fields.tag_and_type()) {
        case bytes_field(1):
          into.service_id = fields.text();
          break;
        case bytes_field(2):
          into.service_name = fields.text();
          break;
        case varint_field(3):
          into.state = fields.int32();
          break;
        case bytes_field(4):
          fields.pair_into(into.headers);
          break;
        case bytes_field(5):
          fields.pair_into(into.params);
          break;
        case bytes_field(6):
          read_expect(fields.message("protocol.MetaDesc"), into, expect_ranges);
          break;
        case bytes_field(7):
          read_payload(fields.message("protocol.Payload"), into, payload_ranges);
          break;
        case varint_field(8):
          into.sync_id = fields.int32();
          break;
        default:
          fields.skip();
      }
    }
    keep_last_of_each_key(into.headers, 0);
    keep_last_of_each_key(into.params, 0);
    for (std::size_t i = 0; i < into.expect.size(); ++i)
      into.expect[i].attributes = expect_ranges.span(into.attribute_pairs, i);
    set_payload_descs(into, payload_ranges);
  });
}

Status decode_loader_output(std::string_view bytes, LoaderOutput& into) {
  into.service_id = {};
  into.code = 0;
  into.err = {};
  into.status = 0;
  into.payloads.clear();
  into.seq.clear();
  into.attribute_pairs.clear();
  return decode(bytes, "protocol.LoaderOutput", [&](Fields& fields) {
    PairRanges ranges;
    while (fields.next()) {
      switch (fields.tag_and_type()) {
        case bytes_field(1):
          into.service_id = fields.text();
          break;
        case varint_field(2):
          into.code = fields.int32();
          break;
        case bytes_field(3):
          into.err = fields.text();
          break;
        case varint_field(4):
          into.status = fields.int32();
          break;
        case bytes_field(5):
          read_payload(fields.message("protocol.Payload"), into, ranges);
          break;
        default:
          fields.skip();
      }
    }
    set_payload_descs(into, ranges);
  });
}

}  // namespace aiges::wire
