#include "abi/host_services.h"

#include <array>
#include <cstdint>
#include <string>
#include <utility>

#include "abi/list_view.h"
#include "base/mutex.h"

namespace aiges {
namespace {

using Event = EngineContext::Event;

struct Slot {
  Mutex mutex;
  std::shared_ptr<EngineContext> context AIGES_GUARDED_BY(mutex);

  std::shared_ptr<EngineContext> get() {
    MutexLock lock(mutex);
    return context;
  }
};

// Process-wide because the functions below are: nothing else connects them with their engine.
std::array<Slot, kMaxLibraries>& slots() {
  static auto* const all = new std::array<Slot, kMaxLibraries>;  // engine threads may outlive exit
  return *all;
}

// A result from a callback, copied when somebody turns out to want it.
class CallbackResult final : public EngineContext::ResultMaker {
 public:
  CallbackResult(EngineContext& context, const DataList* list, int ret)
      : context_(context), list_(list), ret_(ret) {}

  Result<OutputPtr> make() override {
    if (ret_ != 0) return context_.engine_error("callback", Code::kCallback, ret_);
    if (empty_list(list_)) {
      return Status(ErrorKind::kEngine, Code::kInvalidOutput, "callback",
                    "wrapper output data is nil: the callback got 0 and no data");
    }
    Result<OutputPtr> copy = copy_list(list_, "callback", DescLength::kTerminated);
    if (copy.ok()) count(context_.stats().bytes_copied, copy.value()->bytes());
    return copy;
  }

 private:
  EngineContext& context_;
  const DataList* list_;
  const int ret_;
};

// No exception may reach the engine: what goes wrong here is answered like an unknown tag.
int on_result(unsigned index, const void* tag, pDataList list, int ret) noexcept {
  try {
    const std::shared_ptr<EngineContext> context = slots()[index].get();
    if (!context) return -1;
    CallbackResult result(*context, list, ret);
    return context->on_result(static_cast<const char*>(tag), result);
  } catch (...) {
    return -1;
  }
}

int on_event(unsigned index, Event event, const char* tag, const char* key, const char* text,
             int count) noexcept {
  try {
    const std::shared_ptr<EngineContext> context = slots()[index].get();
    return context ? context->on_event(event, tag, key, text, count) : -1;
  } catch (...) {
    return -1;
  }
}

template <unsigned kIndex>
HostServices services_of() {
  return {
      [](const void* tag, pDataList list, int ret) { return on_result(kIndex, tag, list, ret); },
      [](const char* tag, const char* key, int count) {
        return on_event(kIndex, Event::kMeter, tag, key, nullptr, count);
      },
      [](const char* tag, const char* key, const char* value) {
        return on_event(kIndex, Event::kTrace, tag, key, value, 0);
      },
      [](const char* tag, const char* key, const char* value) {
        return on_event(kIndex, Event::kMetrics, tag, key, value, 0);
      },
  };
}

template <unsigned... kIndex>
HostServices services_at(unsigned index, std::integer_sequence<unsigned, kIndex...>) {
  static constexpr HostServices (*kMakers[])() = {&services_of<kIndex>...};
  return kMakers[index]();
}

}  // namespace

HostServices connect_host_services(unsigned index, std::shared_ptr<EngineContext> context) {
  Slot& slot = slots()[index];
  {
    MutexLock lock(slot.mutex);
    std::swap(slot.context, context);
  }
  // The former context goes here, outside the lock.
  return services_at(index, std::make_integer_sequence<unsigned, kMaxLibraries>());
}

}  // namespace aiges
