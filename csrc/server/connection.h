#pragma once

#include <atomic>
#include <boost/asio/generic/stream_protocol.hpp>
#include <memory>
#include <string>

#include "base/mutex.h"
#include "server/http2_session.h"
#include "server/out_queue.h"
#include "server/reactor.h"
#include "server/tls.h"

namespace aiges::server {

struct Shared;

// A client's connection: the socket, and the HTTP/2 session on it. The leader of its reactor reads;
// any thread that has an answer writes, so that nobody has to be woken for it. One lock guards the
// session and what waits to be sent; it is never held while a service or an engine runs.
class Connection final : public Flushable, public std::enable_shared_from_this<Connection> {
 public:
  using Socket = boost::asio::generic::stream_protocol::socket;

  // `tls` is null for plain text.
  Connection(std::shared_ptr<Reactor> reactor, std::shared_ptr<Shared> shared, Socket socket,
             std::string peer, std::unique_ptr<TlsStream> tls);
  ~Connection() override;

  // Leader only: begins to read.
  void start();
  // Any thread: sends what there is to send.
  void flush() override;

  // Any thread. Graceful: tells the client to open no more RPCs; closes when none is open.
  void shut_down();
  // Any thread: closes now; open RPCs are cancelled.
  void abort();
  // Leader only, every now and then: closes what was quiet for too long, asks who is silent.
  void check_idle(Clock::time_point now);

  Reactor& reactor() const { return *reactor_; }
  const std::string& peer() const { return peer_; }
  const std::shared_ptr<Shared>& shared() const { return shared_; }

  // For Call: runs `action` on the session with the lock held, and sees to what it leaves to send.
  template <class Action>
  void with_session(Action&& action) {
    {
      MutexLock lock(mutex_);
      if (closed_) return;
      action(session_);
    }
    Reactor::flush_soon(shared_from_this());
  }
  // The same where nothing is left to send.
  template <class Action>
  void with_session_quietly(Action&& action) {
    MutexLock lock(mutex_);
    if (!closed_) action(session_);
  }
  void expire(Call& call);

 private:
  using Events = Http2Session::Events;

  void wait_readable();
  void readable();
  // One read; false when there is no more to read now.
  bool read_some(Events& events) AIGES_EXCLUDES(mutex_);
  void take(std::string_view bytes, Events& events) AIGES_REQUIRES(mutex_);
  void write(Events& events) AIGES_REQUIRES(mutex_);
  void close(Events& events) AIGES_REQUIRES(mutex_);
  void stop_reading() AIGES_REQUIRES(mutex_);
  void client_heard() AIGES_REQUIRES(mutex_);
  void close_or_ask(Clock::time_point now, Events& events) AIGES_REQUIRES(mutex_);
  // Tells methods and handlers; leader only, without the lock.
  void tell(Events& events);
  // Any thread: has the leader tell them.
  void tell_soon(Events events);
  static void watch_deadline(const std::shared_ptr<Call>& call);

  const std::shared_ptr<Reactor> reactor_;  // longer than the socket
  const std::shared_ptr<Shared> shared_;
  const std::string peer_;

  Mutex mutex_;
  Socket socket_ AIGES_GUARDED_BY(mutex_);
  std::unique_ptr<TlsStream> tls_ AIGES_GUARDED_BY(mutex_);
  Http2Session session_ AIGES_GUARDED_BY(mutex_);
  OutQueue out_ AIGES_GUARDED_BY(mutex_);     // as HTTP/2 has it
  OutQueue sealed_ AIGES_GUARDED_BY(mutex_);  // encrypted; with TLS only
  bool waits_writable_ AIGES_GUARDED_BY(mutex_) = false;
  bool read_stopped_ AIGES_GUARDED_BY(mutex_) = false;  // the client's end, or a fatal error
  bool closed_ AIGES_GUARDED_BY(mutex_) = false;
  bool shutting_down_ AIGES_GUARDED_BY(mutex_) = false;
  bool told_ AIGES_GUARDED_BY(mutex_) = false;   // of the end: counts in Shared::unheard
  bool asked_ AIGES_GUARDED_BY(mutex_) = false;  // for a sign of life
  const Clock::time_point began_ = Clock::now();
  Clock::time_point stopped_at_ AIGES_GUARDED_BY(mutex_);  // reading
  Clock::time_point last_heard_ AIGES_GUARDED_BY(mutex_) = began_;
};

}  // namespace aiges::server
