#include "client/connection.h"

#include <errno.h>
#include <sys/socket.h>
#include <sys/uio.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <cstring>
#include <utility>

namespace aiges::client {
namespace {

constexpr std::size_t kPrefix = 5;                            // gRPC's, before each message
constexpr std::size_t kReadSize = std::size_t{256} * 1024;    // bytes of one read
constexpr std::size_t kMaxPending = std::size_t{256} * 1024;  // unsent bytes; then streams wait
constexpr std::size_t kBorrowFrom = 4096;                     // bytes; less is cheaper to copy
constexpr std::size_t kMaxMessage = std::size_t{1} << 30;     // bytes of one answer
constexpr std::int32_t kStreamWindow = 16 << 20;
constexpr std::int32_t kConnectionWindow = 64 << 20;

nghttp2_nv header(std::string_view name, std::string_view value) {
  // The library does not write through these pointers.
  const auto bytes = [](std::string_view text) {
    return reinterpret_cast<std::uint8_t*>(const_cast<char*>(text.data()));
  };
  return {bytes(name), bytes(value), name.size(), value.size(), NGHTTP2_NV_FLAG_NONE};
}

int number(std::string_view text) {
  int value = -1;
  std::from_chars(text.data(), text.data() + text.size(), value);
  return value;
}

std::string percent_decoded(std::string_view text) {
  std::string plain;
  for (std::size_t i = 0; i < text.size(); ++i) {
    unsigned value = 0;
    if (text[i] == '%' && i + 2 < text.size() &&
        std::from_chars(text.data() + i + 1, text.data() + i + 3, value, 16).ptr ==
            text.data() + i + 3) {
      plain.push_back(static_cast<char>(value));
      i += 2;
    } else {
      plain.push_back(text[i]);
    }
  }
  return plain;
}

// What gRPC's prefix announces.
std::size_t message_size(std::string_view prefix) {
  std::size_t size = 0;
  for (std::size_t i = 1; i < kPrefix; ++i)
    size = size << 8 | static_cast<unsigned char>(prefix[i]);
  return size;
}

char* read_buffer() {
  static thread_local const std::unique_ptr<char[]> buffer(new char[kReadSize]);
  return buffer.get();
}

}  // namespace

// What nghttp2 calls. A return value of 0 is success everywhere.
struct ConnectionCallbacks {
  static Connection& connection(void* user) { return *static_cast<Connection*>(user); }
  static Rpc* rpc(nghttp2_session* session, std::int32_t stream) {
    return static_cast<Rpc*>(nghttp2_session_get_stream_user_data(session, stream));
  }

  static int on_header(nghttp2_session* session, const nghttp2_frame* frame,
                       const std::uint8_t* name_bytes, std::size_t name_size,
                       const std::uint8_t* value_bytes, std::size_t value_size, std::uint8_t,
                       void*) {
    Rpc* rpc = ConnectionCallbacks::rpc(session, frame->hd.stream_id);
    if (!rpc) return 0;
    const std::string_view name(reinterpret_cast<const char*>(name_bytes), name_size);
    const std::string_view value(reinterpret_cast<const char*>(value_bytes), value_size);
    if (name == ":status") {
      rpc->end_.http_status = number(value);
    } else if (name == "grpc-status") {
      rpc->end_.grpc_status = number(value);
    } else if (name == "grpc-message") {
      rpc->end_.message = percent_decoded(value);
    } else if (name == "aiges-code") {
      rpc->end_.aiges_code = value;
    }
    return 0;
  }

  static int on_data(nghttp2_session* session, std::uint8_t, std::int32_t stream,
                     const std::uint8_t* bytes, std::size_t size, void* user) {
    if (Rpc* rpc = ConnectionCallbacks::rpc(session, stream))
      connection(user).take_body(*rpc, {reinterpret_cast<const char*>(bytes), size});
    return 0;
  }

  static int on_close(nghttp2_session* session, std::int32_t stream, std::uint32_t error,
                      void* user) {
    Rpc* rpc = ConnectionCallbacks::rpc(session, stream);
    if (!rpc) return 0;
    if (error != NGHTTP2_NO_ERROR && rpc->end_.grpc_status < 0)
      rpc->end_.broken =
          std::string("the server reset the stream: ") + nghttp2_http2_strerror(error);
    connection(user).ended(*rpc);
    return 0;
  }

  // A request that could not be sent: the server left before.
  static int on_not_sent(nghttp2_session* session, const nghttp2_frame* frame, int error,
                         void* user) {
    if (frame->hd.type != NGHTTP2_HEADERS) return 0;
    Rpc* rpc = ConnectionCallbacks::rpc(session, frame->hd.stream_id);
    if (!rpc) return 0;
    rpc->end_.broken = std::string("not sent: ") + nghttp2_strerror(error);
    connection(user).ended(*rpc);
    return 0;
  }

  static int on_frame(nghttp2_session*, const nghttp2_frame* frame, void* user) {
    if (frame->hd.type == NGHTTP2_GOAWAY) connection(user).leaving_ = true;
    return 0;
  }

  static ssize_t read_body(nghttp2_session*, std::int32_t, std::uint8_t*, std::size_t room,
                           std::uint32_t* flags, nghttp2_data_source* source, void*) {
    Rpc& rpc = *static_cast<Rpc*>(source->ptr);
    if (rpc.unsent_.empty()) {
      if (!rpc.last_) {
        rpc.stalled_ = true;
        return NGHTTP2_ERR_DEFERRED;
      }
      *flags |= NGHTTP2_DATA_FLAG_EOF;
      return 0;
    }
    const std::size_t left = rpc.unsent_.front().bytes.size() - rpc.sent_;
    const std::size_t size = std::min(room, left);
    *flags |= NGHTTP2_DATA_FLAG_NO_COPY;
    if (rpc.last_ && rpc.unsent_.size() == 1 && size == left) *flags |= NGHTTP2_DATA_FLAG_EOF;
    return static_cast<ssize_t>(size);
  }

  static int send_body(nghttp2_session*, nghttp2_frame*, const std::uint8_t* frame_header,
                       std::size_t size, nghttp2_data_source* source, void* user) {
    Rpc& rpc = *static_cast<Rpc*>(source->ptr);
    Connection& self = connection(user);
    self.put(frame_header, 9);
    if (size == 0) return 0;
    const Rpc::Piece& piece = rpc.unsent_.front();
    const char* bytes = piece.bytes.data() + rpc.sent_;
    if (piece.own.empty() && size >= kBorrowFrom) {
      self.segments_.push_back({bytes, 0, size});
      self.pending_ += size;
    } else {
      self.put(reinterpret_cast<const std::uint8_t*>(bytes), size);
    }
    rpc.sent_ += size;
    if (rpc.sent_ == piece.bytes.size()) {
      rpc.unsent_.pop_front();
      rpc.sent_ = 0;
    }
    return 0;
  }
};

Connection::Connection(const Address& address, const std::string& token, Traffic& traffic)
    : address_(address),
      authorization_(token.empty() ? std::string() : "Bearer " + token),
      traffic_(traffic) {}

Connection::~Connection() { nghttp2_session_del(session_); }

bool Connection::connect() {
  out_.clear();
  segments_.clear();
  first_segment_ = pending_ = 0;
  leaving_ = false;
  wants_write_ = true;
  socket_ = begin_connect(address_);
  return static_cast<bool>(socket_);
}

int Connection::connected() {
  if (const int error = connect_error(socket_.get()); error != 0) return error;
  wants_write_ = false;
  return begin_http2() ? 0 : ENOMEM;
}

bool Connection::begin_http2() {
  nghttp2_session_callbacks* made = nullptr;
  nghttp2_option* option = nullptr;
  if (nghttp2_session_callbacks_new(&made) != 0) return false;
  const std::unique_ptr<nghttp2_session_callbacks, decltype(&nghttp2_session_callbacks_del)>
      callbacks(made, &nghttp2_session_callbacks_del);
  nghttp2_session_callbacks_set_on_header_callback(made, ConnectionCallbacks::on_header);
  nghttp2_session_callbacks_set_on_data_chunk_recv_callback(made, ConnectionCallbacks::on_data);
  nghttp2_session_callbacks_set_on_stream_close_callback(made, ConnectionCallbacks::on_close);
  nghttp2_session_callbacks_set_on_frame_not_send_callback(made, ConnectionCallbacks::on_not_sent);
  nghttp2_session_callbacks_set_on_frame_recv_callback(made, ConnectionCallbacks::on_frame);
  nghttp2_session_callbacks_set_send_data_callback(made, ConnectionCallbacks::send_body);
  if (nghttp2_option_new(&option) != 0) return false;
  const std::unique_ptr<nghttp2_option, decltype(&nghttp2_option_del)> options(option,
                                                                               &nghttp2_option_del);
  nghttp2_option_set_no_closed_streams(option, 1);
  // Until the server says how many it takes.
  nghttp2_option_set_peer_max_concurrent_streams(option, 100);
  if (nghttp2_session_client_new2(&session_, made, this, option) != 0) return false;
  const std::array<nghttp2_settings_entry, 2> settings{{
      {NGHTTP2_SETTINGS_ENABLE_PUSH, 0},
      {NGHTTP2_SETTINGS_INITIAL_WINDOW_SIZE, static_cast<std::uint32_t>(kStreamWindow)},
  }};
  return nghttp2_submit_settings(session_, NGHTTP2_FLAG_NONE, settings.data(), settings.size()) ==
             0 &&
         nghttp2_session_set_local_window_size(session_, NGHTTP2_FLAG_NONE, 0, kConnectionWindow) ==
             0;
}

void Connection::start(Rpc& rpc, std::string_view method) {
  rpc.unsent_.clear();
  rpc.sent_ = 0;
  rpc.last_ = rpc.stalled_ = rpc.refused_ = false;
  rpc.received_.clear();
  rpc.end_ = RpcEnd();
  const std::array<nghttp2_nv, 7> headers{{
      header(":method", "POST"),
      header(":scheme", "http"),
      header(":path", method),
      header(":authority", address_.authority),
      header("content-type", "application/grpc"),
      header("te", "trailers"),
      header("authorization", authorization_),
  }};
  nghttp2_data_provider body;
  body.source.ptr = &rpc;
  body.read_callback = ConnectionCallbacks::read_body;
  const std::size_t count = authorization_.empty() ? headers.size() - 1 : headers.size();
  rpc.place_ = rpcs_.size();
  rpcs_.push_back(&rpc);
  rpc.stream_ = nghttp2_submit_request(session_, nullptr, headers.data(), count, &body, &rpc);
  if (rpc.stream_ < 0) {
    rpc.end_.broken = std::string("not sent: ") + nghttp2_strerror(rpc.stream_);
    leaving_ = true;  // stream ids have run out, or memory has: a new connection may do better
    ended(rpc);
  }
}

void Connection::send(Rpc& rpc, std::string_view lasting, bool last) {
  if (rpc.stream_ <= 0) return;
  rpc.unsent_.push_back({lasting, {}});
  rpc.last_ = last;
  if (std::exchange(rpc.stalled_, false)) nghttp2_session_resume_data(session_, rpc.stream_);
}

void Connection::send_copy(Rpc& rpc, std::string message, bool last) {
  if (rpc.stream_ <= 0) return;
  rpc.unsent_.push_back({{}, std::move(message)});
  rpc.unsent_.back().bytes = rpc.unsent_.back().own;
  rpc.last_ = last;
  if (std::exchange(rpc.stalled_, false)) nghttp2_session_resume_data(session_, rpc.stream_);
}

void Connection::abandon(Rpc& rpc) {
  if (rpc.stream_ <= 0) return;
  nghttp2_session_set_stream_user_data(session_, rpc.stream_, nullptr);
  nghttp2_submit_rst_stream(session_, NGHTTP2_FLAG_NONE, rpc.stream_, NGHTTP2_CANCEL);
  remove(rpc);
  // The library may still ask for the body until the reset is sent.
  rpc.unsent_.clear();
  rpc.sent_ = 0;
  rpc.last_ = true;
}

void Connection::remove(Rpc& rpc) {
  rpcs_[rpc.place_] = rpcs_.back();
  rpcs_[rpc.place_]->place_ = rpc.place_;
  rpcs_.pop_back();
  rpc.stream_ = 0;
}

void Connection::ended(Rpc& rpc) {
  remove(rpc);
  if (rpc.end_.broken.empty() && rpc.refused_)
    rpc.end_.broken = "the answer is not a gRPC message";
  else if (rpc.end_.broken.empty() && !rpc.received_.empty())
    rpc.end_.broken = "the answer ended within a message";
  const RpcEnd end = std::move(rpc.end_);
  rpc.on_end(end);
}

void Connection::take_body(Rpc& rpc, std::string_view bytes) {
  if (rpc.refused_) return;
  if (rpc.received_.empty()) {
    pass_on_whole(rpc, bytes);
    if (rpc.stream_ <= 0 || rpc.refused_) return;
    rpc.received_.assign(bytes);
  } else {
    rpc.received_.append(bytes);
  }
  if (rpc.received_.size() < kPrefix) return;
  const std::size_t whole = kPrefix + message_size(rpc.received_);
  if (rpc.received_.size() < whole) {
    if (whole <= kMaxMessage) rpc.received_.reserve(whole);
    return;
  }
  std::string taken = std::exchange(rpc.received_, {});
  std::string_view rest = taken;
  pass_on_whole(rpc, rest);
  taken.erase(0, taken.size() - rest.size());
  if (rpc.stream_ <= 0 || rpc.refused_) taken.clear();
  rpc.received_ = std::move(taken);  // its memory serves the next message
}

// Takes whole messages from the front of `bytes`.
void Connection::pass_on_whole(Rpc& rpc, std::string_view& bytes) {
  while (bytes.size() >= kPrefix) {
    const std::size_t size = message_size(bytes);
    if (bytes[0] != 0 || size > kMaxMessage) {  // compressed: we did not say that we take it
      rpc.refused_ = true;
      return;
    }
    if (bytes.size() - kPrefix < size) return;
    rpc.on_message(bytes.substr(kPrefix, size));
    bytes.remove_prefix(kPrefix + size);
  }
}

bool Connection::end(std::string why) {
  why_ = std::move(why);
  nghttp2_session_del(std::exchange(session_, nullptr));
  socket_ = Descriptor();
  wants_write_ = false;
  const std::vector<Rpc*> all = std::exchange(rpcs_, {});
  for (Rpc* rpc : all) {
    rpc->stream_ = 0;
    RpcEnd end;
    end.broken = why_;
    rpc->on_end(end);
  }
  return false;
}

bool Connection::readable() {
  char* buffer = read_buffer();
  for (int i = 0; i < 4; ++i) {
    const ssize_t size = ::recv(socket_.get(), buffer, kReadSize, MSG_DONTWAIT);
    if (size < 0) {
      if (errno == EINTR) continue;
      if (errno == EAGAIN || errno == EWOULDBLOCK) return true;
      return end(std::string("connection lost: ") + std::strerror(errno));
    }
    if (size == 0) return end("connection closed by the server");
    traffic_.received += static_cast<std::uint64_t>(size);
    const ssize_t taken = nghttp2_session_mem_recv(
        session_, reinterpret_cast<const std::uint8_t*>(buffer), static_cast<std::size_t>(size));
    if (taken < 0)
      return end(std::string("not HTTP/2: ") + nghttp2_strerror(static_cast<int>(taken)));
    if (std::cmp_less(size, kReadSize)) return true;
  }
  return true;
}

void Connection::put(const std::uint8_t* bytes, std::size_t size) {
  if (segments_.size() == first_segment_ || segments_.back().lasting)
    segments_.push_back({nullptr, out_.size(), 0});
  out_.append(reinterpret_cast<const char*>(bytes), size);
  segments_.back().size += size;
  pending_ += size;
}

bool Connection::flush() {
  if (!session_) return true;
  for (;;) {
    while (pending_ < kMaxPending) {
      const std::uint8_t* bytes = nullptr;
      const ssize_t size = nghttp2_session_mem_send(session_, &bytes);
      if (size < 0) return end(std::string("HTTP/2: ") + nghttp2_strerror(static_cast<int>(size)));
      if (size == 0) break;
      put(bytes, static_cast<std::size_t>(size));
    }
    const bool had_some = pending_ != 0;
    if (!write_out()) return end(std::string("connection lost: ") + std::strerror(errno));
    if (wants_write_) return true;
    if (!had_some) break;
  }
  if (nghttp2_session_want_read(session_) == 0 && nghttp2_session_want_write(session_) == 0)
    return end("the server ended the connection");
  return true;
}

// False with errno; wants_write_ says whether some is left.
bool Connection::write_out() {
  std::array<iovec, 64> vectors;
  while (pending_ != 0) {
    std::size_t count = 0;
    for (std::size_t i = first_segment_; i < segments_.size() && count < vectors.size(); ++i) {
      const Segment& segment = segments_[i];
      const char* bytes = segment.lasting ? segment.lasting : out_.data() + segment.offset;
      vectors[count++] = {const_cast<char*>(bytes), segment.size};
    }
    msghdr message{};
    message.msg_iov = vectors.data();
    message.msg_iovlen = count;
    const ssize_t size = ::sendmsg(socket_.get(), &message, MSG_NOSIGNAL | MSG_DONTWAIT);
    if (size < 0) {
      if (errno == EINTR) continue;
      if (errno != EAGAIN && errno != EWOULDBLOCK) return false;
      wants_write_ = true;
      return true;
    }
    auto left = static_cast<std::size_t>(size);
    traffic_.sent += left;
    pending_ -= left;
    while (left != 0) {
      Segment& segment = segments_[first_segment_];
      const std::size_t part = std::min(left, segment.size);
      if (segment.lasting) segment.lasting += part;
      segment.offset += part;
      segment.size -= part;
      left -= part;
      if (segment.size == 0) ++first_segment_;
    }
  }
  segments_.clear();
  out_.clear();
  first_segment_ = 0;
  wants_write_ = false;
  return true;
}

}  // namespace aiges::client
