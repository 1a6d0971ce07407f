// The bare floor: nghttp2, epoll, nothing else. Answers every POST as /aiges.v1.Engine/Exec: the
// items of the ExecRequest (field 3) become the items of the ExecResponse (field 1), the rest is
// dropped.
//
//   nghttp2_echo THREADS    prints its port, serves 127.0.0.1 until it is killed
//
// Each thread has its own listening socket on the port, its own epoll and its own connections.

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <nghttp2/nghttp2.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <memory>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

namespace {

constexpr std::size_t kGrpcHead = 5;                 // compressed flag, length in 4 bytes
constexpr std::uint32_t kMostReserved = 64U << 20U;  // on a client's word

struct Stream {
  std::string body;
  std::string answer;
  std::size_t sent = 0;
};

struct Connection {
  int socket = -1;
  nghttp2_session* session = nullptr;
  std::string unsent;  // from `sent` on: what the socket did not take
  std::size_t sent = 0;

  explicit Connection(int accepted);
  ~Connection() {
    nghttp2_session_del(session);
    close(socket);
  }
  Connection(const Connection&) = delete;
  Connection& operator=(const Connection&) = delete;
};

[[noreturn]] void fail(const char* what) {
  std::perror(what);
  std::exit(1);
}

bool read_varint(std::string_view& in, std::uint64_t& value) {
  value = 0;
  for (unsigned shift = 0; shift < 64 && !in.empty(); shift += 7) {
    const auto byte = static_cast<unsigned char>(in.front());
    in.remove_prefix(1);
    value |= std::uint64_t{byte & 0x7FU} << shift;
    if (byte < 0x80) return true;
  }
  return false;
}

// Appends the answer's message; false for bytes that are no message.
bool echo_items(std::string_view in, std::string& out) {
  while (!in.empty()) {
    std::uint64_t tag = 0;
    std::uint64_t size = 0;
    if (!read_varint(in, tag)) return false;
    const char* const length = in.data();  // where it stands, if there is one
    switch (tag & 7U) {
      case 0:
        if (!read_varint(in, size)) return false;
        continue;
      case 1:
        size = 8;
        break;
      case 2:
        if (!read_varint(in, size)) return false;
        break;
      case 5:
        size = 4;
        break;
      default:
        return false;
    }
    if (size > in.size()) return false;
    in.remove_prefix(size);
    if (tag == (3U << 3U | 2U)) {
      out.push_back(1U << 3U | 2U);
      out.append(length, in.data());
    }
  }
  return true;
}

nghttp2_nv field(std::string_view name, std::string_view value) {
  // nghttp2 copies both unless told otherwise; its type is not const.
  return {reinterpret_cast<std::uint8_t*>(const_cast<char*>(name.data())),
          reinterpret_cast<std::uint8_t*>(const_cast<char*>(value.data())), name.size(),
          value.size(), NGHTTP2_NV_FLAG_NONE};
}

Stream* stream_of(nghttp2_session* session, std::int32_t id) {
  return static_cast<Stream*>(nghttp2_session_get_stream_user_data(session, id));
}

ssize_t read_answer(nghttp2_session* session, std::int32_t id, std::uint8_t* buffer,
                    std::size_t room, std::uint32_t* flags, nghttp2_data_source* source, void*) {
  auto* stream = static_cast<Stream*>(source->ptr);
  const std::size_t size = std::min(room, stream->answer.size() - stream->sent);
  std::memcpy(buffer, stream->answer.data() + stream->sent, size);
  stream->sent += size;
  if (stream->sent == stream->answer.size()) {
    *flags |= NGHTTP2_DATA_FLAG_EOF | NGHTTP2_DATA_FLAG_NO_END_STREAM;
    const nghttp2_nv trailer = field("grpc-status", "0");
    if (nghttp2_submit_trailer(session, id, &trailer, 1) != 0) return NGHTTP2_ERR_CALLBACK_FAILURE;
  }
  return static_cast<ssize_t>(size);
}

int answer(nghttp2_session* session, std::int32_t id) {
  Stream* stream = stream_of(session, id);
  if (!stream) return 0;
  stream->answer.reserve(stream->body.size());
  stream->answer.assign(kGrpcHead, '\0');
  if (stream->body.size() < kGrpcHead ||
      !echo_items(std::string_view(stream->body).substr(kGrpcHead), stream->answer)) {
    return nghttp2_submit_rst_stream(session, NGHTTP2_FLAG_NONE, id, NGHTTP2_PROTOCOL_ERROR);
  }
  const std::uint32_t size = htonl(static_cast<std::uint32_t>(stream->answer.size() - kGrpcHead));
  std::memcpy(stream->answer.data() + 1, &size, sizeof(size));
  const std::array<nghttp2_nv, 2> head{field(":status", "200"),
                                       field("content-type", "application/grpc")};
  nghttp2_data_provider provider{};
  provider.source.ptr = stream;
  provider.read_callback = read_answer;
  return nghttp2_submit_response(session, id, head.data(), head.size(), &provider);
}

int on_begin(nghttp2_session* session, const nghttp2_frame* frame, void*) {
  if (frame->headers.cat != NGHTTP2_HCAT_REQUEST) return 0;
  return nghttp2_session_set_stream_user_data(session, frame->hd.stream_id, new Stream);
}

int on_data(nghttp2_session* session, std::uint8_t, std::int32_t id, const std::uint8_t* data,
            std::size_t size, void*) {
  Stream* stream = stream_of(session, id);
  if (!stream) return 0;
  if (stream->body.empty() && size >= kGrpcHead) {
    std::uint32_t length = 0;
    std::memcpy(&length, data + 1, sizeof(length));
    stream->body.reserve(kGrpcHead + std::min(ntohl(length), kMostReserved));
  }
  stream->body.append(reinterpret_cast<const char*>(data), size);
  return 0;
}

int on_frame(nghttp2_session* session, const nghttp2_frame* frame, void*) {
  const bool part = frame->hd.type == NGHTTP2_DATA || frame->hd.type == NGHTTP2_HEADERS;
  if (!part || !(frame->hd.flags & NGHTTP2_FLAG_END_STREAM)) return 0;
  return answer(session, frame->hd.stream_id);
}

int on_close(nghttp2_session* session, std::int32_t id, std::uint32_t, void*) {
  delete stream_of(session, id);
  return 0;
}

nghttp2_session_callbacks* callbacks() {
  static nghttp2_session_callbacks* const made = [] {
    nghttp2_session_callbacks* all = nullptr;
    if (nghttp2_session_callbacks_new(&all) != 0) fail("nghttp2");
    nghttp2_session_callbacks_set_on_begin_headers_callback(all, on_begin);
    nghttp2_session_callbacks_set_on_data_chunk_recv_callback(all, on_data);
    nghttp2_session_callbacks_set_on_frame_recv_callback(all, on_frame);
    nghttp2_session_callbacks_set_on_stream_close_callback(all, on_close);
    return all;
  }();
  return made;
}

Connection::Connection(int accepted) : socket(accepted) {
  if (nghttp2_session_server_new(&session, callbacks(), this) != 0) fail("nghttp2");
  const std::array<nghttp2_settings_entry, 2> settings{
      {{NGHTTP2_SETTINGS_MAX_CONCURRENT_STREAMS, 1024},
       {NGHTTP2_SETTINGS_INITIAL_WINDOW_SIZE, 1U << 20U}}};
  nghttp2_submit_settings(session, NGHTTP2_FLAG_NONE, settings.data(), settings.size());
  nghttp2_session_set_local_window_size(session, NGHTTP2_FLAG_NONE, 0, 8 << 20);
}

// Everything nghttp2 has, in as few writes as the socket allows; false when the peer is gone.
bool write_all(Connection& connection) {
  constexpr std::size_t kEnough = std::size_t{256} << 10U;
  while (true) {
    while (connection.unsent.size() < kEnough) {
      const std::uint8_t* data = nullptr;
      const ssize_t size = nghttp2_session_mem_send(connection.session, &data);
      if (size < 0) return false;
      if (size == 0) break;
      connection.unsent.append(reinterpret_cast<const char*>(data), static_cast<std::size_t>(size));
    }
    if (connection.unsent.size() == connection.sent) return true;
    const ssize_t sent = send(connection.socket, connection.unsent.data() + connection.sent,
                              connection.unsent.size() - connection.sent, MSG_NOSIGNAL);
    if (sent < 0) return errno == EAGAIN;
    connection.sent += static_cast<std::size_t>(sent);
    if (connection.sent == connection.unsent.size()) {
      connection.unsent.clear();
      connection.sent = 0;
    }
  }
}

// What the socket has, then the answers; false when the connection is over.
bool serve(Connection& connection, std::vector<char>& buffer) {
  while (true) {
    const ssize_t got = recv(connection.socket, buffer.data(), buffer.size(), 0);
    if (got == 0) return false;
    if (got < 0) {
      if (errno != EAGAIN) return false;
      break;
    }
    const auto* bytes = reinterpret_cast<const std::uint8_t*>(buffer.data());
    const auto size = static_cast<std::size_t>(got);
    if (nghttp2_session_mem_recv(connection.session, bytes, size) < 0) return false;
    if (size < buffer.size()) break;
  }
  if (!write_all(connection)) return false;
  return nghttp2_session_want_read(connection.session) ||
         nghttp2_session_want_write(connection.session);
}

int listen_on(std::uint16_t& port) {
  const int listener = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  const int on = 1;
  setsockopt(listener, SOL_SOCKET, SO_REUSEPORT, &on, sizeof(on));
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  address.sin_port = htons(port);
  auto* where = reinterpret_cast<sockaddr*>(&address);
  socklen_t size = sizeof(address);
  if (bind(listener, where, size) != 0) fail("bind");
  if (listen(listener, SOMAXCONN) != 0) fail("listen");
  if (getsockname(listener, where, &size) != 0) fail("getsockname");
  port = ntohs(address.sin_port);
  return listener;
}

[[noreturn]] void run(int listener) {
  const int poller = epoll_create1(EPOLL_CLOEXEC);
  epoll_event wanted{EPOLLIN, {.ptr = nullptr}};  // no connection: the listener
  epoll_ctl(poller, EPOLL_CTL_ADD, listener, &wanted);
  std::vector<char> buffer(std::size_t{256} << 10U);
  std::array<epoll_event, 64> events{};
  while (true) {
    const int count = epoll_wait(poller, events.data(), static_cast<int>(events.size()), -1);
    for (int i = 0; i < count; ++i) {
      auto* connection = static_cast<Connection*>(events[static_cast<std::size_t>(i)].data.ptr);
      if (connection) {
        if (!serve(*connection, buffer)) delete connection;
        continue;
      }
      int accepted = -1;
      while ((accepted = accept4(listener, nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC)) >= 0) {
        const int on = 1;
        setsockopt(accepted, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
        auto made = std::make_unique<Connection>(accepted);
        // Edges: serve() reads and writes until the socket says EAGAIN.
        epoll_event both{EPOLLIN | EPOLLOUT | EPOLLRDHUP | EPOLLET, {.ptr = made.get()}};
        if (epoll_ctl(poller, EPOLL_CTL_ADD, accepted, &both) == 0) (void)made.release();
      }
    }
  }
}

}  // namespace

int main(int argc, char** argv) {
  const int threads = argc > 1 ? std::max(1, std::atoi(argv[1])) : 1;
  std::uint16_t port = 0;
  std::vector<int> listeners;
  for (int i = 0; i < threads; ++i) listeners.push_back(listen_on(port));
  std::printf("%u\n", unsigned{port});
  std::fflush(stdout);
  std::vector<std::thread> others;
  for (int i = 1; i < threads; ++i)
    others.emplace_back(run, listeners[static_cast<std::size_t>(i)]);
  run(listeners[0]);
}
