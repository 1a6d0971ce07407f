#pragma once

#include <atomic>
#include <deque>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/clock.h"
#include "base/mutex.h"
#include "engine/watchdog.h"
#include "server/flushable.h"
#include "server/grpc_status.h"
#include "server/service.h"
#include "wire/out_message.h"

namespace aiges::server {

class Connection;
class Http2Session;
class Reactor;

// One RPC as a service sees it. Thread-safe; what is sent after the end is dropped. A service may
// keep it as long as it likes.
class Call final : public Flushable, public std::enable_shared_from_this<Call> {
 public:
  explicit Call(std::shared_ptr<Connection> connection) : connection_(std::move(connection)) {}
  ~Call() override;
  Call(const Call&) = delete;
  Call& operator=(const Call&) = delete;

  // The whole answer of a unary RPC, or the last message of another: sends it and ends with OK.
  void reply(wire::OutMessage message);
  // One more response message.
  void send(wire::OutMessage message);
  // Ends the RPC; after what was sent before.
  void finish(const GrpcStatus& status);

  // Whether it ended on the client's side, or past its deadline: work for it is in vain.
  bool cancelled() const { return cancelled_.load(std::memory_order_acquire); }
  // Calls `action` once, on the reactor's leader, when that happens; it must not block. For unary
  // methods; a Handler has on_cancel(). Runs it at once, here, when it has happened already.
  void on_cancel(std::function<void()> action);

  // Bytes of response messages that have not left for the socket.
  std::size_t unsent() const { return unsent_.load(std::memory_order_relaxed); }
  // For Handlers that take a message and work on it later: the client may send so much more.
  void consumed(std::size_t bytes);

  // For the access log.
  void note_session(std::string_view id);
  void note_engine(Clock::time_point begin, Clock::time_point end);

  Reactor& reactor() const;
  Deadline deadline() const { return deadline_; }
  const std::string& peer() const;
  // A request header other than those of the protocol itself; empty when it is not there.
  std::string_view header(std::string_view name) const;
  Clock::time_point began() const { return began_; }

 private:
  friend class Connection;
  friend class Http2Session;

  enum class Response { kNone, kStarted, kEnded };

  // Adds gRPC's prefix, compressed where the client asked for that; null when it may not be sent.
  std::shared_ptr<wire::OutMessage> prepare(wire::OutMessage& message);
  void tell_cancelled();
  void log_access();
  // Sees to the deadline, unless the RPC has ended already.
  void flush() override;

  const std::shared_ptr<Connection> connection_;
  // Set while the request's headers are read, constant afterwards.
  std::int32_t stream_ = 0;
  Method* method_ = nullptr;
  std::string path_;  // for the access log only
  Deadline deadline_ = Deadline::never();
  bool has_deadline_ = false;
  bool gzip_request_ = false;   // grpc-encoding: gzip
  bool gzip_accepted_ = false;  // the client takes gzip
  std::vector<std::pair<std::string, std::string>> headers_;
  Clock::time_point began_ = Clock::now();

  std::atomic<bool> cancelled_{false};
  std::atomic<std::size_t> unsent_{0};

  std::unique_ptr<Handler> handler_;  // the leader's own

  // Under the connection's lock.
  std::shared_ptr<Call> self_;  // while the stream is open: nghttp2 knows a plain pointer
  bool open_ = false;
  Call* previous_open_ = nullptr;
  Call* next_open_ = nullptr;
  bool rejected_ = false;  // answered while its headers or body were read
  Response response_ = Response::kNone;
  bool finished_ = false;  // a status was given
  GrpcStatus status_;
  std::deque<std::shared_ptr<wire::OutMessage>> outgoing_;
  std::size_t piece_ = 0;         // of the first outgoing message, ...
  std::size_t piece_offset_ = 0;  // ... how far it was sent
  bool deferred_ = false;         // nghttp2 waits for more to send
  bool wants_drained_ = false;
  Watchdog::Id alarm_ = 0;
  // The request's headers, while they come.
  std::size_t header_bytes_ = 0;
  bool has_content_type_ = false;
  std::string_view not_grpc_;  // the HTTP status to say it with
  GrpcStatus problem_;         // found in a header
  bool handler_started_ = false;
  // The request's body, message by message.
  char prefix_[5];  // in front of a message, those that came
  std::size_t prefix_size_ = 0;
  std::string unary_message_;
  bool has_unary_message_ = false;
  std::string body_;
  std::size_t body_size_ = 0;
  std::size_t buffered_ = 0;  // of body_, as the server counts it
  bool in_body_ = false;
  bool compressed_ = false;
  std::size_t unconsumed_ = 0;  // bytes of the stream's window not given back yet
  std::size_t given_back_ = 0;  // of the message that comes, before it was whole

  // For the access log; written by whoever works for the call, read when it has ended.
  std::atomic<Clock::rep> engine_began_{0};
  std::atomic<Clock::rep> engine_ended_{0};
  std::size_t bytes_in_ = 0;
  std::size_t bytes_out_ = 0;

  Mutex cancel_mutex_;
  std::string session_id_ AIGES_GUARDED_BY(cancel_mutex_);
  bool cancel_told_ AIGES_GUARDED_BY(cancel_mutex_) = false;
  std::function<void()> cancel_action_ AIGES_GUARDED_BY(cancel_mutex_);
};

}  // namespace aiges::server
