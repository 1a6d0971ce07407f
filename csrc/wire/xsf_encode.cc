#include <charconv>

#include "base/small_vector.h"
#include "wire/writer.h"
#include "wire/xsf.h"

namespace aiges::wire {
namespace {

class Decimal {
 public:
  explicit Decimal(int value)
      : size_(static_cast<std::size_t>(std::to_chars(text_, text_ + sizeof text_, value).ptr -
                                       text_)) {}
  std::string_view text() const { return {text_, size_}; }

 private:
  char text_[12];
  std::size_t size_;
};

struct SessionView {
  std::string_view trace;
  std::string_view handle;
  std::span<const Pair> sess;
};

// utils.Session
std::size_t session_size(const SessionView& session) {
  return text_size(session.trace) + text_size(session.handle) + pairs_size(session.sess);
}
void write_session(OutMessage& out, unsigned field, const SessionView& session) {
  const std::size_t size = session_size(session);
  if (size == 0) return;
  write_size(out, field, size);
  write_text(out, 1, session.trace);
  write_text(out, 2, session.handle);
  write_pairs(out, 3, session.sess);
}

// Tags and sizes of the one element of data, a utils.DataMeta, around a message of `size` bytes
// that follows.
void begin_data(OutMessage& out, unsigned field, std::size_t size) {
  write_size(out, field, size == 0 ? 0 : sized(size));
  if (size != 0) write_size(out, 1, size);
}

// protocol.Payload, with its protocol.MetaDesc, from whatever has its parts.
struct Payload {
  std::string_view name;
  int type;
  const void* data;
  std::size_t size;
  std::span<const Pair> engine_attributes;
  const Expect* expect;
  int seq;
  int status;
};
struct PayloadSize {
  std::size_t meta;
  std::size_t whole;
};

PayloadSize payload_size(const Payload& payload) {
  std::size_t meta = text_size(payload.name) + int32_size(payload.type);
  for_each_attribute(payload.engine_attributes, payload.expect, Decimal(payload.seq).text(),
                     Decimal(payload.status).text(),
                     [&](const Pair& pair) { meta += pair_size(pair); });
  return {meta, sized(meta) + bytes_size(payload.size)};
}

void write_payload(OutMessage& out, unsigned field, const Payload& payload, PayloadSize size) {
  write_size(out, field, size.whole);
  write_size(out, 1, size.meta);
  write_text(out, 1, payload.name);
  write_int32(out, 2, payload.type);
  for_each_attribute(payload.engine_attributes, payload.expect, Decimal(payload.seq).text(),
                     Decimal(payload.status).text(),
                     [&](const Pair& pair) { write_pair(out, 3, pair); });
  write_bytes(out, 2, payload.data, payload.size);
}

int seq_of(std::span<const int> seq, std::size_t index) {
  return index < seq.size() ? seq[index] : 0;
}

Payload output_payload(const LoaderReply& reply, std::size_t index) {
  const OutputItem& item = reply.output->items()[index];
  return {item.key,
          item.type,
          item.data,
          item.size,
          reply.output->desc(item),
          reply.expect ? reply.expect->find(item.key) : nullptr,
          seq_of(reply.seq, index),
          item.status};
}

Payload input_payload(const LoaderRequest& request, std::size_t index) {
  const DataItem& item = request.payloads[index];
  return {
      item.key,   item.type, item.data, item.size, item.desc, nullptr, seq_of(request.seq, index),
      item.status};
}

// protocol.MetaDesc
std::size_t expect_size(const Expect& expect) {
  return text_size(expect.name) + int32_size(expect.type) + pairs_size(expect.attributes);
}

}  // namespace

OutMessage encode_xsf_reply(const XsfReplyHead& head, const LoaderReply& reply) {
  const std::size_t count = reply.output ? reply.output->items().size() : 0;
  SmallVector<PayloadSize, 4> sizes;
  std::size_t size = text_size(reply.service_id) + int32_size(reply.code) + text_size(reply.err) +
                     int32_size(reply.status);
  bool borrows = false;
  for (std::size_t i = 0; i < count; ++i) {
    sizes.push_back(payload_size(output_payload(reply, i)));
    size += sized(sizes.back().whole);
    borrows = borrows || is_borrowed(reply.output->items()[i].size);
  }

  OutMessage out;
  write_int32(out, 1, head.code);
  write_text(out, 2, head.error_info);
  write_session(out, 3, {head.trace, head.handle, head.sess});
  write_pairs(out, 4, head.params);
  begin_data(out, 5, size);
  write_text(out, 1, reply.service_id);
  write_int32(out, 2, reply.code);
  write_text(out, 3, reply.err);
  write_int32(out, 4, reply.status);
  for (std::size_t i = 0; i < count; ++i)
    write_payload(out, 5, output_payload(reply, i), sizes.data()[i]);
  if (borrows) out.keep(reply.output);
  return out;
}

OutMessage encode_xsf_request(const XsfRequestHead& head, const LoaderRequest& request) {
  SmallVector<PayloadSize, 4> sizes;
  std::size_t size = text_size(request.service_id) + text_size(request.service_name) +
                     int32_size(request.state) + pairs_size(request.headers) +
                     pairs_size(request.params) + int32_size(request.sync_id);
  for (const Expect& expect : request.expect) size += sized(expect_size(expect));
  for (std::size_t i = 0; i < request.payloads.size(); ++i) {
    sizes.push_back(payload_size(input_payload(request, i)));
    size += sized(sizes.back().whole);
  }

  OutMessage out;
  write_text(out, 1, head.op);
  write_session(out, 2, {head.trace, head.handle, head.sess});
  write_pairs(out, 3, head.params);
  begin_data(out, 4, size);
  write_text(out, 1, request.service_id);
  write_text(out, 2, request.service_name);
  write_int32(out, 3, request.state);
  write_pairs(out, 4, request.headers);
  write_pairs(out, 5, request.params);
  for (const Expect& expect : request.expect) {
    write_size(out, 6, expect_size(expect));
    write_text(out, 1, expect.name);
    write_int32(out, 2, expect.type);
    write_pairs(out, 3, expect.attributes);
  }
  for (std::size_t i = 0; i < request.payloads.size(); ++i)
    write_payload(out, 7, input_payload(request, i), sizes.data()[i]);
  write_int32(out, 8, request.sync_id);
  return out;
}

}  // namespace aiges::wire
