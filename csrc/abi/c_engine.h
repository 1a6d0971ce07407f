#pragma once

#include <memory>
#include <string>

#include "abi/shared_library.h"
#include "abi/symbol_table.h"
#include "base/status.h"
#include "engine/engine.h"

namespace aiges {

// An engine that is a shared library with the functions of include/aiges/wrapper.h. See Engine for
// the contract; every call into the library goes through here.
class CEngine final : public Engine {
 public:
  // `wanted`: the modes that must be there (0: any one). See SharedLibrary::open for the search.
  static Result<std::unique_ptr<CEngine>> load(const std::string& path, ModeSet wanted);

  const std::string& path() const { return library_->path(); }

  ModeSet modes() const override { return symbols_.modes(); }
  bool has_resources() const override { return symbols_.load_res != nullptr; }
  std::string version() override;
  std::optional<std::string> schema() override;
  void connect(const std::shared_ptr<EngineContext>& context) override;
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
  bool can_cancel() const override { return symbols_.cancel != nullptr; }
  void cancel(const char* tag) override;

 private:
  CEngine(std::unique_ptr<SharedLibrary> library, const SymbolTable& symbols)
      : library_(std::move(library)), symbols_(symbols) {}
  Status engine_error(const char* where, Code code, int engine_code);

  const std::unique_ptr<SharedLibrary> library_;
  const SymbolTable symbols_;
  // The context owns this engine, so it is not owned here.
  std::weak_ptr<EngineContext> context_;
  wrapperCallback callback_ = nullptr;
};

}  // namespace aiges
