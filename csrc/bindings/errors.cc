#include "bindings/errors.h"

namespace aiges::py {
namespace {

const char* class_name(ErrorKind kind) {
  switch (kind) {
    case ErrorKind::kLoad:
      return "EngineLoadError";
    case ErrorKind::kInit:
      return "EngineInitError";
    case ErrorKind::kEngine:
      return "EngineError";
    case ErrorKind::kSession:
      return "SessionError";
    case ErrorKind::kOverload:
      return "OverloadError";
    case ErrorKind::kDeadline:
      return "DeadlineError";
    case ErrorKind::kInvalidData:
      return "InvalidDataError";
  }
  return "AigesError";
}

// Engines write their texts in whatever encoding they like.
Ref decode(const std::string& text) {
  return Ref::steal(
      PyUnicode_DecodeUTF8(text.data(), static_cast<Py_ssize_t>(text.size()), "replace"));
}

Ref optional_text(const std::string& text) {
  return text.empty() ? Ref::borrow(Py_None) : decode(text);
}

}  // namespace

Ref make_exception(const Status& status, const std::string& engine) {
  auto* cause = static_cast<PyObject*>(status.cause().get());
  // An interrupt of the user's is not a failure of the engine that happened to be running.
  if (cause && PyErr_GivenExceptionMatches(cause, PyExc_KeyboardInterrupt))
    return Ref::borrow(cause);

  const Ref module = Ref::steal(PyImport_ImportModule("aiges_native.errors"));
  if (!module) return {};
  const Ref type = Ref::steal(PyObject_GetAttrString(module.get(), class_name(status.kind())));
  const Ref message = decode(status.where() + ": " + status.message());
  const Ref arguments = Ref::steal(PyTuple_Pack(1, message.get()));
  const Ref engine_name = optional_text(engine);
  const Ref session_id = optional_text(status.session_id());
  const Ref engine_code = status.engine_code() ? Ref::steal(PyLong_FromLong(*status.engine_code()))
                                               : Ref::borrow(Py_None);
  const Ref keywords = Ref::steal(Py_BuildValue(
      "{s:i,s:O,s:O,s:O}", "code", static_cast<int>(status.code()), "engine_code",
      engine_code.get(), "engine", engine_name.get(), "session_id", session_id.get()));
  if (!type || !message || !arguments || !keywords) return {};
  Ref exception = Ref::steal(PyObject_Call(type.get(), arguments.get(), keywords.get()));
  if (exception && cause) PyException_SetCause(exception.get(), Py_NewRef(cause));
  return exception;
}

void set_error(const Status& status, const std::string& engine) {
  if (PyErr_Occurred()) return;
  const Ref exception = make_exception(status, engine);
  if (exception) {
    PyErr_SetObject(reinterpret_cast<PyObject*>(Py_TYPE(exception.get())), exception.get());
  }
}

void throw_error(const Status& status, const std::string& engine) {
  set_error(status, engine);
  throw pybind11::error_already_set();
}

Status take_python_error(const char* where, Code code) {
  PyObject* type = nullptr;
  PyObject* value = nullptr;
  PyObject* traceback = nullptr;
  PyErr_Fetch(&type, &value, &traceback);
  PyErr_NormalizeException(&type, &value, &traceback);
  if (traceback) PyException_SetTraceback(value, traceback);
  const Ref owned_type = Ref::steal(type);
  const Ref owned_traceback = Ref::steal(traceback);
  Ref exception = Ref::steal(value);

  std::string text = "raised an exception";
  const Ref module = Ref::steal(PyImport_ImportModule("aiges_native.wrapper.binding"));
  if (module) {
    const Ref described = Ref::steal(run_python([&] {
      return PyObject_CallMethod(module.get(), "describe_exception", "O", exception.get());
    }));
    const char* utf8 = described ? PyUnicode_AsUTF8(described.get()) : nullptr;
    if (utf8) text = utf8;
  }
  PyErr_Clear();
  return Status(code == Code::kInit ? ErrorKind::kInit : ErrorKind::kEngine, code, where,
                std::move(text))
      .with_cause(share_object(std::move(exception)));
}

Status invalid_data(std::string message) {
  return Status(ErrorKind::kInvalidData, Code::kInvalidData, "request", std::move(message));
}

}  // namespace aiges::py
