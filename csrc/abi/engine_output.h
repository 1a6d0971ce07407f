#pragma once

#include <memory>

#include "aiges/wrapper.h"
#include "base/status.h"
#include "buffer/output.h"
#include "buffer/reaper.h"
#include "engine/engine.h"

namespace aiges {

// The output of one successful wrapperExec, where the engine left it: nothing is copied. It keeps
// the engine from being finished, and is given back by one wrapperExecFree on the reaper's thread
// after the last reference is gone, with a usrTag equal to that of the call.
class EngineOutput final : public Output, private Reapable {
 public:
  // Made before the call, because the usrTag it holds is the one the call gets: it is valid until
  // wrapperExecFree has returned.
  EngineOutput(TagId tag, wrapperExecFreePtr free, std::shared_ptr<EngineContext> context)
      : tag_(tag), free_(free), context_(std::move(context)) {}
  const char* tag() const { return tag_.c_str(); }

  // Takes over what the call answered. On failure the list has been given back, if that can be done
  // at all.
  static Result<OutputPtr> fill(std::unique_ptr<EngineOutput> output, pDataList head);

 private:
  friend std::default_delete<EngineOutput>;
  ~EngineOutput() override = default;
  void dispose() noexcept override { context_->reap(this, bytes()); }
  void reap() noexcept override;

  pDataList head_ = nullptr;
  const TagText tag_;
  const wrapperExecFreePtr free_;
  std::shared_ptr<EngineContext> context_;
};

}  // namespace aiges
