#include "server/connection.h"

#include <errno.h>
#include <sys/socket.h>

#include <algorithm>
#include <boost/asio/post.hpp>
#include <utility>

#include "server/shared.h"

namespace aiges::server {
namespace {

// One read takes so much at most; the buffer is the thread's, so that an idle connection has none.
constexpr std::size_t kReadSize = std::size_t{256} * 1024;
// A client with much to send may not keep the others waiting.
constexpr int kReadsPerTurn = 4;
constexpr int kWritesPerTurn = 4;

char* read_buffer() {
  static thread_local const std::unique_ptr<char[]> buffer(new char[kReadSize]);
  return buffer.get();
}

}  // namespace

Connection::Connection(std::shared_ptr<Reactor> reactor, std::shared_ptr<Shared> shared,
                       Socket socket, std::string peer, std::unique_ptr<TlsStream> tls)
    : reactor_(std::move(reactor)),
      shared_(std::move(shared)),
      peer_(std::move(peer)),
      socket_(std::move(socket)),
      tls_(std::move(tls)),
      session_(*this, shared_) {
  shared_->connections.fetch_add(1, std::memory_order_relaxed);
  shared_->connections_total.fetch_add(1, std::memory_order_relaxed);
}

Connection::~Connection() {
  if (!closed_) shared_->count_down(shared_->connections);
}

void Connection::start() {
  Reactor::flush_soon(shared_from_this());  // our SETTINGS need not wait for the client's
  wait_readable();
}

void Connection::wait_readable() {
  MutexLock lock(mutex_);
  if (closed_ || read_stopped_) return;
  socket_.async_wait(Socket::wait_read,
                     [self = shared_from_this()](boost::system::error_code error) {
                       if (!error) self->readable();
                     });
}

void Connection::readable() {
  Events events;
  for (int i = 0; i < kReadsPerTurn && read_some(events); ++i) {
  }
  tell(events);
  Reactor::flush_soon(shared_from_this());
  wait_readable();
}

bool Connection::read_some(Events& events) {
  MutexLock lock(mutex_);
  if (closed_ || read_stopped_) return false;
  char* buffer = read_buffer();
  // Does not block, whatever the analyser thinks of recv.
  // NOLINTNEXTLINE(clang-analyzer-unix.BlockInCriticalSection)
  const ssize_t size = ::recv(socket_.native_handle(), buffer, kReadSize, MSG_DONTWAIT);
  if (size < 0) {
    if (errno == EINTR) return true;
    if (errno == EAGAIN || errno == EWOULDBLOCK) return false;
    close(events);
    return false;
  }
  if (size == 0) {
    // The client will send nothing more, and HTTP/2 has no use for a half-open connection.
    close(events);
    return false;
  }
  take({buffer, static_cast<std::size_t>(size)}, events);
  return std::cmp_equal(size, kReadSize);
}

void Connection::take(std::string_view bytes, Events& events) {
  last_heard_ = Clock::now();
  asked_ = false;
  if (!tls_) {
    if (!session_.receive(bytes, events)) stop_reading();
    return;
  }
  tls_->put_sealed(bytes);
  std::string plain;
  while (tls_->take_plain(plain)) {
    if (!session_.receive(plain, events)) {
      stop_reading();
      return;
    }
  }
  if (tls_->broken()) stop_reading();
}

void Connection::stop_reading() {
  read_stopped_ = true;
  stopped_at_ = Clock::now();
}

void Connection::client_heard() {
  if (std::exchange(told_, false)) shared_->count_down(shared_->unheard);
}

void Connection::flush() {
  Events events;
  {
    MutexLock lock(mutex_);
    if (!closed_) write(events);
  }
  if (!events.empty()) tell_soon(std::move(events));
}

void Connection::write(Events& events) {
  if (session_.farewell_heard()) client_heard();
  for (int rounds = 0;; ++rounds) {
    // What is sealed must go before more of it is made: a client that does not read would have us
    // keep all it ever asked for.
    const bool full = sealed_.size() >= shared_->limits.max_unsent;
    const bool lives = full || session_.produce(out_, events);
    OutQueue* sending = &out_;
    if (tls_) {
      // Encrypted piece by piece; what does not fit yet stays in front.
      while (!full && !out_.empty()) {
        const std::size_t taken = tls_->put_plain(out_.front());
        if (taken == 0) break;
        out_.consume(taken);
      }
      std::string sealed;
      while (tls_->take_sealed(sealed)) sealed_.append(sealed);
      sending = &sealed_;
    }
    const bool had_something = !sending->empty();
    OutQueue::Sent sent = sending->send_to(socket_.native_handle());
    // A client that reads as fast as this writes may not keep the others waiting.
    if (sent == OutQueue::Sent::kAll && had_something && rounds >= kWritesPerTurn)
      sent = OutQueue::Sent::kBlocked;
    switch (sent) {
      case OutQueue::Sent::kBroken:
        close(events);
        return;
      case OutQueue::Sent::kBlocked:
        if (!std::exchange(waits_writable_, true)) {
          socket_.async_wait(Socket::wait_write,
                             [self = shared_from_this()](boost::system::error_code error) {
                               {
                                 MutexLock lock(self->mutex_);
                                 self->waits_writable_ = false;
                               }
                               if (!error) self->flush();
                             });
        }
        return;
      case OutQueue::Sent::kAll:
        break;
    }
    const bool over = session_.done() || (tls_ && tls_->broken()) ||
                      (shutting_down_ && session_.farewell_heard() && session_.open_calls() == 0);
    if (over && shutting_down_ && !session_.done()) {
      shutting_down_ = false;
      session_.go_away(NGHTTP2_NO_ERROR);  // final: what arrives now was not accepted
      continue;
    }
    if (!lives || over) {
      close(events);
      return;
    }
    if (!had_something) return;
  }
}

void Connection::close(Events& events) {
  if (std::exchange(closed_, true)) return;
  client_heard();
  shared_->count_down(shared_->connections);
  session_.abandon(events);
  out_.clear();
  sealed_.clear();
  boost::system::error_code ignored;
  socket_.shutdown(Socket::shutdown_both, ignored);
  socket_.close(ignored);
}

void Connection::shut_down() {
  {
    MutexLock lock(mutex_);
    if (closed_ || std::exchange(shutting_down_, true)) return;
    told_ = true;
    shared_->unheard.fetch_add(1);
    session_.announce_shutdown();
  }
  flush();
}

void Connection::abort() {
  Events events;
  {
    MutexLock lock(mutex_);
    close(events);
  }
  tell_soon(std::move(events));
}

void Connection::tell_soon(Events events) {
  const auto held = std::make_shared<Events>(std::move(events));
  if (reactor_->post([self = shared_from_this(), held] { self->tell(*held); })) return;
  // The reactor is over, and whoever wrote the last answer came too late to have it told. Handlers
  // hold their calls in turn: nobody else would take them apart.
  for (const Http2Session::Event& event : *held) event.call->handler_.reset();
}

void Connection::check_idle(Clock::time_point now) {
  Events events;
  {
    MutexLock lock(mutex_);
    if (!closed_) close_or_ask(now, events);
  }
  tell(events);
}

void Connection::close_or_ask(Clock::time_point now, Events& events) {
  const Limits& limits = shared_->limits;
  const auto longer = [](Clock::duration time, std::chrono::milliseconds limit) {
    return limit.count() != 0 && time > limit;
  };
  // When it began what it must not take long for: to read what is left for it; to say that it
  // speaks HTTP/2; to send one header, of which perhaps none is on its way (then: now).
  const Clock::time_point begun = read_stopped_         ? stopped_at_
                                  : !session_.greeted() ? began_
                                                        : std::min(session_.headers_begin(), now);
  // NOLINTBEGIN(bugprone-branch-clone): the cases differ by their reasons, not by what is done
  if (longer(now - begun, limits.handshake_timeout)) {
    close(events);
  } else if (read_stopped_ || !session_.greeted()) {
    return;
  } else if (session_.open_calls() == 0) {
    if (!longer(now - session_.quiet_since(), limits.idle_timeout)) return;
    session_.go_away(NGHTTP2_NO_ERROR);
    stop_reading();
    write(events);
  } else if (limits.keepalive_interval.count() == 0) {
    return;
  } else if (longer(now - last_heard_, limits.keepalive_interval + limits.keepalive_timeout)) {
    close(events);
  } else if (longer(now - last_heard_, limits.keepalive_interval) && !std::exchange(asked_, true)) {
    session_.ping();
    write(events);
  }
  // NOLINTEND(bugprone-branch-clone)
}

void Connection::expire(Call& call) {
  Events events;
  {
    MutexLock lock(mutex_);
    if (closed_) return;
    session_.expire(call, events);
  }
  tell(events);
  Reactor::flush_soon(shared_from_this());
}

// Most RPCs are answered within the turn of the leader that read them, before this comes to it.
void Connection::watch_deadline(const std::shared_ptr<Call>& call) {
  if (call->has_deadline_ && !call->deadline_.infinite()) Reactor::flush_soon(call);
}

void Connection::tell(Events& events) {
  for (Http2Session::Event& event : events) {
    Call& call = *event.call;
    using Kind = Http2Session::Event::Kind;
    switch (event.kind) {
      case Kind::kUnary:
        watch_deadline(event.call);
        call.method_->unary(event.call, std::move(event.message));
        break;
      case Kind::kStart:
        watch_deadline(event.call);
        call.handler_ = call.method_->start(event.call);
        break;
      case Kind::kMessage:
        if (call.handler_) call.handler_->on_message(std::move(event.message), event.window);
        break;
      case Kind::kHalfClose:
        if (call.handler_) call.handler_->on_half_close();
        break;
      case Kind::kDrained:
        if (call.handler_) call.handler_->on_drained();
        break;
      case Kind::kCancel:
        call.tell_cancelled();
        break;
      case Kind::kClosed:
        call.handler_.reset();  // it holds the call in turn
        break;
    }
  }
  events.clear();
}

}  // namespace aiges::server
