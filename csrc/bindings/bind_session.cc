#include "bindings/engine_handle.h"

#include "bindings/errors.h"
#include "bindings/pinned_request.h"
#include "bindings/result_object.h"
#include "session/session.h"

namespace aiges::py {
namespace {

namespace pb = pybind11;

constexpr int kStatusBegin = 0;
constexpr int kStatusContinue = 1;

// What a Python Session object holds.
class SessionHandle final {
 public:
  SessionHandle(EngineHandle& engine, const pb::object& params, const pb::object& resources,
                unsigned mode)
      : engine_(engine) {
    PinnedRequest pinned;
    Status status = pinned.set_params(params.ptr());
    if (status.ok()) status = pinned.set_resources(resources.ptr());
    if (!status.ok()) throw_error(status, engine.name());
    const Request& request = pinned.request();
    Result<std::shared_ptr<Session>> session = [&] {
      const ReleaseGil released;  // wrapperCreate is foreign code
      return Session::open(engine.shared_host(), request, static_cast<Mode>(mode));
    }();
    if (!session.ok()) throw_error(session.status(), engine.name());
    session_ = std::move(session.value());
  }
  ~SessionHandle() {
    if (session_->host().in_forked_child()) {
      new std::shared_ptr<Session>(std::move(session_));  // left alone: see in_forked_child()
      return;
    }
    // A session that was dropped rather than closed: wrapperDestroy is foreign code, and may block.
    session_->host().pool().submit([session = std::move(session_)] { (void)session->close(); });
  }
  SessionHandle(const SessionHandle&) = delete;
  SessionHandle& operator=(const SessionHandle&) = delete;

  void write(const pb::object& data, const pb::object& status) {
    std::optional<int> forced;
    if (!status.is_none()) forced = pb::cast<int>(status);
    PinnedRequest pinned;
    Status result = pinned.set_data(data.ptr(), wrote_ ? kStatusContinue : kStatusBegin, forced);
    if (result.ok()) {
      const ReleaseGil released;  // the engine takes the data
      result = session_->write(pinned.items());
    }
    after_call();
    if (!result.ok()) throw_error(result, engine_name());
    wrote_ = true;
  }

  pb::object read(const pb::object& timeout, bool wait) {
    const WaitLimit limit{deadline_of(timeout.ptr()), interrupt_of_this_thread()};
    Result<OutputPtr> result = [&] {
      const ReleaseGil released;  // waits for the engine
      return wait ? session_->read(limit) : session_->try_read();
    }();
    after_call();
    if (!result.ok()) throw_error(result.status(), engine_name());
    if (!result.value()) return pb::none();
    return pb::reinterpret_steal<pb::object>(make_result(std::move(result.value())));
  }

  pb::str debug_info() {
    Result<std::string> text = [&] {
      const ReleaseGil released;  // foreign code
      return session_->debug_info();
    }();
    if (!text.ok()) throw_error(text.status(), engine_name());
    return pb::reinterpret_steal<pb::str>(PyUnicode_DecodeUTF8(
        text.value().data(), static_cast<Py_ssize_t>(text.value().size()), "replace"));
  }

  void close(const pb::object& timeout) {
    const WaitLimit limit{deadline_of(timeout.ptr()), interrupt_of_this_thread()};
    Status status = [&] {
      const ReleaseGil released;  // foreign code
      return session_->close(limit);
    }();
    if (!status.ok()) throw_error(status, engine_name());
  }

  void notify(std::shared_ptr<CompletionQueue> queue, const pb::object& token) {
    session_->notify_once(
        [queue = std::move(queue), held = share_object(Ref::borrow(token.ptr()))]() mutable {
          queue->push(std::move(held), OutputPtr(), {});
        });
  }

  Session& session() { return *session_; }

 private:
  const std::string& engine_name() { return session_->host().name(); }
  // What piled up while other threads could not have the GIL, or did not want to wait for it.
  void after_call() {
    run_waiting_gil_work();
    if (session_->host().events().pending()) engine_.deliver_events();
  }

  EngineHandle& engine_;  // its Python object is kept alive by ours
  std::shared_ptr<Session> session_;
  bool wrote_ = false;
};

}  // namespace

void register_session(pb::module_& module) {
  pb::class_<SessionHandle>(module, "Session", "An open session, without the comforts.")
      .def(pb::init<EngineHandle&, const pb::object&, const pb::object&, unsigned>(),
           pb::arg("engine"), pb::arg("params"), pb::arg("resources"), pb::arg("mode"),
           pb::keep_alive<1, 2>())
      .def("write", method(&SessionHandle::write), pb::arg("data"), pb::arg("status") = pb::none(),
           "Gives the engine the next input, as for Engine.exec. Items without a status of their "
           "own are\nBEGIN in the first call and CONTINUE in later ones; `status` is for all items "
           "of this call.\n\nRaises EngineError, SessionError, InvalidDataError.")
      .def("_read", method(&SessionHandle::read), pb::arg("timeout"), pb::arg("wait"))
      .def("_close", method(&SessionHandle::close), pb::arg("timeout"))
      .def("_notify", method(&SessionHandle::notify), pb::arg("queue"), pb::arg("token"))
      .def("debug_info", method(&SessionHandle::debug_info),
           "What the engine has to say about the session; after close(), what it said last.")
      .def_property_readonly(
          "id", [](const pb::object& self) { return behind<SessionHandle>(self).session().id(); },
          "The \"sid\" the engine sees.")
      .def_property_readonly(
          "_mode_bit",
          [](const pb::object& self) {
            return static_cast<unsigned>(behind<SessionHandle>(self).session().mode());
          })
      .def_property_readonly(
          "done",
          [](const pb::object& self) { return behind<SessionHandle>(self).session().done(); },
          "Whether the final result was read, the session failed, or it was "
          "closed.");
}

}  // namespace aiges::py
