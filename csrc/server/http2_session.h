#pragma once

#include <nghttp2/nghttp2.h>

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "server/call.h"
#include "server/out_queue.h"

namespace aiges::server {

struct Shared;

// The HTTP/2 side of one connection: gRPC's use of streams, headers, data and trailers, over
// nghttp2. Knows no socket: bytes come in, bytes go out. Not thread-safe; everything under the
// connection's lock.
class Http2Session {
 public:
  // Something a method or handler must be told, once the lock is free.
  struct Event {
    // kClosed: the last of a streaming RPC.
    enum class Kind { kUnary, kStart, kMessage, kHalfClose, kCancel, kDrained, kClosed };
    Kind kind;
    std::shared_ptr<Call> call;
    std::string message;
    std::size_t window = 0;  // bytes of the client's window that the message took
  };
  using Events = std::vector<Event>;

  Http2Session(Connection& connection, const std::shared_ptr<Shared>& shared);
  ~Http2Session();
  Http2Session(const Http2Session&) = delete;
  Http2Session& operator=(const Http2Session&) = delete;

  // False when the connection must be closed, after what produce() still gives was sent.
  bool receive(std::string_view bytes, Events& events);
  // Moves what is to be sent into `out`, up to about the limit of unsent bytes.
  bool produce(OutQueue& out, Events& events);
  // Whether neither side will say anything more.
  bool done() const;
  std::size_t open_calls() const { return open_calls_; }
  bool greeted() const { return greeted_; }
  // When the last call ended or, before any, the connection began.
  Clock::time_point quiet_since() const { return quiet_since_; }

  // Asks the client for a sign of life.
  void ping();
  // Tells the client to open no more RPCs here; those that are open go on, and those that are on
  // their way are served. Once the client has heard it, none can come any more.
  void announce_shutdown();
  bool farewell_heard() const { return farewell_heard_; }
  // When the request header began that is still arriving; none: time_point::max().
  Clock::time_point headers_begin() const { return headers_begin_; }
  // The same, final: RPCs that did not arrive yet are refused.
  void go_away(std::uint32_t error);
  // The connection is gone: every open RPC is.
  void abandon(Events& events);

  // For Call.
  static bool is_open(const Call& call) { return call.open_ && !call.finished_; }
  void send(Call& call, std::shared_ptr<wire::OutMessage> message);
  void finish(Call& call, const GrpcStatus& status);
  void consumed(Call& call, std::size_t bytes);
  // The RPC ends although the client may not be done: past its deadline.
  void expire(Call& call, Events& events);

 private:
  friend struct Http2Callbacks;

  Call* call_of(std::int32_t stream);
  // Of a request. Each returns 0 or an nghttp2 error.
  int begin_request(std::int32_t stream);
  int header(Call& call, std::string_view name, std::string_view value);
  void headers_done(Call& call);
  void body(Call& call, std::string_view bytes);
  void half_close(Call& call);
  void message_done(Call& call);
  void release_body(Call& call);
  void closed(Call& call);
  bool decompress(Call& call);
  // Ends an RPC that never reached a method, or that broke a rule.
  void reject(Call& call, const GrpcStatus& status);
  void reject_http(Call& call, std::string_view http_status);

  void start_response(Call& call);
  void submit_trailers(Call& call);
  void resume(Call& call);
  ssize_t provide(Call& call, std::size_t room, std::uint32_t* flags);
  int emit(Call& call, const std::uint8_t* frame_header, std::size_t length);

  Connection& connection_;
  const std::shared_ptr<Shared> shared_;
  nghttp2_session* session_ = nullptr;
  Events* events_ = nullptr;    // while a call of receive() or produce() runs
  OutQueue* out_ = nullptr;     // likewise
  Call* first_open_ = nullptr;  // the open RPCs; nghttp2 offers no walk over its streams
  std::size_t open_calls_ = 0;
  bool greeted_ = false;
  bool closing_ = false;
  Clock::time_point quiet_since_ = Clock::now();
  Clock::time_point last_ping_;
  int ping_strikes_ = 0;
  bool farewell_heard_ = false;
  Clock::time_point headers_begin_ = Clock::time_point::max();
};

}  // namespace aiges::server
