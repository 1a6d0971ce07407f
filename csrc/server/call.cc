#include "server/call.h"

#include <zlib.h>

#include <algorithm>

#include "base/recycle.h"
#include "server/connection.h"
#include "server/shared.h"

namespace aiges::server {
namespace {

constexpr std::size_t kWorthCompressing = 1024;  // bytes of a message

// A message that is sent as it is.
void frame(wire::OutMessage& message) {
  const std::size_t size = message.size() - wire::OutMessage::kHeadroom;
  char* prefix = message.headroom();
  prefix[0] = 0;
  for (int i = 0; i < 4; ++i) prefix[1 + i] = static_cast<char>(size >> (24 - 8 * i));
}

// The same, compressed; false when that failed or gained nothing.
bool compress(const wire::OutMessage& message, wire::OutMessage& out) {
  z_stream stream{};
  constexpr int kGzip = 16 + MAX_WBITS;
  if (deflateInit2(&stream, Z_BEST_SPEED, Z_DEFLATED, kGzip, 8, Z_DEFAULT_STRATEGY) != Z_OK)
    return false;
  const std::size_t plain = message.size() - wire::OutMessage::kHeadroom;
  std::string sealed(deflateBound(&stream, static_cast<uLong>(plain)), '\0');
  stream.next_out = reinterpret_cast<Bytef*>(sealed.data());
  stream.avail_out = static_cast<uInt>(sealed.size());
  std::size_t skip = wire::OutMessage::kHeadroom;
  int result = Z_OK;
  for (const auto& piece : message.pieces()) {
    const std::size_t from = std::min(skip, piece.size);
    skip -= from;
    stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(piece.data + from));
    stream.avail_in = static_cast<uInt>(piece.size - from);
    result = deflate(&stream, Z_NO_FLUSH);
    if (result != Z_OK && result != Z_BUF_ERROR) break;
  }
  if (result == Z_OK || result == Z_BUF_ERROR) result = deflate(&stream, Z_FINISH);
  const std::size_t size = stream.total_out;
  deflateEnd(&stream);
  if (result != Z_STREAM_END || size >= plain) return false;
  out.append({sealed.data(), size});
  frame(out);
  out.headroom()[0] = 1;
  return true;
}

}  // namespace

Call::~Call() = default;

Reactor& Call::reactor() const { return connection_->reactor(); }
const std::string& Call::peer() const { return connection_->peer(); }

std::string_view Call::header(std::string_view name) const {
  for (const auto& [key, value] : headers_)
    if (key == name) return value;
  return {};
}

std::shared_ptr<wire::OutMessage> Call::prepare(wire::OutMessage& message) {
  const std::size_t limit = connection_->shared()->limits.max_send;
  const std::size_t size = message.size() - wire::OutMessage::kHeadroom;
  if (size > limit) {
    finish({GrpcCode::kResourceExhausted,
            "the response message has " + std::to_string(size) + " bytes; this server sends " +
                std::to_string(limit),
            0, 0});
    return nullptr;
  }
  if (gzip_request_ && gzip_accepted_ && size >= kWorthCompressing && size <= UINT32_MAX) {
    auto sealed = std::make_shared<wire::OutMessage>();
    if (compress(message, *sealed)) return sealed;
  }
  frame(message);
  return std::allocate_shared<wire::OutMessage>(RecyclingAllocator<wire::OutMessage>(),
                                                std::move(message));
}

void Call::reply(wire::OutMessage message) {
  std::shared_ptr<wire::OutMessage> prepared = prepare(message);
  if (!prepared) return;
  connection_->with_session([&](Http2Session& session) {
    session.send(*this, std::move(prepared));
    session.finish(*this, {});
  });
}

void Call::send(wire::OutMessage message) {
  std::shared_ptr<wire::OutMessage> prepared = prepare(message);
  if (!prepared) return;
  connection_->with_session([&](Http2Session& session) {
    session.send(*this, std::move(prepared));
    wants_drained_ = true;
  });
}

void Call::finish(const GrpcStatus& status) {
  connection_->with_session([&](Http2Session& session) { session.finish(*this, status); });
}

void Call::consumed(std::size_t bytes) {
  connection_->with_session([&](Http2Session& session) { session.consumed(*this, bytes); });
}

void Call::note_session(std::string_view id) {
  if (!connection_->shared()->access_log) return;
  MutexLock lock(cancel_mutex_);
  session_id_ = id;
}

void Call::note_engine(Clock::time_point begin, Clock::time_point end) {
  Clock::rep none = 0;  // of several, the first one's begin
  engine_began_.compare_exchange_strong(none, begin.time_since_epoch().count(),
                                        std::memory_order_relaxed);
  engine_ended_.store(end.time_since_epoch().count(), std::memory_order_relaxed);
}

void Call::log_access() {
  AccessLog& log = *connection_->shared()->access_log;
  if (!log.enabled()) return;
  using std::chrono::duration_cast;
  using std::chrono::microseconds;
  AccessRecord record;
  record.path = path_;
  record.peer = connection_->peer();
  record.grpc_status = static_cast<int>(finished_ ? status_.code : GrpcCode::kCancelled);
  record.aiges_code = status_.aiges_code;
  record.bytes_in = bytes_in_;
  record.bytes_out = bytes_out_;
  record.total = duration_cast<microseconds>(Clock::now() - began_);
  if (const Clock::rep began = engine_began_.load(std::memory_order_relaxed); began != 0) {
    const Clock::rep ended = engine_ended_.load(std::memory_order_relaxed);
    record.queue = duration_cast<microseconds>(Clock::duration(began) - began_.time_since_epoch());
    record.engine = duration_cast<microseconds>(Clock::duration(ended - began));
  }
  MutexLock lock(cancel_mutex_);
  record.session_id = session_id_;
  log.write(record);
}

void Call::on_cancel(std::function<void()> action) {
  {
    MutexLock lock(cancel_mutex_);
    if (!cancel_told_) {
      cancel_action_ = std::move(action);
      return;
    }
  }
  action();
}

void Call::tell_cancelled() {
  std::function<void()> action;
  {
    MutexLock lock(cancel_mutex_);
    cancel_told_ = true;
    action = std::move(cancel_action_);
  }
  if (action) action();
  if (handler_) handler_->on_cancel();
}

void Call::flush() {
  connection_->with_session_quietly([&](Http2Session& session) {
    if (!session.is_open(*this) || alarm_ != 0) return;
    alarm_ = connection_->shared()->watchdog.schedule(deadline_, [weak = weak_from_this()] {
      const std::shared_ptr<Call> call = weak.lock();
      if (call) call->reactor().post([call] { call->connection_->expire(*call); });
    });
  });
}

}  // namespace aiges::server
