#pragma once

// First in every file of this folder: Python's headers want to be before all others.
#include <pybind11/pybind11.h>

#include <memory>
#include <utility>

namespace aiges::py {

// A strong reference; the GIL is held wherever one is made, copied or dropped.
class Ref {
 public:
  Ref() = default;
  static Ref steal(PyObject* object) {
    Ref ref;
    ref.object_ = object;
    return ref;
  }
  static Ref borrow(PyObject* object) {
    Py_XINCREF(object);
    return steal(object);
  }
  Ref(const Ref& other) : object_(Py_XNewRef(other.object_)) {}
  Ref(Ref&& other) noexcept : object_(std::exchange(other.object_, nullptr)) {}
  Ref& operator=(Ref other) noexcept {
    std::swap(object_, other.object_);
    return *this;
  }
  ~Ref() { Py_XDECREF(object_); }

  explicit operator bool() const { return object_ != nullptr; }
  PyObject* get() const { return object_; }
  PyObject* release() { return std::exchange(object_, nullptr); }

 private:
  PyObject* object_ = nullptr;
};

// Lets other Python threads run. Used around everything that can block: engine calls, waits, and
// whatever takes a lock that an engine's thread may hold while it waits for the interpreter.
class ReleaseGil {
 public:
  ReleaseGil() : state_(PyEval_SaveThread()) {}
  ~ReleaseGil() { PyEval_RestoreThread(state_); }
  ReleaseGil(const ReleaseGil&) = delete;
  ReleaseGil& operator=(const ReleaseGil&) = delete;

 private:
  PyThreadState* const state_;
};

// Whether the interpreter is on its way out: taking the GIL would then end the calling thread.
inline bool finalizing() {
#if PY_VERSION_HEX >= 0x030D0000
  return Py_IsFinalizing() != 0 || Py_IsInitialized() == 0;
#else
  return _Py_IsFinalizing() != 0 || Py_IsInitialized() == 0;
#endif
}

// Enters the interpreter from any thread, also one that is inside already.
class AcquireGil {
 public:
  AcquireGil() : state_(PyGILState_Ensure()) {}
  ~AcquireGil() { PyGILState_Release(state_); }
  AcquireGil(const AcquireGil&) = delete;
  AcquireGil& operator=(const AcquireGil&) = delete;

 private:
  const PyGILState_STATE state_;
};

// A method as pybind11 is to call it. Given a bare pointer to a member it would also call it for an
// object whose __init__ never succeeded, which has nothing behind it; with a reference it says so.
template <class Class, class Return, class... Arguments>
auto method(Return (Class::*function)(Arguments...)) {
  return [function](Class& self, Arguments... arguments) -> Return {
    return (self.*function)(std::forward<Arguments>(arguments)...);
  };
}

// Work that needs the GIL and comes up on threads that must not wait for it (an engine's, a
// pool's): it is kept here until a thread that has the GIL anyway comes by.
class GilWork {
 public:
  virtual ~GilWork() = default;

 private:
  friend void run_with_gil(std::unique_ptr<GilWork> work) noexcept;
  friend void run_waiting_gil_work();
  virtual void run() = 0;
  GilWork* next_ = nullptr;
};
// Now if this thread has the GIL, else later.
void run_with_gil(std::unique_ptr<GilWork> work) noexcept;
// With the GIL held. One load when there is nothing to do.
void run_waiting_gil_work();

// A reference that any thread may hold and drop, as a shared_ptr so that it can be put anywhere.
std::shared_ptr<void> share_object(Ref object);

}  // namespace aiges::py
