// utils.XsfCall/call: AIGES's own protocol, where a session is spread over unary RPCs.

#include <algorithm>
#include <utility>
#include <vector>

#include "base/recycle.h"
#include "server/call.h"
#include "server/once_call.h"
#include "server/reactor.h"
#include "server/services/services.h"
#include "server/services/tool_box.h"
#include "server/services/xsf_reply.h"
#include "wire/pairs.h"

namespace aiges::server {
namespace {

constexpr long kDefaultWait = 500;  // ms
constexpr long kMostLicences = 1'000'000;

Status invalid_op() {
  return Status(ErrorKind::kInvalidData, Code::kInvalidOp, "xsf", "invalid service operation");
}

// The params an engine sees: the request's, and the headers that are passed on.
std::vector<Pair> engine_params(const XsfMessage& message, const ServedEngine& engine) {
  std::vector<Pair> params = message.input.params;
  for (const std::string& name : engine.options.header_pass) {
    if (name.empty() || name == "sid" || wire::find_value(params, name)) continue;
    params.push_back({name, wire::value_or(message.input.headers, name, {})});
  }
  return params;
}

// "sid" travels in the headers, unless a param says it.
std::string_view session_id(const XsfMessage& message) {
  return wire::value_or(message.input.params, "sid",
                        wire::value_or(message.input.headers, "sid", {}));
}

constexpr long kLongestWait = 24L * 3600 * 1000;  // ms; a number from a client may be any

Deadline wait_deadline(const XsfMessage& message) {
  return Deadline::after(std::chrono::milliseconds(
      std::clamp(message.number("waitTime", kDefaultWait), 0L, kLongestWait)));
}

class XsfOnce final : public OnceCall {
 public:
  XsfOnce(std::shared_ptr<Call> call, std::shared_ptr<ServedEngine> engine, XsfReplier replier,
          SessionTable::Reservation reservation)
      : OnceCall(std::move(call), std::move(engine)),
        replier_(std::move(replier)),
        reservation_(std::move(reservation)) {
    const XsfMessage& message = replier_.message();
    params_ = engine_params(message, this->engine());
    filter_ = wire::ExpectFilter::of(message.input.expect, wire::ExpectFilter::Mode::kOnce);
    Request& asked = request();
    asked.session_id = session_id(message);
    asked.params = params_;
    asked.data = message.input.payloads;
    set_deadline(wait_deadline(message));
  }

 private:
  void answer(Result<OutputPtr> result) override {
    reservation_.finish();  // the handle is free before the client has the answer
    if (!result.ok()) {
      replier_.error(result.status());
    } else {
      replier_.output(result.value(), filter_);
    }
  }

  const XsfReplier replier_;
  SessionTable::Reservation reservation_;
  std::vector<Pair> params_;
  wire::ExpectFilter filter_;
};

// A session's memory of its first message.
struct XsfSession {
  wire::ExpectFilter filter;
};

Frame frame_of(const std::shared_ptr<XsfMessage>& message) {
  Frame frame;
  frame.sync_id = message->input.sync_id;
  frame.items = message->input.payloads;
  frame.keep = message;
  return frame;
}

// The first message of a session: opens it, feeds it, and answers with what there is already.
class XsfOpen final : public Job {
 public:
  XsfOpen(std::shared_ptr<ServedEngine> engine, XsfReplier replier,
          std::shared_ptr<XsfMessage> message, SessionTable::Reservation reservation)
      : engine_(std::move(engine)),
        replier_(std::move(replier)),
        message_(std::move(message)),
        reservation_(std::move(reservation)) {}

  void set_licence(Licence licence) { licence_ = std::move(licence); }
  const XsfReplier& replier() const { return replier_; }

  bool slow() const override { return engine_->stream_pace.slow(); }
  void run() override {
    if (replier_.call().cancelled()) return;  // nobody would know the session's handle
    const std::vector<Pair> params = engine_params(*message_, *engine_);
    Request request;
    request.session_id = session_id(*message_);
    request.params = params;
    StreamSession::Options options = engine_->options.stream;
    options.mode = engine_->stream_mode();
    auto kept = std::make_shared<XsfSession>();
    kept->filter =
        wire::ExpectFilter::copy_of(message_->input.expect, wire::ExpectFilter::Mode::kStream);
    options.context = kept;
    Result<std::shared_ptr<StreamSession>> session = engine_->sessions->open(
        engine_->host, std::move(reservation_), std::move(licence_), request, std::move(options));
    if (!session.ok()) {
      replier_.error(session.status());
      return;
    }
    session.value()->push(frame_of(message_));
    answer(*session.value(), replier_);
  }

  // What there is now, without waiting.
  static void answer(StreamSession& session, const XsfReplier& replier) {
    give(session, session.take(), replier);
  }
  static void give(StreamSession& session, StreamSession::TakeResult result,
                   const XsfReplier& replier) {
    if (!result) {
      replier.empty();
    } else if (!result->ok()) {
      replier.error(result->status());
    } else {
      replier.batch(result->value(), static_cast<const XsfSession*>(session.context())->filter);
    }
  }

 private:
  const std::shared_ptr<ServedEngine> engine_;
  const XsfReplier replier_;
  const std::shared_ptr<XsfMessage> message_;
  SessionTable::Reservation reservation_;
  Licence licence_;
};

// A later message.
class XsfPush final : public Job {
 public:
  XsfPush(std::shared_ptr<ServedEngine> engine, XsfReplier replier,
          std::shared_ptr<XsfMessage> message, std::shared_ptr<StreamSession> session)
      : engine_(std::move(engine)),
        replier_(std::move(replier)),
        message_(std::move(message)),
        session_(std::move(session)) {}
  bool slow() const override { return engine_->stream_pace.slow(); }
  void run() override {
    const auto begin = Clock::now();
    session_->push(frame_of(message_));
    const auto end = Clock::now();
    engine_->stream_pace.record(end - begin);
    replier_.call().note_session(session_->id());
    replier_.call().note_engine(begin, end);
    XsfOpen::answer(*session_, replier_);
  }

 private:
  const std::shared_ptr<ServedEngine> engine_;
  const XsfReplier replier_;
  const std::shared_ptr<XsfMessage> message_;
  const std::shared_ptr<StreamSession> session_;
};

class XsfCall final : public Method {
 public:
  explicit XsfCall(std::shared_ptr<const EngineTable> engines) : engines_(std::move(engines)) {}
  bool is_unary() const override { return true; }

  void unary(std::shared_ptr<Call> call, std::string bytes) override {
    if (bytes.capacity() < 32) bytes.reserve(32);  // on the heap: views into it must not move
    auto message = std::allocate_shared<XsfMessage>(RecyclingAllocator<XsfMessage>());
    message->bytes = std::move(bytes);
    if (Status status = wire::decode_xsf_request(message->bytes, message->request); !status.ok()) {
      call->finish(to_grpc(status));
      return;
    }
    Status decoded;
    if (!message->request.data.empty())
      decoded = wire::decode_loader_input(message->request.data.front().data, message->input);
    std::shared_ptr<ServedEngine> engine = engine_for(*message);
    if (!engine) {
      call->finish({GrpcCode::kUnavailable, "this server has no engine", 0, 0});
      return;
    }
    XsfReplier replier(call, message, engine->sessions->address().text());
    if (!decoded.ok()) {
      replier.error(Status(ErrorKind::kInvalidData, Code::kUnmarshal, "xsf", decoded.message()));
      return;
    }
    const std::string_view op = message->request.op;
    if (op == "AIIn") {
      input(std::move(engine), std::move(message), std::move(replier));
    } else if (op == "AIOut") {
      output(*engine, message, std::move(replier));
    } else if (op == "AIExcp") {
      Status status = engine->sessions->abort(message->request.session.handle);
      status.ok() ? replier.empty() : replier.error(status);
    } else if (op == "AILBType") {
      if (const long licences = message->number("authzNo", 0); licences > 0)
        engine->sessions->resize(static_cast<std::size_t>(std::min(licences, kMostLicences)));
      replier.empty();
    } else if (op == "AIHotword" || op == "AIDetect" || op == "AILoad" || op == "AIUnLoad" ||
               op == "ping") {
      replier.empty();
    } else {
      replier.error(invalid_op());
    }
  }

 private:
  // By the service's name or id where an engine is called that; else the first engine, which is
  // what AIGES, with its one engine, does for any name.
  std::shared_ptr<ServedEngine> engine_for(const XsfMessage& message) const {
    for (const std::string_view name : {message.input.service_name, message.input.service_id})
      if (!name.empty())
        if (auto engine = engines_->find(name)) return engine;
    return engines_->find({});
  }

  static void input(std::shared_ptr<ServedEngine> engine, std::shared_ptr<XsfMessage> message,
                    XsfReplier replier) {
    const std::string_view first = wire::value_or(message->request.params, "SeqNo", {});
    if (first != "1") {
      frame(std::move(engine), std::move(message), std::move(replier));
      return;
    }
    Result<SessionTable::Reservation> reserved =
        engine->sessions->reserve(message->request.session.handle);
    if (!reserved.ok()) {
      replier.error(reserved.status());
      return;
    }
    replier.set_handle(reserved.value().handle());
    const std::shared_ptr<Call> call = replier.call().shared_from_this();
    if (message->input.state == wire::kLoaderOnce) {
      if (message->input.payloads.empty()) {
        replier.error(
            Status(ErrorKind::kInvalidData, Code::kInvalidData, "xsf", "input invalid data"));
        return;
      }
      std::allocate_shared<XsfOnce>(RecyclingAllocator<XsfOnce>(), call, std::move(engine),
                                    std::move(replier), std::move(reserved.value()))
          ->begin();
      return;
    }
    SessionManager& sessions = *engine->sessions;
    auto job = std::make_shared<XsfOpen>(std::move(engine), std::move(replier), std::move(message),
                                         std::move(reserved.value()));
    Licence licence = sessions.try_take();
    if (licence) {
      job->set_licence(std::move(licence));
      call->reactor().submit(std::move(job));
      return;
    }
    sessions.acquire(call->deadline(), [call, job](Result<Licence> granted) {
      if (!granted.ok()) {
        job->replier().error(granted.status());
        return;
      }
      job->set_licence(std::move(granted.value()));
      call->reactor().submit_from_anywhere(job);
    });
  }

  // A frame may be ahead of the one that opens its session.
  static void frame(std::shared_ptr<ServedEngine> engine, std::shared_ptr<XsfMessage> message,
                    XsfReplier replier) {
    const std::string_view handle = message->request.session.handle;
    const std::shared_ptr<Call> call = replier.call().shared_from_this();
    if (SessionTable::Found found = engine->sessions->find(handle); found.ok()) {
      call->reactor().submit(std::make_shared<XsfPush>(
          std::move(engine), std::move(replier), std::move(message), std::move(found.value())));
      return;
    }
    SessionManager& sessions = *engine->sessions;
    sessions.find_or_wait(handle, call->deadline(),
                          [call, engine = std::move(engine), message = std::move(message),
                           replier = std::move(replier)](SessionTable::Found found) {
                            if (!found.ok()) {
                              replier.error(found.status());
                              return;
                            }
                            call->reactor().submit_from_anywhere(
                                std::make_shared<XsfPush>(engine, replier, message, found.value()));
                          });
  }

  static void output(ServedEngine& engine, const std::shared_ptr<XsfMessage>& message,
                     XsfReplier replier) {
    const SessionTable::Found found = engine.sessions->find(message->request.session.handle);
    if (!found.ok()) {
      replier.error(found.status());
      return;
    }
    const std::shared_ptr<StreamSession>& session = found.value();
    const std::shared_ptr<Call> call = replier.call().shared_from_this();
    const StreamSession::WaitId wait = session->wait_result(
        wait_deadline(*message),
        [session, replier = std::move(replier)](std::optional<Result<Batch>> result) {
          XsfOpen::give(*session, std::move(result), replier);
        });
    if (wait != 0) call->on_cancel([session, wait] { session->cancel_wait(wait); });
  }

  const std::shared_ptr<const EngineTable> engines_;
};

}  // namespace

void add_xsf(MethodTable& methods, std::shared_ptr<const EngineTable> engines, Shared* shared) {
  methods.add("/utils.ToolBox/cmdserver", make_tool_box(engines, shared));
  methods.add("/utils.XsfCall/call", std::make_unique<XsfCall>(std::move(engines)));
}

}  // namespace aiges::server
