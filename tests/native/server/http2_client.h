#pragma once

#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <nghttp2/nghttp2.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>
#include <unistd.h>

#include <cstring>
#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "support/latch.h"

namespace aiges::test {

// A blocking connection to "ip:port" or "unix:/path", for bytes that no library would send.
class RawClient {
 public:
  explicit RawClient(const std::string& address) {
    const bool local = address.starts_with("unix:");
    socket_ = ::socket(local ? AF_UNIX : AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    const timeval patience{std::chrono::seconds(kPatience).count(), 0};
    ::setsockopt(socket_, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
    ::setsockopt(socket_, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof patience);
    const int yes = 1;
    if (!local) ::setsockopt(socket_, IPPROTO_TCP, TCP_NODELAY, &yes, sizeof yes);
    if (local) {
      sockaddr_un to{};
      to.sun_family = AF_UNIX;
      address.copy(to.sun_path, sizeof to.sun_path - 1, 5);
      connected_ = ::connect(socket_, reinterpret_cast<sockaddr*>(&to), sizeof to) == 0;
    } else {
      sockaddr_in to{};
      const std::size_t colon = address.rfind(':');
      to.sin_family = AF_INET;
      to.sin_port = htons(static_cast<std::uint16_t>(std::stoi(address.substr(colon + 1))));
      ::inet_pton(AF_INET, address.substr(0, colon).c_str(), &to.sin_addr);
      connected_ = ::connect(socket_, reinterpret_cast<sockaddr*>(&to), sizeof to) == 0;
    }
  }
  ~RawClient() { hang_up(); }
  RawClient(const RawClient&) = delete;
  RawClient& operator=(const RawClient&) = delete;

  bool connected() const { return connected_; }
  int socket() const { return socket_; }
  void hang_up() {
    if (socket_ >= 0) ::close(std::exchange(socket_, -1));
  }
  // False when the server has closed.
  bool send(std::string_view bytes) const {
    while (!bytes.empty()) {
      const ssize_t sent = ::send(socket_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
      if (sent <= 0) return false;
      bytes.remove_prefix(static_cast<std::size_t>(sent));
    }
    return true;
  }
  // Some bytes; none at the server's end, or after a patient wait, which is a failure.
  std::string receive() const {
    std::string bytes(64 * 1024, '\0');
    const ssize_t size = ::recv(socket_, bytes.data(), bytes.size(), 0);
    EXPECT_FALSE(size < 0 && errno == EAGAIN) << "the server says nothing";
    bytes.resize(size > 0 ? static_cast<std::size_t>(size) : 0);
    return bytes;
  }
  // Everything until the server closes.
  std::string receive_all() const {
    std::string all;
    for (std::string part = receive(); !part.empty(); part = receive()) all += part;
    return all;
  }

 private:
  int socket_ = -1;
  bool connected_ = false;
};

inline constexpr std::string_view kPreface = "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";

// An HTTP/2 frame as it is on the wire.
inline std::string frame(int type, int flags, std::uint32_t stream, std::string_view payload = {}) {
  std::string bytes;
  for (const int shift : {16, 8, 0}) bytes += static_cast<char>(payload.size() >> shift);
  bytes += static_cast<char>(type);
  bytes += static_cast<char>(flags);
  for (const int shift : {24, 16, 8, 0}) bytes += static_cast<char>(stream >> shift);
  return bytes += payload;
}
// The error code of the GOAWAY among what a server sent; -1: there is none.
inline long goaway_error(std::string_view bytes) {
  long error = -1;
  while (bytes.size() >= 9) {
    const auto byte = [&](std::size_t i) {
      return std::size_t{static_cast<unsigned char>(bytes[i])};
    };
    const std::size_t size = byte(0) << 16 | byte(1) << 8 | byte(2);
    if (byte(3) == NGHTTP2_GOAWAY && bytes.size() >= 17)
      error = static_cast<long>(byte(13) << 24 | byte(14) << 16 | byte(15) << 8 | byte(16));
    bytes.remove_prefix(std::min(bytes.size(), 9 + size));
  }
  return error;
}

// gRPC's prefix and the message.
inline std::string grpc_message(std::string_view message, bool compressed = false) {
  std::string bytes(1, compressed ? '\1' : '\0');
  for (const int shift : {24, 16, 8, 0}) bytes += static_cast<char>(message.size() >> shift);
  return bytes.append(message);
}

// What came back for one RPC.
struct Reply {
  std::map<std::string, std::string> headers;  // trailers too
  std::vector<std::string> messages;
  std::string rest;  // of a message that has not arrived whole
  std::size_t bytes = 0;
  bool headers_arrived = false;
  bool ended = false;       // END_STREAM
  bool closed = false;      // the stream is no more
  std::uint32_t reset = 0;  // the error code it was reset with
  bool keep_messages = true;
  std::string header(const std::string& name) const {
    const auto found = headers.find(name);
    return found == headers.end() ? "(none)" : found->second;
  }
  std::string status() const { return header("grpc-status"); }
};

// A gRPC client, one thread: requests go out at once, replies are read while somebody waits.
class Http2Client {
 public:
  struct Settings {
    std::uint32_t window = (1U << 31) - 1;  // for each stream; the connection's is wide open
    bool auto_window = true;                // what was read is given back
  };
  using Headers = std::vector<std::pair<std::string, std::string>>;

  explicit Http2Client(const std::string& address) : Http2Client(address, Settings()) {}
  Http2Client(const std::string& address, Settings settings) : raw_(address) {
    nghttp2_session_callbacks* callbacks = nullptr;
    nghttp2_session_callbacks_new(&callbacks);
    nghttp2_session_callbacks_set_on_header_callback(callbacks, on_header);
    nghttp2_session_callbacks_set_on_data_chunk_recv_callback(callbacks, on_data);
    nghttp2_session_callbacks_set_on_frame_recv_callback(callbacks, on_frame);
    nghttp2_session_callbacks_set_on_stream_close_callback(callbacks, on_close);
    nghttp2_option* options = nullptr;
    nghttp2_option_new(&options);
    if (!settings.auto_window) nghttp2_option_set_no_auto_window_update(options, 1);
    nghttp2_session_client_new2(&session_, callbacks, this, options);
    nghttp2_option_del(options);
    nghttp2_session_callbacks_del(callbacks);
    const nghttp2_settings_entry entry{NGHTTP2_SETTINGS_INITIAL_WINDOW_SIZE, settings.window};
    nghttp2_submit_settings(session_, NGHTTP2_FLAG_NONE, &entry, 1);
    nghttp2_session_set_local_window_size(session_, NGHTTP2_FLAG_NONE, 0, (1U << 31) - 1);
    flush();
    // Until then nghttp2 opens few streams at once, and takes no data for those that wait.
    wait_until([this] { return greeted_; });
  }
  ~Http2Client() { nghttp2_session_del(session_); }
  Http2Client(const Http2Client&) = delete;
  Http2Client& operator=(const Http2Client&) = delete;

  // Opens an RPC; its body is written by write().
  std::int32_t open(const std::string& path, const Headers& more = {}, bool end = false) {
    Headers all = {{":method", "POST"},
                   {":scheme", "http"},
                   {":path", path},
                   {":authority", "test"},
                   {"content-type", "application/grpc"},
                   {"te", "trailers"}};
    for (const auto& [name, value] : more) {
      bool known = false;
      for (auto& header : all)
        if (header.first == name) known = (header.second = value, true);
      if (!known) all.emplace_back(name, value);
    }
    std::vector<nghttp2_nv> fields;
    for (auto& [name, value] : all) {
      fields.push_back({reinterpret_cast<std::uint8_t*>(name.data()),
                        reinterpret_cast<std::uint8_t*>(value.data()), name.size(), value.size(),
                        NGHTTP2_NV_FLAG_NONE});
    }
    const std::int32_t stream =
        nghttp2_submit_headers(session_, end ? NGHTTP2_FLAG_END_STREAM : NGHTTP2_FLAG_NONE, -1,
                               nullptr, fields.data(), fields.size(), nullptr);
    flush();
    return stream;
  }
  // Bytes of a body, as one or more DATA frames. What the server's window has no room for is sent
  // while replies are read.
  void write(std::int32_t stream, std::string_view bytes, bool end = false) {
    Body& body = bodies_[stream];
    body.bytes.append(bytes);
    body.end = body.end || end;
    if (body.submitted) {
      nghttp2_session_resume_data(session_, stream);
    } else {
      nghttp2_data_provider provider{};
      provider.source.ptr = &body;
      provider.read_callback = read_body;
      nghttp2_submit_data(session_, NGHTTP2_FLAG_END_STREAM, stream, &provider);
      body.submitted = true;
    }
    flush();
  }
  std::int32_t start(const std::string& path, std::string_view message, const Headers& more = {}) {
    const std::int32_t stream = open(path, more);
    write(stream, grpc_message(message), true);
    return stream;
  }
  // A whole unary RPC.
  const Reply& call(const std::string& path, std::string_view message, const Headers& more = {}) {
    const std::int32_t stream = start(path, message, more);
    return wait(stream);
  }
  void reset(std::int32_t stream, std::uint32_t error = NGHTTP2_CANCEL) {
    nghttp2_submit_rst_stream(session_, NGHTTP2_FLAG_NONE, stream, error);
    flush();
  }
  void ping() {
    nghttp2_submit_ping(session_, NGHTTP2_FLAG_NONE, nullptr);
    flush();
  }
  // For clients without auto_window.
  void give_window(std::int32_t stream, std::int32_t bytes) {
    nghttp2_submit_window_update(session_, NGHTTP2_FLAG_NONE, stream, bytes);
    flush();
  }

  // Until the RPC is over.
  const Reply& wait(std::int32_t stream) {
    wait_until([&] { return replies_[stream].closed; });
    return replies_[stream];
  }
  // Reads until it is so; false when the server closed before.
  template <class Condition>
  bool wait_until(Condition condition) {
    while (!condition()) {
      if (!read()) return condition();
    }
    return true;
  }
  bool closed_by_server() {
    return wait_until([&] { return gone_; });
  }
  Reply& reply(std::int32_t stream) { return replies_[stream]; }
  bool goaway() const { return goaway_; }
  std::uint32_t goaway_error() const { return goaway_error_; }
  int pongs() const { return pongs_; }
  RawClient& raw() { return raw_; }
  void hang_up() { raw_.hang_up(); }

 private:
  struct Body {
    std::string bytes;
    bool end = false;
    bool submitted = false;
  };
  static Http2Client& self(void* user) { return *static_cast<Http2Client*>(user); }

  bool read() {
    const std::string bytes = raw_.receive();
    if (bytes.empty()) {
      gone_ = true;
      return false;
    }
    const ssize_t taken = nghttp2_session_mem_recv(
        session_, reinterpret_cast<const std::uint8_t*>(bytes.data()), bytes.size());
    EXPECT_EQ(taken, static_cast<ssize_t>(bytes.size())) << "the server's bytes are not HTTP/2";
    if (taken < 0) return false;
    flush();
    return true;
  }
  void flush() {
    const std::uint8_t* bytes = nullptr;
    for (;;) {
      const ssize_t size = nghttp2_session_mem_send(session_, &bytes);
      if (size <= 0) return;
      if (!raw_.send({reinterpret_cast<const char*>(bytes), static_cast<std::size_t>(size)}))
        return;
    }
  }
  static ssize_t read_body(nghttp2_session*, std::int32_t, std::uint8_t* to, std::size_t room,
                           std::uint32_t* flags, nghttp2_data_source* source, void*) {
    Body& body = *static_cast<Body*>(source->ptr);
    const std::size_t size = std::min(room, body.bytes.size());
    std::memcpy(to, body.bytes.data(), size);
    body.bytes.erase(0, size);
    if (body.bytes.empty() && body.end) {
      *flags |= NGHTTP2_DATA_FLAG_EOF;
    } else if (size == 0) {
      return NGHTTP2_ERR_DEFERRED;
    }
    return static_cast<ssize_t>(size);
  }
  static int on_header(nghttp2_session*, const nghttp2_frame* frame, const std::uint8_t* name,
                       std::size_t name_size, const std::uint8_t* value, std::size_t value_size,
                       std::uint8_t, void* user) {
    self(user).replies_[frame->hd.stream_id].headers.emplace(
        std::string(reinterpret_cast<const char*>(name), name_size),
        std::string(reinterpret_cast<const char*>(value), value_size));
    return 0;
  }
  static int on_data(nghttp2_session*, std::uint8_t, std::int32_t stream, const std::uint8_t* bytes,
                     std::size_t size, void* user) {
    Reply& reply = self(user).replies_[stream];
    reply.bytes += size;
    if (!reply.keep_messages) return 0;
    reply.rest.append(reinterpret_cast<const char*>(bytes), size);
    while (reply.rest.size() >= 5) {
      std::size_t length = 0;
      for (std::size_t i = 1; i < 5; ++i)
        length = length << 8 | static_cast<unsigned char>(reply.rest[i]);
      if (reply.rest.size() < 5 + length) break;
      reply.messages.push_back(reply.rest.substr(5, length));
      reply.rest.erase(0, 5 + length);
    }
    return 0;
  }
  static int on_frame(nghttp2_session*, const nghttp2_frame* frame, void* user) {
    Http2Client& client = self(user);
    if (frame->hd.type == NGHTTP2_SETTINGS) {
      client.greeted_ = true;
    } else if (frame->hd.type == NGHTTP2_GOAWAY) {
      client.goaway_ = true;
      client.goaway_error_ = frame->goaway.error_code;
    } else if (frame->hd.type == NGHTTP2_PING && (frame->hd.flags & NGHTTP2_FLAG_ACK)) {
      ++client.pongs_;
    } else if (frame->hd.stream_id != 0) {
      Reply& reply = client.replies_[frame->hd.stream_id];
      if (frame->hd.type == NGHTTP2_HEADERS) reply.headers_arrived = true;
      if (frame->hd.type == NGHTTP2_RST_STREAM) reply.reset = frame->rst_stream.error_code;
      if ((frame->hd.type == NGHTTP2_HEADERS || frame->hd.type == NGHTTP2_DATA) &&
          (frame->hd.flags & NGHTTP2_FLAG_END_STREAM))
        reply.ended = true;
    }
    return 0;
  }
  static int on_close(nghttp2_session*, std::int32_t stream, std::uint32_t error, void* user) {
    Reply& reply = self(user).replies_[stream];
    reply.closed = true;
    if (reply.reset == 0) reply.reset = error;
    return 0;
  }

  RawClient raw_;
  nghttp2_session* session_ = nullptr;
  std::map<std::int32_t, Body> bodies_;  // a map: nghttp2 keeps their addresses
  std::map<std::int32_t, Reply> replies_;
  bool greeted_ = false;
  bool gone_ = false;
  bool goaway_ = false;
  std::uint32_t goaway_error_ = 0;
  int pongs_ = 0;
};

}  // namespace aiges::test
