#pragma once

// First in every file of this folder: Python's headers want to be before all others.
#include <pybind11/pybind11.h>

#include <unistd.h>

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

// Whether the interpreter is on its way out: taking the GIL would then end the calling thread.
inline bool finalizing() {
#if PY_VERSION_HEX >= 0x030D0000
  return Py_IsFinalizing() != 0 || Py_IsInitialized() == 0;
#else
  return _Py_IsFinalizing() != 0 || Py_IsInitialized() == 0;
#endif
}

// A thread that comes back to an interpreter that is shutting down is ended by CPython with
// pthread_exit, which unwinds C++ frames that must not be unwound (and abort). It is stopped
// instead, for the moment the process still has; the exception, if it came to that, is never left.
[[noreturn]] inline void stop_for_ever() {
  for (;;) ::pause();
}
// The one thread that shuts the interpreter down may go on using it: destructors of Python objects
// run there.
inline thread_local bool shuts_down = false;
inline void stop_if_finalizing() {
  if (finalizing() && !shuts_down) stop_for_ever();
}

// Lets other Python threads run. Used around everything that can block: engine calls, waits, and
// whatever takes a lock that an engine's thread may hold while it waits for the interpreter.
class ReleaseGil {
 public:
  ReleaseGil() {
    if (finalizing()) shuts_down = true;  // it has the GIL: nobody else gets it any more
    state_ = PyEval_SaveThread();
  }
  ~ReleaseGil() {
    stop_if_finalizing();
    try {
      PyEval_RestoreThread(state_);
    } catch (...) {
      stop_for_ever();
    }
  }
  ReleaseGil(const ReleaseGil&) = delete;
  ReleaseGil& operator=(const ReleaseGil&) = delete;

 private:
  PyThreadState* state_;
};

// Enters the interpreter from any thread, also one that is inside already.
class AcquireGil {
 public:
  AcquireGil() : state_(ensure()) {}
  ~AcquireGil() {
    // Being unwound by CPython, this thread does not have it: see stop_for_ever().
    if (PyGILState_Check() == 0) stop_for_ever();
    PyGILState_Release(state_);
  }
  AcquireGil(const AcquireGil&) = delete;
  AcquireGil& operator=(const AcquireGil&) = delete;

 private:
  static PyGILState_STATE ensure() {
    if (PyGILState_Check() == 0) stop_if_finalizing();
    try {
      return PyGILState_Ensure();
    } catch (...) {
      stop_for_ever();
    }
  }
  const PyGILState_STATE state_;
};

// Runs code of Python's that may let other threads run in between, and may therefore find the
// interpreter shutting down when it wants to go on. The frames behind must not be unwound then:
// they would drop references.
template <class Call>
PyObject* run_python(Call&& call) {
  try {
    return call();
  } catch (...) {
    stop_for_ever();
  }
}

// What is behind a Python object, or a TypeError: pybind11 hands out memory that nobody initialised
// for an object whose __init__ was never called or never succeeded.
template <class Class>
Class& behind(const pybind11::object& self) {
  if (!pybind11::isinstance<Class>(self))
    throw pybind11::type_error("the object is of another type");
  auto* instance = reinterpret_cast<pybind11::detail::instance*>(self.ptr());
  if (!instance->get_value_and_holder().holder_constructed())
    throw pybind11::type_error("the object was not initialised");
  return *self.cast<Class*>();
}

// A method as pybind11 is to call it.
template <class Class, class Return, class... Arguments>
auto method(Return (Class::*function)(Arguments...)) {
  return [function](const pybind11::object& self, Arguments... arguments) -> Return {
    return (behind<Class>(self).*function)(std::forward<Arguments>(arguments)...);
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
