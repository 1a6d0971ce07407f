#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "base/status.h"
#include "session/stream_session.h"
#include "wire/xsf.h"

namespace aiges::server {

class Call;

// A request of utils.XsfCall, decoded where it lies.
struct XsfMessage {
  std::string bytes;
  wire::XsfRequest request;
  wire::LoaderInput input;

  // A number in the request's params; `otherwise` when it is absent, 0 when it is none.
  long number(std::string_view name, long otherwise) const;
};

// How AIGES's clients are answered: always one LoaderOutput, with a gRPC status that is OK.
class XsfReplier {
 public:
  // `address` is "ip:port", of this server.
  XsfReplier(std::shared_ptr<Call> call, std::shared_ptr<XsfMessage> message, std::string address)
      : call_(std::move(call)), message_(std::move(message)), address_(std::move(address)) {}

  // The session's handle, when it is not the request's own.
  void set_handle(std::string handle) { handle_ = std::move(handle); }
  const std::string& handle() const { return handle_; }

  // Success without a payload.
  void empty() const;
  void error(const Status& status) const;
  // Of a once request, as the filter says.
  void output(const OutputPtr& output, const wire::ExpectFilter& filter) const;
  // Of a session.
  void batch(const Batch& batch, const wire::ExpectFilter& filter) const;

  Call& call() const { return *call_; }
  XsfMessage& message() const { return *message_; }

 private:
  void send(int code, std::string_view error, int status, const OutputPtr& output,
            std::span<const int> seq, const wire::ExpectFilter* filter) const;

  const std::shared_ptr<Call> call_;
  const std::shared_ptr<XsfMessage> message_;
  const std::string address_;
  std::string handle_;
};

}  // namespace aiges::server
