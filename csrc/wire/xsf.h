#pragma once

#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

#include "base/status.h"
#include "buffer/data_item.h"
#include "buffer/output.h"
#include "wire/expect.h"
#include "wire/out_message.h"

// The messages of AIGES's own protocol: utils.XsfCall/call (proto/xsf.proto), whose data carries
// protocol.LoaderInput and protocol.LoaderOutput (proto/loader.proto).
//
// Decoders fill `into`, reusing its memory; everything in it points into the bytes, which the
// caller keeps. Strings that are not UTF-8 are refused, as in every proto3 implementation. Encoders
// replace each byte of an engine's text that is not UTF-8 by '?', since clients would refuse the
// message.
namespace aiges::wire {

struct XsfSession {
  std::string_view trace;   // t
  std::string_view handle;  // h
  std::vector<Pair> sess;
};

// utils.DataMeta
struct XsfData {
  std::string_view data;
  std::span<const Pair> desc;
};

// utils.ReqData
struct XsfRequest {
  std::string_view op;
  XsfSession session;
  std::vector<Pair> params;
  std::vector<XsfData> data;     // AIGES reads the first only
  std::vector<Pair> desc_pairs;  // memory of `data`

  XsfRequest() = default;
  XsfRequest(XsfRequest&&) = default;
  XsfRequest& operator=(XsfRequest&&) = default;
};

// utils.ResData
struct XsfReply {
  int code = 0;
  std::string_view error_info;
  XsfSession session;
  std::vector<Pair> params;
  std::vector<XsfData> data;     // the first one is a LoaderOutput
  std::vector<Pair> desc_pairs;  // memory of `data`

  XsfReply() = default;
  XsfReply(XsfReply&&) = default;
  XsfReply& operator=(XsfReply&&) = default;
};

// The zero value is the stream: a once request says so explicitly.
inline constexpr int kLoaderStream = 0;
inline constexpr int kLoaderOnce = 1;

// protocol.LoaderInput
struct LoaderInput {
  std::string_view service_id;
  std::string_view service_name;
  int state = kLoaderStream;
  std::vector<Pair> headers;
  std::vector<Pair> params;
  std::vector<Expect> expect;
  // desc: all attributes; status: that of the attribute "status", 0 when it is absent or no number.
  std::vector<DataItem> payloads;
  std::vector<int> seq;  // of each payload, from the attribute "seq"; 0 likewise
  std::int32_t sync_id = 0;
  std::vector<Pair> attribute_pairs;  // memory of `expect` and `payloads`

  LoaderInput() = default;
  LoaderInput(LoaderInput&&) = default;
  LoaderInput& operator=(LoaderInput&&) = default;
};

// protocol.LoaderOutput, as a client reads it
struct LoaderOutput {
  std::string_view service_id;
  int code = 0;
  std::string_view err;
  int status = 0;
  std::vector<DataItem> payloads;  // as in LoaderInput
  std::vector<int> seq;
  std::vector<Pair> attribute_pairs;  // memory of `payloads`

  LoaderOutput() = default;
  LoaderOutput(LoaderOutput&&) = default;
  LoaderOutput& operator=(LoaderOutput&&) = default;
};

// ---- the server's side ----

// ErrorKind::kInvalidData, with the message, field and byte where it went wrong. Nothing in `into`
// is meant to be used then.
Status decode_xsf_request(std::string_view bytes, XsfRequest& into);
Status decode_loader_input(std::string_view bytes, LoaderInput& into);

// What a reply says. Views are read while it is encoded, and not afterwards.
struct XsfReplyHead {
  int code = 0;  // only an overload is said here, too; AIGES's clients then go elsewhere
  std::string_view error_info;
  std::string_view trace;
  std::string_view handle;
  std::span<const Pair> sess;
  std::span<const Pair> params;
};
struct LoaderReply {
  std::string_view service_id;
  int code = 0;
  std::string_view err;
  int status = 0;
  OutputPtr output;                      // null: no payload
  std::span<const int> seq;              // of each item; missing ones are 0, as for once requests
  const ExpectFilter* expect = nullptr;  // that has checked the output; null: no expectations
};
// Keeps the output, if payloads are sent from where they lie. Always one element of data.
OutMessage encode_xsf_reply(const XsfReplyHead& head, const LoaderReply& reply);

// ---- the client's side ----

Status decode_xsf_reply(std::string_view bytes, XsfReply& into);
Status decode_loader_output(std::string_view bytes, LoaderOutput& into);

struct XsfRequestHead {
  std::string_view op;
  std::string_view trace;
  std::string_view handle;
  std::span<const Pair> sess;
  std::span<const Pair> params;
};
struct LoaderRequest {
  std::string_view service_id;
  std::string_view service_name;
  int state = kLoaderStream;
  std::span<const Pair> headers;
  std::span<const Pair> params;
  std::span<const Expect> expect;
  // Attributes: desc, and `seq` and `status`. Large data is borrowed until the message is gone.
  std::span<const DataItem> payloads;
  std::span<const int> seq;  // as in LoaderReply
  std::int32_t sync_id = 0;
};
OutMessage encode_xsf_request(const XsfRequestHead& head, const LoaderRequest& request);

}  // namespace aiges::wire
