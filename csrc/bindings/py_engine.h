#pragma once

#include "bindings/python.h"

#include <memory>
#include <string>

#include "engine/engine.h"

namespace aiges::py {

// An engine that is a Python wrapper in this interpreter. How a wrapper's methods want to be called
// is not known here: that is the affair of aiges_native/wrapper/binding.py, whose BoundWrapper this
// calls with one fixed form for each function of the ABI.
//
// Every function takes the GIL for itself, so callers release it first, as for any other engine.
class PyEngine final : public Engine {
 public:
  // With the GIL.
  explicit PyEngine(Ref bound);
  ~PyEngine() override;

  ModeSet modes() const override { return modes_; }
  bool has_resources() const override { return true; }
  std::string version() override;
  std::optional<std::string> schema() override;
  void connect(const std::shared_ptr<EngineContext>& context) override { context_ = context; }
  Status init(std::span<const Pair> config) override;
  Status fini() override;
  Result<OutputPtr> exec(const Request& request) override;
  Status exec_async(const Request& request, std::chrono::milliseconds timeout) override;
  Result<SessionHandle> create(const Request& request, bool with_callback) override;
  Status write(SessionHandle session, std::span<const DataItem> data) override;
  Result<OutputPtr> read(SessionHandle session) override;
  Status destroy(SessionHandle session) override;
  std::string debug_info(SessionHandle session) override;
  Status load_resource(const DataItem& data, std::uint32_t id) override;
  Status unload_resource(std::uint32_t id) override;
  std::string error_text(int engine_code) override;
  bool can_cancel() const override { return false; }
  void cancel(const char*) override {}

  // Turns what a wrapper answered into an output, or its error code into a status. With the GIL.
  // Null when there is nothing in it and `may_be_empty`.
  Result<OutputPtr> take_response(PyObject* response, const char* where, Code code,
                                  bool may_be_empty);

 private:
  Ref call(const char* method, const char* format, ...);
  // For functions whose answer is a number.
  Status check_return(const Ref& returned, const char* where, Code code);

  const std::shared_ptr<void> bound_;
  std::shared_ptr<void> once_;  // the method of bound_ that requests spend their time in
  std::weak_ptr<EngineContext> context_;
  ModeSet modes_ = 0;
};

}  // namespace aiges::py
