#pragma once

#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

#include "base/status.h"
#include "buffer/data_item.h"
#include "buffer/output.h"
#include "wire/out_message.h"

// The messages of aiges.v1.Engine (proto/aiges/v1/engine.proto). Decoders and encoders behave as
// those of wire/xsf.h.
namespace aiges::wire {

struct ExecRequest {
  std::string_view engine;
  std::vector<Pair> params;
  std::vector<DataItem> data;  // status is never BEGIN: an item without one is all there is (ONCE)
  std::vector<std::uint32_t> resources;
  std::string_view session_id;
  std::vector<Pair> desc_pairs;  // memory of `data`

  ExecRequest() = default;
  ExecRequest(ExecRequest&&) = default;
  ExecRequest& operator=(ExecRequest&&) = default;
};

struct StreamRequest {
  struct Open {
    std::string_view engine;
    std::vector<Pair> params;
    std::vector<std::uint32_t> resources;
    std::string_view session_id;
  };
  bool has_open = false;
  Open open;
  std::vector<DataItem> data;    // status as sent
  std::vector<Pair> desc_pairs;  // memory of `data`

  StreamRequest() = default;
  StreamRequest(StreamRequest&&) = default;
  StreamRequest& operator=(StreamRequest&&) = default;
};

// ExecResponse and StreamResponse, which have the same layout.
struct EngineResponse {
  std::vector<DataItem> data;
  std::string_view session_id;
  std::vector<Pair> desc_pairs;  // memory of `data`

  EngineResponse() = default;
  EngineResponse(EngineResponse&&) = default;
  EngineResponse& operator=(EngineResponse&&) = default;
};

struct EngineInfo {
  std::string_view name;
  std::string_view version;
  std::string_view kind;  // "c" or "python"
  std::vector<std::string_view> modes;
  std::string_view schema;  // JSON text
  std::string_view state;
};
struct DescribeResponse {
  std::vector<EngineInfo> engines;
  std::string_view server_version;
};

// ---- the server's side ----

Status decode_exec_request(std::string_view bytes, ExecRequest& into);
Status decode_stream_request(std::string_view bytes, StreamRequest& into);
// The engine asked for; empty: all.
Result<std::string_view> decode_describe_request(std::string_view bytes);

// Of an ExecResponse or StreamResponse. Keeps the output, if data is sent from where it lies; null:
// no data.
OutMessage encode_engine_response(const OutputPtr& output, std::string_view session_id);
OutMessage encode_describe_response(const DescribeResponse& response);

// ---- the client's side ----

Status decode_engine_response(std::string_view bytes, EngineResponse& into);
Status decode_describe_response(std::string_view bytes, DescribeResponse& into);

// Large data is borrowed until the message is gone.
OutMessage encode_exec_request(const ExecRequest& request);
OutMessage encode_stream_request(const StreamRequest& request);
OutMessage encode_describe_request(std::string_view engine);

}  // namespace aiges::wire
