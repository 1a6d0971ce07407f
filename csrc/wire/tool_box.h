#pragma once

#include <string_view>

#include "base/status.h"
#include "wire/out_message.h"

// utils.ToolBox/cmdserver (proto/xsf.proto). Query and headers are JSON texts; not looked at here.
namespace aiges::wire {

struct ToolBoxRequest {
  std::string_view query;    // {"cmd": ...}
  std::string_view headers;  // {"method": "GET"}
  std::string_view body;
};
struct ToolBoxReply {
  std::string_view headers;
  std::string_view body;
};

// Views into the bytes.
Result<ToolBoxRequest> decode_tool_box_request(std::string_view bytes);
Result<ToolBoxReply> decode_tool_box_reply(std::string_view bytes);
OutMessage encode_tool_box_request(const ToolBoxRequest& request);
OutMessage encode_tool_box_reply(const ToolBoxReply& reply);

}  // namespace aiges::wire
