#include "bindings/python.h"

#include <atomic>

namespace aiges::py {
namespace {

// Process-wide, as the interpreter is that the work waits for.
std::atomic<GilWork*> waiting{nullptr};

class DropReference final : public GilWork {
 public:
  explicit DropReference(PyObject* object) : object_(object) {}

 private:
  void run() override { Py_DECREF(object_); }
  PyObject* object_;
};

}  // namespace

void run_with_gil(std::unique_ptr<GilWork> work) noexcept {
  if (!finalizing() && PyGILState_Check()) {
    work->run();
    return;
  }
  if (finalizing()) {
    // Nobody will ever run it, and it must not be destroyed without the GIL.
    [[maybe_unused]] const GilWork* const left = work.release();
    return;
  }
  GilWork* added = work.release();
  added->next_ = waiting.load(std::memory_order_relaxed);
  while (!waiting.compare_exchange_weak(added->next_, added, std::memory_order_release,
                                        std::memory_order_relaxed)) {
  }
  // In case nobody comes by. Refused when too many are waiting, and then somebody comes.
  Py_AddPendingCall(
      [](void*) {
        run_waiting_gil_work();
        return 0;
      },
      nullptr);
}

void run_waiting_gil_work() {
  if (!waiting.load(std::memory_order_relaxed)) return;
  GilWork* list = waiting.exchange(nullptr, std::memory_order_acquire);
  while (list) {
    const std::unique_ptr<GilWork> work(list);
    list = list->next_;
    work->run();
  }
}

std::shared_ptr<void> share_object(Ref object) {
  return {object.release(), [](void* held) {
            run_with_gil(std::make_unique<DropReference>(static_cast<PyObject*>(held)));
          }};
}

}  // namespace aiges::py
