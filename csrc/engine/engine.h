#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "base/status.h"
#include "buffer/data_item.h"
#include "buffer/output.h"
#include "buffer/reaper.h"
#include "engine/stats.h"
#include "engine/tag.h"

namespace aiges {

// The ways of working an engine offers; a set of bits.
enum class Mode : unsigned { kOnce = 1, kOnceAsync = 2, kStream = 4, kStreamAsync = 8 };
using ModeSet = unsigned;
inline constexpr ModeSet kAllModes = 15;
inline constexpr bool has_mode(ModeSet set, Mode mode) {
  return (set & static_cast<unsigned>(mode)) != 0;
}

// A request as an engine sees it. Everything is borrowed until the call returns; see DataItem for
// how long the payload bytes stay.
struct Request {
  TagId tag = 0;
  // usrTag: NUL-terminated, readable until the final callback of the request, or until the session
  // is destroyed; for exec() until it returns (what outlives it makes its own from `tag`).
  const char* tag_text = "";
  std::string_view session_id;  // value of the parameter "sid"; if empty, the tag serves
  std::span<const Pair> params;
  std::span<const DataItem> data;
  std::span<const std::uint32_t> resources;
};

// What the engine finds under "sid".
inline std::string_view session_id_of(const Request& request) {
  return request.session_id.empty() ? std::string_view(request.tag_text) : request.session_id;
}

// A session inside an engine, opaque.
using SessionHandle = void*;

// The error for an engine's own number, worded as AIGES does: "<text>;code=<number>".
inline Status engine_failure(const char* where, Code code, int engine_code,
                             const std::string& text) {
  return Status(code == Code::kInit ? ErrorKind::kInit : ErrorKind::kEngine, code, where,
                text + ";code=" + std::to_string(engine_code))
      .with_engine_code(engine_code);
}

// What an engine has of its host. Any thread; nothing here throws.
class EngineContext {
 public:
  enum class Event { kMeter, kTrace, kMetrics };
  virtual ~EngineContext() = default;

  // Makes a result when it is known to be wanted: copying a payload costs.
  class ResultMaker {
   public:
    virtual ~ResultMaker() = default;
    virtual Result<OutputPtr> make() = 0;
  };
  // A result for an asynchronous request or session; returns what the engine is told (0 or -1).
  virtual int on_result(const char* tag, ResultMaker& maker) = 0;
  // Text for traces and metrics, a count for meters. tag, key and text may be null.
  virtual int on_event(Event event, const char* tag, const char* key, const char* text,
                       std::int64_t count) = 0;

  // Between these two the engine is not finished: it owns an output that someone still reads.
  virtual void output_made() = 0;
  virtual void output_gone() = 0;
  // Releases `object`, with which so many bytes wait, on a thread where that may take its time.
  virtual void reap(Reapable* object, std::size_t bytes) = 0;
  virtual Stats& stats() = 0;
  // engine_failure() for this context's engine.
  virtual Status engine_error(const char* where, Code code, int engine_code) = 0;
};

// An engine: a C library, a Python wrapper, a process, or a test's fake. Calls follow the rules of
// include/aiges/wrapper.h, and nothing above this interface knows which kind it has.
//
// Threads: init and fini alone; everything else from any thread, concurrently; calls for one
// session handle never overlap. No function throws.
class Engine {
 public:
  virtual ~Engine() = default;

  virtual ModeSet modes() const = 0;
  virtual bool has_resources() const = 0;
  // After init.
  virtual std::string version() = 0;
  virtual std::optional<std::string> schema() = 0;

  // Once, before init. Outputs keep the context alive, the engine itself does not.
  virtual void connect(const std::shared_ptr<EngineContext>& context) = 0;
  virtual Status init(std::span<const Pair> config) = 0;
  virtual Status fini() = 0;

  virtual Result<OutputPtr> exec(const Request& request) = 0;
  // The result comes through the context, also before this returns. A failure returned here is
  // final. A zero timeout means none.
  virtual Status exec_async(const Request& request, std::chrono::milliseconds timeout) = 0;

  virtual Result<SessionHandle> create(const Request& request, bool with_callback) = 0;
  virtual Status write(SessionHandle session, std::span<const DataItem> data) = 0;
  // A null output means that there is nothing yet.
  virtual Result<OutputPtr> read(SessionHandle session) = 0;
  virtual Status destroy(SessionHandle session) = 0;
  virtual std::string debug_info(SessionHandle session) = 0;

  virtual Status load_resource(const DataItem& data, std::uint32_t id) = 0;
  virtual Status unload_resource(std::uint32_t id) = 0;

  // The text of one of the engine's own error numbers; never fails.
  virtual std::string error_text(int engine_code) = 0;

  // Asks the engine to stop working for a tag; only where it can.
  virtual bool can_cancel() const = 0;
  virtual void cancel(const char* tag) = 0;
};

}  // namespace aiges
