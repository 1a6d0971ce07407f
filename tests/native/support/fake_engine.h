#pragma once

#include <atomic>
#include <chrono>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "engine/engine.h"
#include "support/latch.h"
#include "support/outputs.h"

namespace aiges::test {

// What a FakeEngine does and what it saw; shared, so that it can be looked at after the engine's
// end. Hooks are set before the engine starts and run on whatever thread calls. Without a hook a
// call succeeds: exec and read answer "fake", exec_async calls back nothing.
struct Script {
  ModeSet modes = kAllModes;
  std::function<Status()> on_init;
  std::function<Status()> on_fini;
  std::function<Result<OutputPtr>(const Request&)> on_exec;
  std::function<Status(const Request&, std::chrono::milliseconds)> on_exec_async;
  std::function<Status(const Request&, bool with_callback)> on_create;
  std::function<Status(std::span<const DataItem>)> on_write;
  std::function<Result<OutputPtr>()> on_read;
  std::function<Status()> on_destroy;
  std::function<Status(std::uint32_t)> on_load_resource;
  std::function<Status(std::uint32_t)> on_unload_resource;
  std::function<void(const std::string& tag)> on_cancel;  // without it the engine cannot cancel

  Count inits, finis, execs, exec_asyncs, creates, writes, reads, destroys, debug_infos, unloads,
      cancels;
  std::shared_ptr<Count> given_back = std::make_shared<Count>();  // outputs made by held()

  std::shared_ptr<EngineContext> context() {
    const std::lock_guard lock(mutex_);
    return context_.lock();
  }
  void set_context(const std::shared_ptr<EngineContext>& context) {
    const std::lock_guard lock(mutex_);
    context_ = context;
  }
  // Calls back as an engine does; returns what it is told.
  int call_back(const std::string& tag, Result<OutputPtr> result) {
    const std::shared_ptr<EngineContext> host = context();
    if (!host) return -2;
    Answer answer(std::move(result));
    return host->on_result(tag.c_str(), answer);
  }
  OutputPtr held(const std::string& text) { return HeldOutput::make(context(), given_back, text); }

  // The rules of include/aiges/wrapper.h that a host broke, in words; none: "".
  std::string faults() {
    const std::lock_guard lock(mutex_);
    return faults_;
  }

  // ---- for FakeEngine: who is inside, and whether that is allowed ----
  void enter(const std::string& what) {
    const std::lock_guard lock(mutex_);
    if (finished_) fault(what + " after fini");
    ++inside_;
  }
  void leave() {
    const std::lock_guard lock(mutex_);
    --inside_;
  }
  void finish() {
    const std::lock_guard lock(mutex_);
    if (finished_) fault("fini twice");
    if (inside_ != 0) fault("fini with " + std::to_string(inside_) + " calls inside");
    for (const Handle& handle : handles_)
      if (!handle.destroyed) fault("fini with an open session");
    finished_ = true;
  }
  SessionHandle new_handle() {
    const std::lock_guard lock(mutex_);
    handles_.push_back({});
    return &handles_.back();
  }
  void enter_session(SessionHandle session, const std::string& what) {
    enter(what);
    const std::lock_guard lock(mutex_);
    auto& handle = *static_cast<Handle*>(session);
    if (handle.destroyed) fault(what + " after destroy");
    if (handle.inside) fault(what + " while another call of the session is inside");
    handle.inside = true;
  }
  void leave_session(SessionHandle session, bool destroyed) {
    {
      const std::lock_guard lock(mutex_);
      auto& handle = *static_cast<Handle*>(session);
      handle.inside = false;
      handle.destroyed = handle.destroyed || destroyed;
    }
    leave();
  }

 private:
  struct Handle {
    bool inside = false;
    bool destroyed = false;
  };
  void fault(const std::string& what) { faults_ += what + "; "; }

  std::mutex mutex_;
  std::weak_ptr<EngineContext> context_;
  std::string faults_;
  bool finished_ = false;
  int inside_ = 0;
  std::deque<Handle> handles_;  // a deque: handles are their addresses
};

class FakeEngine final : public Engine {
 public:
  explicit FakeEngine(std::shared_ptr<Script> script) : script_(std::move(script)) {}

  ModeSet modes() const override { return script_->modes; }
  bool has_resources() const override { return true; }
  std::string version() override { return "fake 1"; }
  std::optional<std::string> schema() override { return "{}"; }
  void connect(const std::shared_ptr<EngineContext>& context) override {
    script_->set_context(context);
  }

  Status init(std::span<const Pair>) override {
    script_->inits.add();
    return script_->on_init ? script_->on_init() : Status();
  }
  Status fini() override {
    script_->finish();
    Status status = script_->on_fini ? script_->on_fini() : Status();
    script_->finis.add();
    return status;
  }

  Result<OutputPtr> exec(const Request& request) override {
    const Inside inside(*script_, "exec");
    script_->execs.add();
    if (script_->on_exec) return script_->on_exec(request);
    return text_output("result", "fake");
  }
  Status exec_async(const Request& request, std::chrono::milliseconds timeout) override {
    const Inside inside(*script_, "exec_async");
    script_->exec_asyncs.add();
    return script_->on_exec_async ? script_->on_exec_async(request, timeout) : Status();
  }

  Result<SessionHandle> create(const Request& request, bool with_callback) override {
    const Inside inside(*script_, "create");
    script_->creates.add();
    Status status = script_->on_create ? script_->on_create(request, with_callback) : Status();
    if (!status.ok()) return status;
    return script_->new_handle();
  }
  Status write(SessionHandle session, std::span<const DataItem> data) override {
    const InSession inside(*script_, session, "write");
    script_->writes.add();
    return script_->on_write ? script_->on_write(data) : Status();
  }
  Result<OutputPtr> read(SessionHandle session) override {
    const InSession inside(*script_, session, "read");
    script_->reads.add();
    if (script_->on_read) return script_->on_read();
    return text_output("result", "fake");
  }
  Status destroy(SessionHandle session) override {
    InSession inside(*script_, session, "destroy");
    inside.destroyed = true;
    Status status = script_->on_destroy ? script_->on_destroy() : Status();
    script_->destroys.add();
    return status;
  }
  std::string debug_info(SessionHandle session) override {
    const InSession inside(*script_, session, "debug_info");
    script_->debug_infos.add();
    return "fake session";
  }

  Status load_resource(const DataItem&, std::uint32_t id) override {
    const Inside inside(*script_, "load_resource");
    return script_->on_load_resource ? script_->on_load_resource(id) : Status();
  }
  Status unload_resource(std::uint32_t id) override {
    const Inside inside(*script_, "unload_resource");
    script_->unloads.add();
    return script_->on_unload_resource ? script_->on_unload_resource(id) : Status();
  }
  std::string error_text(int engine_code) override {
    return "fake error " + std::to_string(engine_code);
  }
  bool can_cancel() const override { return script_->on_cancel != nullptr; }
  void cancel(const char* tag) override {
    const Inside inside(*script_, "cancel");
    script_->cancels.add();
    if (script_->on_cancel) script_->on_cancel(tag);
  }

 private:
  struct Inside {
    Inside(Script& of, const char* what) : script(of) { script.enter(what); }
    ~Inside() { script.leave(); }
    Inside(const Inside&) = delete;
    Inside& operator=(const Inside&) = delete;
    Script& script;
  };
  struct InSession {
    InSession(Script& of, SessionHandle handle, const char* what) : script(of), session(handle) {
      script.enter_session(session, what);
    }
    ~InSession() { script.leave_session(session, destroyed); }
    InSession(const InSession&) = delete;
    InSession& operator=(const InSession&) = delete;
    Script& script;
    const SessionHandle session;
    bool destroyed = false;
  };

  const std::shared_ptr<Script> script_;
};

inline Status engine_says_no(int number) {
  return engine_failure("fake", Code::kExec, number, "fake error " + std::to_string(number));
}

}  // namespace aiges::test
