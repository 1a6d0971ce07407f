#include "server/services/xsf_reply.h"

#include <charconv>

#include "server/call.h"
#include "wire/pairs.h"

namespace aiges::server {
namespace {

// What AIGES says for an error of the framework; an engine's own text stays as it is.
std::string_view aiges_text(Code code, const std::string& otherwise) {
  switch (code) {
    case Code::kUnknownHandle:
      return "service instance invalid";
    case Code::kDeadline:
      return "service exec once request timeout";
    default:
      return otherwise;
  }
}

}  // namespace

long XsfMessage::number(std::string_view name, long otherwise) const {
  const std::string_view* text = wire::find_value(request.params, name);
  if (!text) return otherwise;
  long value = 0;
  const auto [end, error] = std::from_chars(text->data(), text->data() + text->size(), value);
  return error == std::errc() && end == text->data() + text->size() ? value : 0;
}

void XsfReplier::empty() const { send(0, {}, 0, OutputPtr(), {}, nullptr); }

void XsfReplier::error(const Status& status) const {
  std::string text(aiges_text(status.code(), status.message()));
  if (text != status.message() && !status.message().empty()) text += ": " + status.message();
  send(static_cast<int>(status.code()), text, kStatusEnd, OutputPtr(), {}, nullptr);
}

void XsfReplier::output(const OutputPtr& output, const wire::ExpectFilter& filter) const {
  if (Status status = filter.check(*output); !status.ok()) {
    error(status);
    return;
  }
  const int status = output->items().empty() ? kStatusOnce : output->items().back().status;
  send(0, {}, status, output, {}, &filter);
}

void XsfReplier::batch(const Batch& batch, const wire::ExpectFilter& filter) const {
  if (!batch.output) {
    send(0, {}, batch.status, OutputPtr(), {}, nullptr);
    return;
  }
  if (Status status = filter.check(*batch.output); !status.ok()) {
    error(status);
    return;
  }
  send(0, {}, batch.status, batch.output, batch.seq.span(), &filter);
}

void XsfReplier::send(int code, std::string_view error, int status, const OutputPtr& output,
                      std::span<const int> seq, const wire::ExpectFilter* filter) const {
  const wire::XsfRequest& request = message_->request;
  const Pair peer{"PeerAddr", address_};
  wire::XsfReplyHead head;
  // An overload is said at the transport's level too: clients then try another node.
  if (code == static_cast<int>(Code::kOverload)) {
    head.code = code;
    head.error_info = error;
  }
  head.trace = request.session.trace;
  head.handle = handle_.empty() ? request.session.handle : std::string_view(handle_);
  head.sess = {&peer, 1};
  wire::LoaderReply reply;
  reply.service_id = message_->input.service_id;
  reply.code = code;
  reply.err = error;
  reply.status = status;
  reply.output = output;
  reply.seq = seq;
  reply.expect = filter && !filter->empty() ? filter : nullptr;
  call_->reply(wire::encode_xsf_reply(head, reply));
}

}  // namespace aiges::server
