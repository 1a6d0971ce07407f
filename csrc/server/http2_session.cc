#include "server/http2_session.h"

#include <charconv>
#include <cstring>

#include "base/recycle.h"
#include "server/connection.h"
#include "server/nghttp2_memory.h"
#include "server/shared.h"

namespace aiges::server {

// What nghttp2 calls. Everything is on the thread that is inside receive() or produce().
struct Http2Callbacks {
  // The ping behind the news that the server goes down.
  static constexpr std::uint8_t kFarewell[8] = {'f', 'a', 'r', 'e', 'w', 'e', 'l', 'l'};

  static Http2Session& session(void* user) { return *static_cast<Http2Session*>(user); }
  static std::string_view text(const std::uint8_t* bytes, std::size_t size) {
    return {reinterpret_cast<const char*>(bytes), size};
  }

  static int begin_headers(nghttp2_session*, const nghttp2_frame* frame, void* user) {
    if (frame->hd.type != NGHTTP2_HEADERS || frame->headers.cat != NGHTTP2_HCAT_REQUEST) return 0;
    return session(user).begin_request(frame->hd.stream_id);
  }
  static int header(nghttp2_session*, const nghttp2_frame* frame, const std::uint8_t* name,
                    std::size_t name_size, const std::uint8_t* value, std::size_t value_size,
                    std::uint8_t, void* user) {
    if (frame->hd.type != NGHTTP2_HEADERS || frame->headers.cat != NGHTTP2_HCAT_REQUEST) return 0;
    Call* call = session(user).call_of(frame->hd.stream_id);
    return call ? session(user).header(*call, text(name, name_size), text(value, value_size)) : 0;
  }
  static int frame_received(nghttp2_session*, const nghttp2_frame* frame, void* user) {
    Http2Session& self = session(user);
    switch (frame->hd.type) {
      case NGHTTP2_HEADERS:
      case NGHTTP2_DATA: {
        Call* call = self.call_of(frame->hd.stream_id);
        if (!call) return 0;
        if (frame->hd.type == NGHTTP2_HEADERS && frame->headers.cat == NGHTTP2_HCAT_REQUEST)
          self.headers_done(*call);
        if (frame->hd.flags & NGHTTP2_FLAG_END_STREAM) self.half_close(*call);
        return 0;
      }
      case NGHTTP2_SETTINGS:
        self.greeted_ = true;
        return 0;
      case NGHTTP2_PING:
        return ping_frame(self, frame);
      default:
        return 0;
    }
  }
  // Pings keep a connection alive and cost an answer each. A client may be somewhat early, and may
  // ping freely while it is answered, as gRPC's do to measure the line; one that goes on is told to
  // calm down (RFC 9113, 10.5).
  static int ping_frame(Http2Session& self, const nghttp2_frame* frame) {
    if (!(frame->hd.flags & NGHTTP2_FLAG_ACK)) return ping(self);
    if (std::memcmp(frame->ping.opaque_data, kFarewell, sizeof kFarewell) == 0)
      self.farewell_heard_ = true;
    return 0;
  }
  static int ping(Http2Session& self) {
    const auto interval = self.shared_->limits.min_ping_interval;
    const auto now = Clock::now();
    if (interval.count() != 0 && now - self.last_ping_ < interval) {
      constexpr int kTolerated = 16;
      if (++self.ping_strikes_ > kTolerated) self.go_away(NGHTTP2_ENHANCE_YOUR_CALM);
    } else {
      self.ping_strikes_ = 0;
    }
    self.last_ping_ = now;
    return 0;
  }
  static int data(nghttp2_session* raw, std::uint8_t, std::int32_t stream,
                  const std::uint8_t* bytes, std::size_t size, void* user) {
    Http2Session& self = session(user);
    nghttp2_session_consume_connection(raw, size);
    if (Call* call = self.call_of(stream)) {
      self.body(*call, text(bytes, size));
    } else {
      nghttp2_session_consume_stream(raw, stream, size);
    }
    return 0;
  }
  static int frame_sent(nghttp2_session* raw, const nghttp2_frame* frame, void* user) {
    if (frame->hd.type != NGHTTP2_HEADERS) return 0;
    session(user).ping_strikes_ = 0;
    // The RPC is over, and the rest of the upload is not wanted (RFC 9113, 8.1).
    const std::int32_t stream = frame->hd.stream_id;
    if ((frame->hd.flags & NGHTTP2_FLAG_END_STREAM) &&
        nghttp2_session_get_stream_remote_close(raw, stream) == 0)
      nghttp2_submit_rst_stream(raw, NGHTTP2_FLAG_NONE, stream, NGHTTP2_NO_ERROR);
    return 0;
  }
  static int stream_closed(nghttp2_session*, std::int32_t stream, std::uint32_t, void* user) {
    if (Call* call = session(user).call_of(stream)) session(user).closed(*call);
    return 0;
  }
  static ssize_t read(nghttp2_session*, std::int32_t, std::uint8_t*, std::size_t room,
                      std::uint32_t* flags, nghttp2_data_source* source, void* user) {
    return session(user).provide(*static_cast<Call*>(source->ptr), room, flags);
  }
  static int send_data(nghttp2_session*, nghttp2_frame*, const std::uint8_t* header,
                       std::size_t length, nghttp2_data_source* source, void* user) {
    return session(user).emit(*static_cast<Call*>(source->ptr), header, length);
  }
  // The largest frame that the peer and its windows allow: fewer turns for large messages.
  static ssize_t read_length(nghttp2_session*, std::uint8_t, std::int32_t,
                             std::int32_t session_window, std::int32_t stream_window,
                             std::uint32_t max_frame, void*) {
    return std::min<std::int64_t>({session_window, stream_window, max_frame, 1 << 20});
  }

  static nghttp2_session_callbacks* make() {
    nghttp2_session_callbacks* callbacks = nullptr;
    nghttp2_session_callbacks_new(&callbacks);
    nghttp2_session_callbacks_set_on_begin_headers_callback(callbacks, begin_headers);
    nghttp2_session_callbacks_set_on_header_callback(callbacks, header);
    nghttp2_session_callbacks_set_on_frame_recv_callback(callbacks, frame_received);
    nghttp2_session_callbacks_set_on_frame_send_callback(callbacks, frame_sent);
    nghttp2_session_callbacks_set_on_data_chunk_recv_callback(callbacks, data);
    nghttp2_session_callbacks_set_on_stream_close_callback(callbacks, stream_closed);
    nghttp2_session_callbacks_set_send_data_callback(callbacks, send_data);
    nghttp2_session_callbacks_set_data_source_read_length_callback(callbacks, read_length);
    return callbacks;
  }
  static nghttp2_option* make_options() {
    nghttp2_option* options = nullptr;
    nghttp2_option_new(&options);
    nghttp2_option_set_no_auto_window_update(options, 1);
    nghttp2_option_set_no_closed_streams(options, 1);
    // Streams that a client opens and resets at once (CVE-2023-44487): a burst, and a rate.
#ifdef AIGES_HAS_STREAM_RESET_RATE_LIMIT
    nghttp2_option_set_stream_reset_rate_limit(options, 1000, 100);
#endif
#ifdef AIGES_HAS_MAX_CONTINUATIONS
    nghttp2_option_set_max_continuations(options, 8);
#endif
    return options;
  }
};

namespace {

nghttp2_nv pair(std::string_view name, std::string_view value) {
  constexpr std::uint8_t kInPlace = NGHTTP2_NV_FLAG_NO_COPY_NAME;
  return {reinterpret_cast<std::uint8_t*>(const_cast<char*>(name.data())),
          reinterpret_cast<std::uint8_t*>(const_cast<char*>(value.data())), name.size(),
          value.size(), kInPlace};
}

}  // namespace

Http2Session::Http2Session(Connection& connection, const std::shared_ptr<Shared>& shared)
    : connection_(connection), shared_(shared) {
  static nghttp2_session_callbacks* const callbacks = Http2Callbacks::make();
  static nghttp2_option* const options = Http2Callbacks::make_options();
  nghttp2_session_server_new3(&session_, callbacks, this, options, recycling_nghttp2_memory());
  const Limits& limits = shared->limits;
  const nghttp2_settings_entry settings[] = {
      {NGHTTP2_SETTINGS_MAX_CONCURRENT_STREAMS, limits.max_streams},
      {NGHTTP2_SETTINGS_INITIAL_WINDOW_SIZE, limits.stream_window},
      {NGHTTP2_SETTINGS_MAX_HEADER_LIST_SIZE, limits.max_header_bytes},
      {NGHTTP2_SETTINGS_MAX_FRAME_SIZE, 256 * 1024},
  };
  nghttp2_submit_settings(session_, NGHTTP2_FLAG_NONE, settings, std::size(settings));
  nghttp2_session_set_local_window_size(session_, NGHTTP2_FLAG_NONE, 0,
                                        static_cast<std::int32_t>(limits.connection_window));
}

Http2Session::~Http2Session() { nghttp2_session_del(session_); }

Call* Http2Session::call_of(std::int32_t stream) {
  return static_cast<Call*>(nghttp2_session_get_stream_user_data(session_, stream));
}

bool Http2Session::receive(std::string_view bytes, Events& events) {
  events_ = &events;
  const ssize_t taken = nghttp2_session_mem_recv(
      session_, reinterpret_cast<const std::uint8_t*>(bytes.data()), bytes.size());
  events_ = nullptr;
  if (taken < 0) {
    // Not HTTP/2 at all, or beyond repair: what nghttp2 has to say about it is still sent.
    closing_ = true;
    return false;
  }
  // Who sends without reading makes answers pile up: those to RPCs have a limit, and beyond it are
  // refusals only.
  const std::size_t tolerated = 1000 + 4 * std::size_t{shared_->limits.max_streams};
  if (nghttp2_session_get_outbound_queue_size(session_) > tolerated)
    go_away(NGHTTP2_ENHANCE_YOUR_CALM);
  return !done();
}

bool Http2Session::produce(OutQueue& out, Events& events) {
  events_ = &events;
  out_ = &out;
  while (out.size() < shared_->limits.max_unsent) {
    const std::uint8_t* bytes = nullptr;
    const ssize_t size = nghttp2_session_mem_send(session_, &bytes);
    if (size < 0) closing_ = true;
    if (size <= 0) break;
    out.append({reinterpret_cast<const char*>(bytes), static_cast<std::size_t>(size)});
  }
  events_ = nullptr;
  out_ = nullptr;
  return !closing_;
}

bool Http2Session::done() const {
  return closing_ ||
         (nghttp2_session_want_read(session_) == 0 && nghttp2_session_want_write(session_) == 0);
}

void Http2Session::ping() { nghttp2_submit_ping(session_, NGHTTP2_FLAG_NONE, nullptr); }

void Http2Session::announce_shutdown() {
  nghttp2_submit_shutdown_notice(session_);
  nghttp2_submit_ping(session_, NGHTTP2_FLAG_NONE, Http2Callbacks::kFarewell);
}

void Http2Session::go_away(std::uint32_t error) {
  nghttp2_session_terminate_session2(session_, nghttp2_session_get_last_proc_stream_id(session_),
                                     error);
}

void Http2Session::abandon(Events& events) {
  events_ = &events;
  while (first_open_) closed(*first_open_);
  events_ = nullptr;
}

int Http2Session::begin_request(std::int32_t stream) {
  auto call =
      std::allocate_shared<Call>(RecyclingAllocator<Call>(), connection_.shared_from_this());
  call->stream_ = stream;
  call->open_ = true;
  nghttp2_session_set_stream_user_data(session_, stream, call.get());
  ++open_calls_;
  shared_->open_calls.fetch_add(1);
  shared_->calls.fetch_add(1, std::memory_order_relaxed);
  call->next_open_ = first_open_;
  if (first_open_) first_open_->previous_open_ = call.get();
  first_open_ = call.get();
  headers_begin_ = call->began_;
  Call& opened = *call;
  opened.self_ = std::move(call);
  return 0;
}

void Http2Session::closed(Call& call) {
  if (!call.open_) return;
  const std::shared_ptr<Call> alive = std::move(call.self_);
  call.open_ = false;
  nghttp2_session_set_stream_user_data(session_, call.stream_, nullptr);
  (call.previous_open_ ? call.previous_open_->next_open_ : first_open_) = call.next_open_;
  if (call.next_open_) call.next_open_->previous_open_ = call.previous_open_;
  release_body(call);
  if (shared_->access_log) call.log_access();
  --open_calls_;
  if (open_calls_ == 0) quiet_since_ = Clock::now();
  shared_->count_down(shared_->open_calls);
  const bool complete = call.finished_ && call.response_ == Call::Response::kEnded;
  if (!complete) {
    // Whether or not the service had its answer ready: nobody is there to read it.
    call.cancelled_.store(true, std::memory_order_release);
    call.outgoing_.clear();
    call.unsent_.store(0, std::memory_order_relaxed);
    if (call.method_ && !call.rejected_ && !call.finished_)
      events_->push_back({Event::Kind::kCancel, alive, {}, 0});
  }
  if (call.handler_started_) events_->push_back({Event::Kind::kClosed, alive, {}, 0});
  if (call.alarm_ != 0) shared_->watchdog.cancel(std::exchange(call.alarm_, 0));
}

void Http2Session::start_response(Call& call) {
  nghttp2_data_provider provider{};
  provider.source.ptr = &call;
  provider.read_callback = Http2Callbacks::read;
  nghttp2_nv headers[] = {pair(":status", "200"), pair("content-type", "application/grpc"),
                          pair("grpc-encoding", "gzip")};
  const std::size_t count = call.gzip_request_ && call.gzip_accepted_ ? 3 : 2;
  nghttp2_submit_response(session_, call.stream_, headers, count, &provider);
  call.response_ = Call::Response::kStarted;
}

void Http2Session::resume(Call& call) {
  if (!call.deferred_) return;
  call.deferred_ = false;
  nghttp2_session_resume_data(session_, call.stream_);
}

void Http2Session::send(Call& call, std::shared_ptr<wire::OutMessage> message) {
  if (!call.open_ || call.finished_) return;
  call.unsent_.fetch_add(message->size(), std::memory_order_relaxed);
  call.bytes_out_ += message->size();
  shared_->bytes_out.fetch_add(message->size(), std::memory_order_relaxed);
  call.outgoing_.push_back(std::move(message));
  if (call.response_ == Call::Response::kNone) start_response(call);
  resume(call);
}

void Http2Session::finish(Call& call, const GrpcStatus& status) {
  if (!call.open_ || call.finished_) return;
  call.finished_ = true;
  call.status_ = status;
  if (!status.ok()) shared_->failed_calls.fetch_add(1, std::memory_order_relaxed);
  if (call.response_ == Call::Response::kNone) {
    submit_trailers(call);
  } else {
    resume(call);
  }
}

// With headers alone when nothing was sent before ("trailers-only"), else behind the data.
void Http2Session::submit_trailers(Call& call) {
  const bool only = call.response_ == Call::Response::kNone;
  call.response_ = Call::Response::kEnded;
  nghttp2_nv headers[6];
  std::size_t count = 0;
  char code[12];
  char aiges_code[12];
  char engine_code[12];
  std::string message;
  const auto number = [](char (&buffer)[12], int value) {
    return std::string_view(
        buffer, static_cast<std::size_t>(std::to_chars(buffer, buffer + 12, value).ptr - buffer));
  };
  if (only) {
    headers[count++] = pair(":status", "200");
    headers[count++] = pair("content-type", "application/grpc");
  }
  headers[count++] = pair("grpc-status", number(code, static_cast<int>(call.status_.code)));
  if (!call.status_.message.empty()) {
    message = percent_encode(call.status_.message);
    constexpr std::size_t kLongest = std::size_t{8} * 1024;  // clients limit headers, too
    if (message.size() > kLongest) {
      message.resize(kLongest);
      // Not in the middle of an escape.
      if (const std::size_t percent = message.find('%', kLongest - 2); percent != std::string::npos)
        message.resize(percent);
    }
    headers[count++] = pair("grpc-message", message);
  }
  if (call.status_.aiges_code != 0)
    headers[count++] = pair("aiges-code", number(aiges_code, call.status_.aiges_code));
  if (call.status_.engine_code != 0)
    headers[count++] = pair("aiges-engine-code", number(engine_code, call.status_.engine_code));
  if (only) {
    nghttp2_submit_response(session_, call.stream_, headers, count, nullptr);
  } else {
    nghttp2_submit_trailer(session_, call.stream_, headers, count);
  }
}

ssize_t Http2Session::provide(Call& call, std::size_t room, std::uint32_t* flags) {
  *flags |= NGHTTP2_DATA_FLAG_NO_COPY;
  const std::size_t unsent = call.unsent_.load(std::memory_order_relaxed);
  const std::size_t size = std::min(unsent, room);
  if (size == unsent && call.finished_) {
    *flags |= NGHTTP2_DATA_FLAG_EOF | NGHTTP2_DATA_FLAG_NO_END_STREAM;
    submit_trailers(call);
    return static_cast<ssize_t>(size);
  }
  if (size == 0) {
    call.deferred_ = true;
    return NGHTTP2_ERR_DEFERRED;
  }
  return static_cast<ssize_t>(size);
}

int Http2Session::emit(Call& call, const std::uint8_t* frame_header, std::size_t length) {
  constexpr std::size_t kFrameHeader = 9;
  constexpr std::size_t kWorthBorrowing = 1024;
  if (out_->size() >= shared_->limits.max_unsent) return NGHTTP2_ERR_WOULDBLOCK;
  out_->append({reinterpret_cast<const char*>(frame_header), kFrameHeader});
  ping_strikes_ = 0;
  call.unsent_.fetch_sub(length, std::memory_order_relaxed);
  while (length != 0) {
    const std::shared_ptr<wire::OutMessage>& message = call.outgoing_.front();
    const auto& piece = message->pieces()[call.piece_];
    const std::size_t part = std::min(length, piece.size - call.piece_offset_);
    const std::string_view bytes(piece.data + call.piece_offset_, part);
    if (part >= kWorthBorrowing) {
      out_->borrow(bytes, message);
    } else {
      out_->append(bytes);
    }
    length -= part;
    call.piece_offset_ += part;
    if (call.piece_offset_ == piece.size) {
      call.piece_offset_ = 0;
      if (++call.piece_ == message->pieces().size()) {
        call.piece_ = 0;
        call.outgoing_.pop_front();
      }
    }
  }
  if (call.outgoing_.empty() && std::exchange(call.wants_drained_, false))
    events_->push_back({Event::Kind::kDrained, call.shared_from_this(), {}, 0});
  return 0;
}

void Http2Session::consumed(Call& call, std::size_t bytes) {
  if (!call.open_) return;
  const std::size_t back = std::min(bytes, call.unconsumed_);
  call.unconsumed_ -= back;
  nghttp2_session_consume_stream(session_, call.stream_, back);
}

void Http2Session::expire(Call& call, Events& events) {
  if (!call.open_ || call.finished_) return;
  const std::shared_ptr<Call> alive = call.shared_from_this();
  call.cancelled_.store(true, std::memory_order_release);
  if (call.method_ && !call.rejected_) events.push_back({Event::Kind::kCancel, alive, {}, 0});
  if (call.response_ == Call::Response::kNone) {
    finish(call, {GrpcCode::kDeadlineExceeded, "the deadline of the request has passed", 0, 0});
  } else {
    // In the middle of its messages: their end could be long in coming, and is in vain.
    call.finished_ = true;
    shared_->failed_calls.fetch_add(1, std::memory_order_relaxed);
    nghttp2_submit_rst_stream(session_, NGHTTP2_FLAG_NONE, call.stream_, NGHTTP2_CANCEL);
  }
}

}  // namespace aiges::server
