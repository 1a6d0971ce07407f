#include "abi/c_engine.h"

#include <cstring>
#include <utility>
#include <vector>

#include "abi/engine_output.h"
#include "abi/guarded.h"
#include "abi/host_services.h"
#include "abi/list_builder.h"
#include "abi/list_view.h"

namespace aiges {
namespace {

constexpr std::size_t kMaxErrorText = 65'536;    // bytes kept of an error text
constexpr std::size_t kMaxLongText = 16U << 20;  // bytes kept of debug info and schema

// A string of the engine's, null read as empty, cut at a limit so that a huge one stays readable.
std::string bounded_text(const char* text, std::size_t limit) {
  if (!text) return {};
  const std::size_t length = ::strnlen(text, limit + 1);
  if (length <= limit) return {text, length};
  std::size_t cut = limit;
  while (cut > 0 && (static_cast<unsigned char>(text[cut]) & 0xC0) == 0x80) --cut;  // UTF-8
  return std::string(text, cut) + "... (cut after " + std::to_string(cut) + " bytes)";
}

// The ABI's resource ids are not const.
class ResourceIds {
 public:
  explicit ResourceIds(std::span<const std::uint32_t> ids) : ids_(ids.begin(), ids.end()) {}
  unsigned* data() { return ids_.empty() ? nullptr : ids_.data(); }
  int count() const { return static_cast<int>(ids_.size()); }

 private:
  std::vector<unsigned> ids_;
};

// The lists of one request.
struct Lists {
  ListBuilder builder;
  pParamList params = nullptr;
  pDataList data = nullptr;

  Status build(const Request& request) {
    Result<pParamList> pairs = builder.params(request.params, session_id_of(request));
    if (!pairs.ok()) return pairs.status();
    Result<pDataList> items = builder.data(request.data);
    if (!items.ok()) return items.status();
    params = pairs.value();
    data = items.value();
    return {};
  }
};

}  // namespace

Result<std::unique_ptr<CEngine>> CEngine::load(const std::string& path, ModeSet wanted) {
  Result<std::unique_ptr<SharedLibrary>> library = SharedLibrary::open(path);
  if (!library.ok()) return library.status();
  if (library.value()->index() >= kMaxLibraries) {
    return Status(ErrorKind::kLoad, Code::kLoad, "load",
                  "this process has loaded " + std::to_string(kMaxLibraries) +
                      " different engine libraries already, and libraries are never unloaded; "
                      "use another process");
  }
  Result<SymbolTable> symbols = SymbolTable::resolve(*library.value(), wanted);
  if (!symbols.ok()) return symbols.status();
  if (symbols.value().abi_version) {
    int version = 0;
    Status status =
        guarded("wrapperAbiVersion", Code::kLoad, [&] { version = symbols.value().abi_version(); });
    if (!status.ok()) return Status(ErrorKind::kLoad, Code::kLoad, "load", status.message());
    if (version > AIGES_WRAPPER_EXT_VERSION) {
      return Status(ErrorKind::kLoad, Code::kLoad, "load",
                    "'" + library.value()->path() + "' was built for version " +
                        std::to_string(version) + " of wrapper_ext.h, this host knows up to " +
                        std::to_string(AIGES_WRAPPER_EXT_VERSION) + "; update aiges_native");
    }
  }
  return std::unique_ptr<CEngine>(new CEngine(std::move(library.value()), symbols.value()));
}

Status CEngine::engine_error(const char* where, Code code, int engine_code) {
  return engine_failure(where, code, engine_code, error_text(engine_code));
}

std::string CEngine::error_text(int engine_code) {
  std::string text;
  Status status = guarded("wrapperError", Code::kExec,
                          [&] { text = bounded_text(symbols_.error(engine_code), kMaxErrorText); });
  return status.ok() ? text : status.message();
}

std::string CEngine::version() {
  std::string text;
  if (symbols_.version) {
    (void)guarded("wrapperVersion", Code::kInit,
                  [&] { text = bounded_text(symbols_.version(), kMaxErrorText); });
  }
  return text;
}

std::optional<std::string> CEngine::schema() {
  std::string text;
  if (symbols_.schema) {
    (void)guarded("wrapperSchema", Code::kInit,
                  [&] { text = bounded_text(symbols_.schema(), kMaxLongText); });
  }
  return text.empty() ? std::nullopt : std::optional(std::move(text));
}

void CEngine::connect(const std::shared_ptr<EngineContext>& context) {
  context_ = context;
  const HostServices services = connect_host_services(library_->index(), context);
  callback_ = services.callback;
  if (!symbols_.set_ctrl) return;
  // Before wrapperInit: engines read these while they initialise. A refusal is no error.
  const auto offer = [&](CtrlType type, auto function) {
    (void)guarded("wrapperSetCtrl", Code::kInit,
                  [&] { symbols_.set_ctrl(type, reinterpret_cast<void*>(function)); });
  };
  offer(CTMeterCustom, services.meter);
  offer(CTMetricsLog, services.metrics);
  offer(CTTraceLog, services.trace);
}

Status CEngine::init(std::span<const Pair> config) {
  ListBuilder builder;
  Result<pParamList> list = builder.params(config);
  if (!list.ok()) return list.status();
  int ret = 0;
  Status status = guarded("wrapperInit", Code::kInit, [&] { ret = symbols_.init(list.value()); });
  if (status.ok() && ret == 0) return {};
  status = status.ok() ? engine_error("wrapperInit", Code::kInit, ret)
                       : Status(ErrorKind::kInit, Code::kInit, "wrapperInit", status.message());
  library_->release();  // there will be no wrapperFini: it may be tried again
  return status;
}

Status CEngine::fini() {
  int ret = 0;
  Status status = guarded("wrapperFini", Code::kFini, [&] { ret = symbols_.fini(); });
  if (status.ok() && ret != 0) status = engine_error("wrapperFini", Code::kFini, ret);
  // Not when this object goes: the host functions of the library keep it for stray callbacks.
  library_->release();
  return status;
}

Result<OutputPtr> CEngine::exec(const Request& request) {
  Lists lists;
  if (Status status = lists.build(request); !status.ok()) return status;
  ResourceIds ids(request.resources);
  auto output = std::make_unique<EngineOutput>(request.tag, symbols_.exec_free, context_.lock());
  pDataList head = nullptr;
  int ret = 0;
  Status status = guarded("wrapperExec", Code::kExec, [&] {
    ret = symbols_.exec(output->tag(), lists.params, lists.data, &head, ids.data(), ids.count());
  });
  if (!status.ok()) return status;
  // The ABI frees outputs of successful calls only; what a failed one left is the engine's affair.
  if (ret != 0) return engine_error("wrapperExec", Code::kExec, ret);
  if (!head) {
    return Status(ErrorKind::kEngine, Code::kInvalidOutput, "wrapperExec",
                  "wrapper output data is nil: wrapperExec returned 0 and left respData NULL");
  }
  return EngineOutput::fill(std::move(output), head);
}

Status CEngine::exec_async(const Request& request, std::chrono::milliseconds timeout) {
  Lists lists;
  if (Status status = lists.build(request); !status.ok()) return status;
  ResourceIds ids(request.resources);
  int ret = 0;
  Status status = guarded("wrapperExecAsync", Code::kExec, [&] {
    ret = symbols_.exec_async(request.tag_text, lists.params, lists.data, callback_,
                              static_cast<int>(timeout.count()), ids.data(), ids.count());
  });
  if (!status.ok()) return status;
  return ret == 0 ? Status() : engine_error("wrapperExecAsync", Code::kExec, ret);
}

Result<SessionHandle> CEngine::create(const Request& request, bool with_callback) {
  Lists lists;
  if (Status status = lists.build(request); !status.ok()) return status;
  ResourceIds ids(request.resources);
  const void* handle = nullptr;
  int error = 0;
  Status status = guarded("wrapperCreate", Code::kCreate, [&] {
    handle = symbols_.create(request.tag_text, lists.params, with_callback ? callback_ : nullptr,
                             ids.data(), ids.count(), &error);
  });
  if (!status.ok()) return status;
  // Also with error 0: a null handle is a failure, reported with the text of 0, as AIGES does.
  if (error != 0 || !handle) return engine_error("wrapperCreate", Code::kCreate, error);
  return const_cast<SessionHandle>(handle);
}

Status CEngine::write(SessionHandle session, std::span<const DataItem> data) {
  ListBuilder builder;
  Result<pDataList> list = builder.data(data);
  if (!list.ok()) return list.status();
  int ret = 0;
  Status status =
      guarded("wrapperWrite", Code::kWrite, [&] { ret = symbols_.write(session, list.value()); });
  if (!status.ok()) return status;
  return ret == 0 ? Status() : engine_error("wrapperWrite", Code::kWrite, ret);
}

Result<OutputPtr> CEngine::read(SessionHandle session) {
  pDataList head = nullptr;
  int ret = 0;
  Status status = guarded("wrapperRead", Code::kRead, [&] { ret = symbols_.read(session, &head); });
  if (!status.ok()) return status;
  if (ret != 0) return engine_error("wrapperRead", Code::kRead, ret);
  // Copied at once: the engine may use the memory again with the next wrapperRead.
  Result<OutputPtr> copy = copy_list(head, "wrapperRead", DescLength::kVlen);
  if (copy.ok() && copy.value()) {
    if (const auto context = context_.lock())
      count(context->stats().bytes_copied, copy.value()->bytes());
  }
  return copy;
}

Status CEngine::destroy(SessionHandle session) {
  int ret = 0;
  Status status =
      guarded("wrapperDestroy", Code::kDestroy, [&] { ret = symbols_.destroy(session); });
  if (!status.ok()) return status;
  return ret == 0 ? Status() : engine_error("wrapperDestroy", Code::kDestroy, ret);
}

std::string CEngine::debug_info(SessionHandle session) {
  std::string text;
  if (symbols_.debug_info) {
    (void)guarded("wrapperDebugInfo", Code::kRead,
                  [&] { text = bounded_text(symbols_.debug_info(session), kMaxLongText); });
  }
  return text;
}

Status CEngine::load_resource(const DataItem& data, std::uint32_t id) {
  if (!symbols_.load_res) {
    return Status(ErrorKind::kEngine, Code::kLoadResource, "load_resource",
                  "the engine has no resources: it does not export wrapperLoadRes");
  }
  ListBuilder builder;
  Result<pDataList> list = builder.data({&data, 1});
  if (!list.ok()) return list.status();
  int ret = 0;
  Status status = guarded("wrapperLoadRes", Code::kLoadResource,
                          [&] { ret = symbols_.load_res(list.value(), id); });
  if (!status.ok()) return status;
  return ret == 0 ? Status() : engine_error("wrapperLoadRes", Code::kLoadResource, ret);
}

Status CEngine::unload_resource(std::uint32_t id) {
  if (!symbols_.unload_res) return {};  // nothing to tell: the resource is only forgotten here
  int ret = 0;
  Status status =
      guarded("wrapperUnloadRes", Code::kUnloadResource, [&] { ret = symbols_.unload_res(id); });
  if (!status.ok()) return status;
  return ret == 0 ? Status() : engine_error("wrapperUnloadRes", Code::kUnloadResource, ret);
}

void CEngine::cancel(const char* tag) {
  (void)guarded("wrapperCancel", Code::kExec, [&] { symbols_.cancel(tag); });
}

}  // namespace aiges
