// A session over XsfCall: one unary RPC for each frame, the next when the one before is answered,
// and then a poll for each further result.

#include <array>
#include <utility>

#include "client/exchange.h"
#include "wire/xsf.h"

namespace aiges::client {
namespace {

class XsfSession final : public Exchange {
 public:
  XsfSession(const Load& load, ExchangeHost& host)
      : Exchange(load, host),
        wait_(std::to_string(
            std::chrono::duration_cast<std::chrono::milliseconds>(load.plan.timeout).count())) {
    for (const auto& [name, type] : plan().outputs) expect_.push_back({name, type, {}});
    for (const auto& [key, value] : plan().params) params_.push_back({key, value});
  }

  void on_message(std::string_view message) override {
    answered_ = true;
    if (Failure failure = read(message); !failure.code.empty()) failure_ = std::move(failure);
  }
  void on_end(const RpcEnd& end) override {
    if (!ended_well(end)) return;
    if (!answered_) failure_ = {"protocol", "an answer without a message"};
    if (!failure_.code.empty()) {
      finish(std::exchange(failure_, {}));
    } else if (final_) {
      if (next_ < load_.frames.size()) {
        finish({"protocol", "the session ended before its input"});
      } else {
        finish();
      }
    } else if (next_ < load_.frames.size() && plan().interval.count() != 0 &&
               Clock::now() < frame_time(next_)) {
      host_.wake_at(*this, frame_time(next_));
    } else {
      send_next();
      if (under_way()) touch();
    }
  }
  void on_timer() override {
    if (!connection().is_open()) {
      finish({"connection", connection().why()});
      return;
    }
    send_next();
    if (under_way()) touch();
  }

 private:
  void start() override {
    next_ = 0;
    final_ = false;
    handle_.clear();
    send_next();
  }

  // A frame, or a poll when there is none.
  void send_next() {
    const bool poll = next_ == load_.frames.size();
    const bool first = next_ == 0;
    const std::array<Pair, 2> params{{{"waitTime", wait_}, {"SeqNo", "1"}}};
    wire::XsfRequestHead head;
    head.op = poll ? "AIOut" : "AIIn";
    head.handle = handle_;
    head.params = std::span(params).first(first ? 2 : 1);
    wire::LoaderRequest request;
    request.service_id = request.service_name = plan().engine;
    request.state = wire::kLoaderStream;
    if (first) {
      request.params = params_;
      request.expect = expect_;
    }
    if (!poll) {
      seq_.assign(load_.frames[next_].size(), static_cast<int>(next_));
      request.payloads = load_.frames[next_];
      request.seq = seq_;
      request.sync_id = static_cast<std::int32_t>(next_);
      if (++next_ == load_.frames.size()) input_ended_ = Clock::now();
    }
    answered_ = false;
    connection().start(*this, "/utils.XsfCall/call");
    if (under_way())
      connection().send_copy(*this, framed(wire::encode_xsf_request(head, request)), true);
  }

  Failure read(std::string_view message) {
    if (Status status = wire::decode_xsf_reply(message, reply_); !status.ok())
      return {"protocol", status.message()};
    if (reply_.code != 0) return xsf_failure(reply_.code, reply_.error_info);
    if (reply_.data.empty()) return {"protocol", "ResData has no data"};
    if (Status status = wire::decode_loader_output(reply_.data[0].data, output_); !status.ok())
      return {"protocol", status.message()};
    if (output_.code != 0) return xsf_failure(output_.code, output_.err);
    if (handle_.empty()) handle_ = reply_.session.handle;
    check_.add(output_.payloads);
    final_ = is_final_status(output_.status);
    return {};
  }

  const std::string wait_;  // ms
  std::vector<wire::Expect> expect_;
  std::vector<Pair> params_;
  std::vector<int> seq_;

  std::size_t next_ = 0;  // frame
  std::string handle_;
  bool answered_ = false;
  bool final_ = false;
  Failure failure_;
  wire::XsfReply reply_;
  wire::LoaderOutput output_;
};

}  // namespace

std::unique_ptr<Exchange> make_xsf_session(const Load& load, ExchangeHost& host) {
  return std::make_unique<XsfSession>(load, host);
}

}  // namespace aiges::client
