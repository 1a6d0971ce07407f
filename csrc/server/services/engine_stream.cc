#include "server/services/engine_stream.h"

#include <deque>
#include <utility>
#include <vector>

#include "base/mutex.h"
#include "server/call.h"
#include "server/reactor.h"
#include "wire/engine_v1.h"

namespace aiges::server {
namespace {

// Results are taken from the session only while the client takes them from here.
constexpr std::size_t kMaxUnsent = std::size_t{1} << 20;  // bytes

// A message and what was decoded of it, in one place: the views point into the message.
struct Input {
  std::string message;
  wire::StreamRequest decoded;
  std::size_t window = 0;  // bytes of the client's window that it holds
};

// What jobs, listeners and the handler share.
class StreamState final : public std::enable_shared_from_this<StreamState> {
 public:
  StreamState(std::shared_ptr<Call> call, std::shared_ptr<const EngineTable> engines)
      : call_(std::move(call)), engines_(std::move(engines)) {}

  // Leader.
  void message(std::string bytes, std::size_t window);
  void half_close();
  void cancel();
  // Any thread: sends what there is, in order, as long as the client takes it.
  void pump();

 private:
  class OpenJob;
  class FeedJob;
  void begin(const std::shared_ptr<Input>& input);
  void open(const std::shared_ptr<Input>& input, Licence licence);
  void push(std::shared_ptr<Input> input);
  void feed();
  void send(const Result<Batch>& result, StreamSession& session);
  void fail(const GrpcStatus& status);

  const std::shared_ptr<Call> call_;
  const std::shared_ptr<const EngineTable> engines_;

  // The leader's own.
  std::shared_ptr<ServedEngine> engine_;
  Licences::WaiterId waiter_ = 0;
  bool begun_ = false;
  bool failed_ = false;
  // What came last of each input stream: those that are open when the client half-closes end then.
  struct Seen {
    std::string key;
    int type;
    bool ended;
  };
  std::vector<Seen> seen_;

  Mutex mutex_;
  std::shared_ptr<StreamSession> session_ AIGES_GUARDED_BY(mutex_);
  std::deque<std::shared_ptr<Input>> inputs_ AIGES_GUARDED_BY(mutex_);  // not fed yet
  // Whether a thread feeds, or opens, the session. It begins so: what comes before it is open
  // waits.
  bool feeding_ AIGES_GUARDED_BY(mutex_) = true;
  std::int64_t next_frame_ AIGES_GUARDED_BY(mutex_) = 0;
  bool cancelled_ AIGES_GUARDED_BY(mutex_) = false;
  bool pumping_ AIGES_GUARDED_BY(mutex_) = false;
  bool pump_again_ AIGES_GUARDED_BY(mutex_) = false;
  bool id_sent_ AIGES_GUARDED_BY(mutex_) = false;

  friend class EngineStream;
};

class StreamState::OpenJob final : public Job {
 public:
  OpenJob(std::shared_ptr<StreamState> state, std::shared_ptr<Input> input, Licence licence)
      : state_(std::move(state)), input_(std::move(input)), licence_(std::move(licence)) {}
  bool slow() const override { return state_->engine_->stream_pace.slow(); }
  void run() override { state_->open(input_, std::move(licence_)); }

 private:
  const std::shared_ptr<StreamState> state_;
  const std::shared_ptr<Input> input_;
  Licence licence_;
};

// Feeds the session, one frame after the other, until none is left: the client's window is given
// back frame by frame, so that it sends no faster than the engine takes.
class StreamState::FeedJob final : public Job {
 public:
  explicit FeedJob(std::shared_ptr<StreamState> state) : state_(std::move(state)) {}
  bool slow() const override { return state_->engine_->stream_pace.slow(); }
  void run() override { state_->feed(); }

 private:
  const std::shared_ptr<StreamState> state_;
};

void StreamState::message(std::string bytes, std::size_t window) {
  if (failed_) return;
  auto input = std::make_shared<Input>();
  input->message = std::move(bytes);
  input->window = window;
  if (Status status = wire::decode_stream_request(input->message, input->decoded); !status.ok()) {
    fail(to_grpc(status));
    return;
  }
  if (begun_ == input->decoded.has_open) {
    fail({GrpcCode::kInvalidArgument,
          begun_ ? "'open' is for the first message of a stream only"
                 : "the first message of a stream must have 'open'",
          0, 0});
    return;
  }
  for (const DataItem& item : input->decoded.data) {
    Seen* known = nullptr;
    for (Seen& each : seen_)
      if (each.key == item.key) known = &each;
    if (!known) known = &seen_.emplace_back(Seen{std::string(item.key), item.type, false});
    known->ended = known->ended || is_final_status(item.status);
  }
  if (!begun_) {
    begun_ = true;
    begin(input);
  } else {
    push(std::move(input));
  }
}

void StreamState::begin(const std::shared_ptr<Input>& input) {
  engine_ = engines_->find(input->decoded.open.engine);
  if (!engine_) {
    fail(no_engine(input->decoded.open.engine));
    return;
  }
  Licence licence = engine_->sessions->try_take();
  if (licence) {
    call_->reactor().submit(
        std::make_shared<OpenJob>(shared_from_this(), input, std::move(licence)));
    return;
  }
  waiter_ = engine_->sessions->acquire(
      call_->deadline(), [self = shared_from_this(), input](Result<Licence> granted) {
        if (!granted.ok()) {
          GrpcStatus why = engine_status(granted.status(), *self->engine_);
          // By the client's measure, not the server's, it waited for too long.
          if (self->call_->deadline().passed()) why.code = GrpcCode::kDeadlineExceeded;
          self->call_->finish(why);
          return;
        }
        self->call_->reactor().submit_from_anywhere(
            std::make_shared<OpenJob>(self, input, std::move(granted.value())));
      });
}

// A job: blocks in the engine's create.
void StreamState::open(const std::shared_ptr<Input>& input, Licence licence) {
  {
    MutexLock lock(mutex_);
    if (cancelled_) return;
  }
  Result<SessionTable::Reservation> reserved = engine_->sessions->reserve({});
  Status status = reserved.ok() ? Status() : reserved.status();
  if (status.ok()) {
    Request request;
    request.session_id = input->decoded.open.session_id;
    request.params = input->decoded.open.params;
    request.resources = input->decoded.open.resources;
    StreamSession::Options options = engine_->options.stream;
    options.mode = engine_->stream_mode();
    options.deadline = call_->deadline();
    Result<std::shared_ptr<StreamSession>> session =
        engine_->sessions->open(engine_->host, std::move(reserved.value()), std::move(licence),
                                request, std::move(options));
    if (session.ok()) {
      bool cancelled = false;
      {
        MutexLock lock(mutex_);
        session_ = session.value();
        cancelled = cancelled_;
      }
      if (cancelled) {
        session.value()->close(CloseReason::kDisconnected);
        return;
      }
      call_->note_session(session.value()->id());
      session.value()->set_listener([weak = weak_from_this()] {
        if (const auto self = weak.lock()) self->pump();
      });
      {
        MutexLock lock(mutex_);
        inputs_.push_front(input);
      }
      feed();
      pump();
      return;
    }
    status = session.status();
  }
  call_->finish(engine_status(status, *engine_));
}

void StreamState::push(std::shared_ptr<Input> input) {
  {
    MutexLock lock(mutex_);
    inputs_.push_back(std::move(input));
    if (std::exchange(feeding_, true)) return;
  }
  call_->reactor().submit(std::make_shared<FeedJob>(shared_from_this()));
}

// A job: blocks in the engine.
void StreamState::feed() {
  for (;;) {
    std::shared_ptr<Input> input;
    Frame frame;
    std::shared_ptr<StreamSession> session;
    {
      MutexLock lock(mutex_);
      if (inputs_.empty() || cancelled_) {
        inputs_.clear();
        feeding_ = false;
        return;
      }
      input = std::move(inputs_.front());
      inputs_.pop_front();
      session = session_;
      frame.sync_id = next_frame_++;
    }
    const std::size_t window = input->window;
    frame.items = std::move(input->decoded.data);
    frame.keep = std::move(input);
    const auto begin = Clock::now();
    session->push(std::move(frame));
    const auto end = Clock::now();
    engine_->stream_pace.record(end - begin);
    call_->note_engine(begin, end);
    if (window != 0) call_->consumed(window);
  }
}

void StreamState::half_close() {
  if (failed_ || !begun_) {
    if (!begun_)
      call_->finish({GrpcCode::kInvalidArgument, "the stream ended before 'open'", 0, 0});
    return;
  }
  if (seen_.empty()) {
    fail({GrpcCode::kInvalidArgument, "the stream ended without any data", 0, 0});
    return;
  }
  // The client says nothing more: what it left open ends with an empty item.
  auto input = std::make_shared<Input>();
  for (const Seen& each : seen_)
    if (!each.ended) input->message += each.key;
  std::size_t from = 0;
  for (Seen& each : seen_) {
    if (std::exchange(each.ended, true)) continue;
    DataItem item;
    item.key = std::string_view(input->message).substr(from, each.key.size());
    from += each.key.size();
    item.type = each.type;
    item.status = kStatusEnd;
    input->decoded.data.push_back(item);
  }
  if (!input->decoded.data.empty()) push(std::move(input));
}

void StreamState::fail(const GrpcStatus& status) {
  failed_ = true;
  call_->finish(status);
  cancel();
}

void StreamState::cancel() {
  failed_ = true;
  std::shared_ptr<StreamSession> session;
  {
    MutexLock lock(mutex_);
    cancelled_ = true;
    session = session_;
  }
  if (session) session->close(CloseReason::kDisconnected);
  // Its place in the queue for a licence is somebody else's.
  if (waiter_ != 0) engine_->sessions->cancel(std::exchange(waiter_, 0));
}

void StreamState::pump() {
  std::shared_ptr<StreamSession> session;
  {
    MutexLock lock(mutex_);
    pump_again_ = true;
    if (pumping_ || !session_) return;
    pumping_ = true;
    session = session_;
  }
  for (;;) {
    {
      MutexLock lock(mutex_);
      if (!std::exchange(pump_again_, false) || cancelled_) {
        pumping_ = false;
        return;
      }
    }
    while (call_->unsent() < kMaxUnsent) {
      const StreamSession::TakeResult result = session->take();
      if (!result) break;
      send(*result, *session);
    }
  }
}

void StreamState::send(const Result<Batch>& result, StreamSession& session) {
  if (!result.ok()) {
    call_->finish(to_grpc(result.status()));
    return;
  }
  const Batch& batch = result.value();
  bool first = false;
  {
    MutexLock lock(mutex_);
    first = !std::exchange(id_sent_, true);
  }
  wire::OutMessage message =
      wire::encode_engine_response(batch.output, first ? session.id() : std::string_view());
  if (batch.final) {
    call_->reply(std::move(message));
  } else {
    call_->send(std::move(message));
  }
}

class EngineStream final : public Handler {
 public:
  explicit EngineStream(std::shared_ptr<StreamState> state) : state_(std::move(state)) {}
  // The RPC is over, however it ended: so is its session.
  ~EngineStream() override { state_->cancel(); }
  void on_message(std::string message, std::size_t window) override {
    state_->message(std::move(message), window);
  }
  void on_half_close() override { state_->half_close(); }
  void on_cancel() override { state_->cancel(); }
  void on_drained() override { state_->pump(); }

 private:
  const std::shared_ptr<StreamState> state_;
};

}  // namespace

std::unique_ptr<Handler> make_engine_stream(std::shared_ptr<Call> call,
                                            std::shared_ptr<const EngineTable> engines) {
  return std::make_unique<EngineStream>(
      std::make_shared<StreamState>(std::move(call), std::move(engines)));
}

}  // namespace aiges::server
