#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "base/clock.h"
#include "client/answer_check.h"
#include "client/connection.h"
#include "client/plan.h"
#include "client/report.h"
#include "client/rpc.h"
#include "wire/out_message.h"

namespace aiges::client {

// The plan, and what can be made of it beforehand. Immutable; shared by all threads.
struct Load {
  explicit Load(LoadPlan given);
  Load(const Load&) = delete;
  Load& operator=(const Load&) = delete;

  const LoadPlan plan;
  // With gRPC's prefix: the request; or, of a stream of aiges.v1, every frame.
  std::vector<std::string> messages;
  // Of a session of XsfCall, whose messages name their handle: the items of every frame.
  std::vector<std::vector<DataItem>> frames;

 private:
  std::vector<std::string> cut_;  // what `frames` point into
  std::vector<std::vector<Pair>> descs_;
};

// A message with gRPC's prefix.
std::string framed(wire::OutMessage message);

class Exchange;

// Who runs exchanges: a thread.
class ExchangeHost {
 public:
  // `failure` is null when every answer was right. The exchange may be begun again at once.
  virtual void finished(Exchange& exchange, const Failure* failure) = 0;
  // Calls exchange.on_timer() then, unless its unit has ended.
  virtual void wake_at(Exchange& exchange, Clock::time_point time) = 0;
  // There is something to flush.
  virtual void touched(Connection& connection) = 0;

 protected:
  ~ExchangeHost() = default;
};

// One unit of load: a once request, or a session from its first frame to its final result.
// Belongs to one thread, and is used again and again.
class Exchange : public Rpc {
 public:
  Exchange(const Load& load, ExchangeHost& host) : load_(load), host_(host), check_(load.plan) {}

  // `due`: when it was to begin, which is not always now.
  void begin(Connection& connection, Clock::time_point due);
  virtual void on_timer() {}
  // Gives it up; finished() is not called.
  void abandon();

  // Which of its units this is.
  std::uint64_t unit() const { return unit_; }
  bool under_way() const { return connection_ != nullptr; }
  Clock::time_point due() const { return due_; }
  Clock::time_point begun() const { return begun_; }
  // When the last frame was handed to the connection.
  Clock::time_point input_ended() const { return input_ended_; }
  const AnswerCheck& check() const { return check_; }
  // For the thread: which of its connections this exchange is for.
  std::size_t home = 0;

 protected:
  virtual void start() = 0;
  // The last of it; `failure` empty: only the check decides.
  void finish();
  void finish(const Failure& failure);
  // Whether an RPC ended well; otherwise the exchange is finished.
  bool ended_well(const RpcEnd& end);

  Connection& connection() { return *connection_; }
  const LoadPlan& plan() const { return load_.plan; }
  void touch() { host_.touched(*connection_); }
  // When a frame is to leave.
  Clock::time_point frame_time(std::size_t frame) const {
    return begun_ + std::chrono::duration_cast<Clock::duration>(plan().interval * frame);
  }

  const Load& load_;
  ExchangeHost& host_;
  AnswerCheck check_;
  Clock::time_point input_ended_;

 private:
  Connection* connection_ = nullptr;
  std::uint64_t unit_ = 0;
  Clock::time_point due_;
  Clock::time_point begun_;
};

std::unique_ptr<Exchange> make_exchange(const Load& load, ExchangeHost& host);
// Of sessions over XsfCall.
std::unique_ptr<Exchange> make_xsf_session(const Load& load, ExchangeHost& host);

// The code and text of an LoaderOutput or ResData that is not good.
Failure xsf_failure(int code, std::string_view text);

}  // namespace aiges::client
