#include "bindings/py_engine.h"

#include <cstdarg>

#include "bindings/errors.h"
#include "bindings/py_output.h"

namespace aiges::py {
namespace {

Status shutting_down(const char* where) {
  return Status(ErrorKind::kEngine, Code::kInactive, where, "the interpreter is shutting down");
}

Ref text_object(std::string_view text) {
  return Ref::steal(
      PyUnicode_DecodeUTF8(text.data(), static_cast<Py_ssize_t>(text.size()), "replace"));
}

Ref dict_of(std::span<const Pair> pairs) {
  Ref dict = Ref::steal(PyDict_New());
  for (const Pair& pair : pairs) {
    const Ref key = text_object(pair.key);
    const Ref value = text_object(pair.value);
    if (!key || !value || PyDict_SetItem(dict.get(), key.get(), value.get()) != 0) return {};
  }
  return dict;
}

// The payload as a Python object: the caller's own where it is one, so that nothing is copied.
Ref payload_of(const DataItem& item) {
  auto* owner = static_cast<PyObject*>(item.owner);
  if (owner && PyBytes_CheckExact(owner)) return Ref::borrow(owner);
  if (owner) {
    const Ref view = Ref::steal(PyMemoryView_FromObject(owner));
    if (!view) return {};
    const Ref flat = Ref::steal(PyObject_CallMethod(view.get(), "cast", "s", "B"));
    if (flat) return Ref::steal(PyObject_CallMethod(flat.get(), "toreadonly", nullptr));
    PyErr_Clear();  // a shape or format that cannot be cast (an empty array): copy the nothing
  }
  return Ref::steal(PyBytes_FromStringAndSize(static_cast<const char*>(item.data),
                                              static_cast<Py_ssize_t>(item.size)));
}

// (key, data, type, status, desc), as BoundWrapper makes its nodes from.
Ref node_of(const DataItem& item) {
  const Ref key = text_object(item.key);
  const Ref data = payload_of(item);
  const Ref desc = dict_of(item.desc);
  if (!key || !data || !desc) return {};
  return Ref::steal(
      Py_BuildValue("(OOiiO)", key.get(), data.get(), item.type, item.status, desc.get()));
}

Ref nodes_of(std::span<const DataItem> items) {
  Ref list = Ref::steal(PyList_New(0));
  for (const DataItem& item : items) {
    const Ref node = node_of(item);
    if (!node || PyList_Append(list.get(), node.get()) != 0) return {};
  }
  return list;
}

Status check_sizes(std::span<const DataItem> items) {
  for (const DataItem& item : items)
    if (Status status = check_size(item); !status.ok()) return status;
  return {};
}

Ref ids_of(std::span<const std::uint32_t> ids) {
  if (ids.empty()) return Ref::steal(PyTuple_New(0));  // the one empty tuple: nothing is made
  Ref list = Ref::steal(PyList_New(0));
  for (const std::uint32_t id : ids) {
    const Ref number = Ref::steal(PyLong_FromUnsignedLong(id));
    if (!number || PyList_Append(list.get(), number.get()) != 0) return {};
  }
  return list;
}

// What of a request goes to Python; the "sid" is always among the parameters.
struct Arguments {
  Ref params;
  Ref nodes;
  Ref ids;

  bool build(const Request& request) {
    params = dict_of(request.params);
    nodes = nodes_of(request.data);
    ids = ids_of(request.resources);
    if (!params || !nodes || !ids) return false;
    if (!request.session_id.empty()) return true;
    const Ref tag = Ref::steal(PyUnicode_FromString(request.tag_text));
    return tag && PyDict_SetItemString(params.get(), "sid", tag.get()) == 0;
  }
};

std::string text_of(const Ref& object) {
  const char* utf8 =
      object && PyUnicode_Check(object.get()) ? PyUnicode_AsUTF8(object.get()) : nullptr;
  PyErr_Clear();
  return utf8 ? utf8 : "";
}

}  // namespace

PyEngine::PyEngine(Ref bound) : bound_(share_object(std::move(bound))) {
  const Ref modes =
      Ref::steal(PyObject_GetAttrString(static_cast<PyObject*>(bound_.get()), "modes"));
  if (!modes) throw pybind11::error_already_set();
  modes_ = static_cast<ModeSet>(PyLong_AsUnsignedLong(modes.get()));
  Ref once = Ref::steal(PyObject_GetAttrString(static_cast<PyObject*>(bound_.get()), "once"));
  if (!once) throw pybind11::error_already_set();
  once_ = share_object(std::move(once));
}

PyEngine::~PyEngine() = default;

Ref PyEngine::call(const char* method, const char* format, ...) {
  const Ref function =
      Ref::steal(PyObject_GetAttrString(static_cast<PyObject*>(bound_.get()), method));
  if (!function) return {};
  va_list values;
  va_start(values, format);
  const Ref arguments = Ref::steal(Py_VaBuildValue(format, values));
  va_end(values);
  if (!arguments) return {};
  return Ref::steal(
      run_python([&] { return PyObject_CallObject(function.get(), arguments.get()); }));
}

Status PyEngine::check_return(const Ref& returned, const char* where, Code code) {
  if (!returned) return take_python_error(where, code);
  const long ret = PyLong_AsLong(returned.get());
  return ret == 0 ? Status()
                  : engine_failure(where, code, static_cast<int>(ret),
                                   error_text(static_cast<int>(ret)));
}

std::string PyEngine::version() {
  const AcquireGil gil;
  return text_of(call("version", "()"));
}

std::optional<std::string> PyEngine::schema() {
  const AcquireGil gil;
  std::string text = text_of(call("schema", "()"));
  return text.empty() ? std::nullopt : std::optional(std::move(text));
}

Status PyEngine::init(std::span<const Pair> config) {
  const AcquireGil gil;
  const Ref dict = dict_of(config);
  if (!dict) return take_python_error("wrapperInit", Code::kInit);
  return check_return(call("init", "(O)", dict.get()), "wrapperInit", Code::kInit);
}

Status PyEngine::fini() {
  if (finalizing()) return shutting_down("wrapperFini");
  const AcquireGil gil;
  return check_return(call("fini", "()"), "wrapperFini", Code::kFini);
}

std::string PyEngine::error_text(int engine_code) {
  if (finalizing()) return {};
  const AcquireGil gil;
  return text_of(call("error_text", "(i)", engine_code));
}

Result<OutputPtr> PyEngine::take_response(PyObject* response, const char* where, Code code,
                                          bool may_be_empty) {
  static PyObject* const list_name = PyUnicode_InternFromString("list");
  static PyObject* const code_name = PyUnicode_InternFromString("error_code");
  const auto unusable = [where](const std::string& what) {
    return Status(ErrorKind::kEngine, Code::kInvalidOutput, where,
                  "wrapper output data is nil: " + what);
  };
  const Ref error_code = Ref::steal(PyObject_GetAttr(response, code_name));
  const Ref items = Ref::steal(PyObject_GetAttr(response, list_name));
  PyErr_Clear();
  if (error_code && PyLong_Check(error_code.get())) {
    const auto number = static_cast<int>(PyLong_AsLong(error_code.get()));
    PyErr_Clear();
    if (number != 0) return engine_failure(where, code, number, error_text(number));
  }
  const bool is_list = items && (PyList_Check(items.get()) || PyTuple_Check(items.get()));
  if (items && !is_list && error_code) {
    return unusable(std::string(where) + " returned a Response whose .list is " +
                    Py_TYPE(items.get())->tp_name + "; expected a list of ResponseData");
  }
  if (!is_list || PyType_Check(response)) {
    return unusable(std::string(where) + " returned " +
                    (response == Py_None ? "None" : Py_TYPE(response)->tp_name) +
                    "; expected a Response");
  }
  if (PySequence_Fast_GET_SIZE(items.get()) != 0) return PyOutput::from_items(items.get(), where);
  if (may_be_empty) return OutputPtr();
  return unusable("the Response has an empty list");
}

Result<OutputPtr> PyEngine::exec(const Request& request) {
  if (finalizing()) return shutting_down("wrapperOnceExec");
  if (Status status = check_sizes(request.data); !status.ok()) return status;
  const AcquireGil gil;
  Arguments arguments;
  if (!arguments.build(request)) return take_python_error("wrapperOnceExec", Code::kExec);
  const Ref tag = Ref::steal(PyUnicode_FromStringAndSize(request.tag_text, TagText::kLength));
  PyObject* values[] = {arguments.params.get(), arguments.nodes.get(), tag.get(),
                        arguments.ids.get()};
  const Ref response = Ref::steal(run_python([&] {
    return PyObject_Vectorcall(static_cast<PyObject*>(once_.get()), values, 4, nullptr);
  }));
  if (!response) return take_python_error("wrapperOnceExec", Code::kExec);
  return take_response(response.get(), "wrapperOnceExec", Code::kExec, false);
}

Status PyEngine::exec_async(const Request& request, std::chrono::milliseconds) {
  if (finalizing()) return shutting_down("wrapperOnceExecAsync");
  if (Status status = check_sizes(request.data); !status.ok()) return status;
  const AcquireGil gil;
  Arguments arguments;
  if (!arguments.build(request)) return take_python_error("wrapperOnceExecAsync", Code::kExec);
  return check_return(call("once_async", "(OOsO)", arguments.params.get(), arguments.nodes.get(),
                           request.tag_text, arguments.ids.get()),
                      "wrapperOnceExecAsync", Code::kExec);
}

Result<SessionHandle> PyEngine::create(const Request& request, bool) {
  if (finalizing()) return shutting_down("wrapperCreate");
  const AcquireGil gil;
  Arguments arguments;
  if (!arguments.build(request)) return take_python_error("wrapperCreate", Code::kCreate);
  // (error code, handle)
  const Ref created =
      call("create", "(OsO)", arguments.params.get(), request.tag_text, arguments.ids.get());
  if (!created) return take_python_error("wrapperCreate", Code::kCreate);
  const auto error_code = static_cast<int>(PyLong_AsLong(PyTuple_GET_ITEM(created.get(), 0)));
  PyObject* handle = PyTuple_GET_ITEM(created.get(), 1);
  if (error_code != 0 || handle == Py_None)
    return engine_failure("wrapperCreate", Code::kCreate, error_code, error_text(error_code));
  return static_cast<SessionHandle>(Py_NewRef(handle));  // given back in destroy()
}

Status PyEngine::write(SessionHandle session, std::span<const DataItem> data) {
  if (finalizing()) return shutting_down("wrapperWrite");
  if (Status status = check_sizes(data); !status.ok()) return status;
  const AcquireGil gil;
  const Ref nodes = nodes_of(data);
  if (!nodes) return take_python_error("wrapperWrite", Code::kWrite);
  return check_return(call("write", "(OO)", static_cast<PyObject*>(session), nodes.get()),
                      "wrapperWrite", Code::kWrite);
}

Result<OutputPtr> PyEngine::read(SessionHandle session) {
  if (finalizing()) return shutting_down("wrapperRead");
  const AcquireGil gil;
  const Ref response = call("read", "(O)", static_cast<PyObject*>(session));
  if (!response) return take_python_error("wrapperRead", Code::kRead);
  if (response.get() == Py_None) return OutputPtr();
  return take_response(response.get(), "wrapperRead", Code::kRead, true);
}

Status PyEngine::destroy(SessionHandle session) {
  if (finalizing()) return {};
  const AcquireGil gil;
  const Ref handle = Ref::steal(static_cast<PyObject*>(session));
  return check_return(call("destroy", "(O)", handle.get()), "wrapperDestroy", Code::kDestroy);
}

std::string PyEngine::debug_info(SessionHandle session) {
  if (finalizing()) return {};
  const AcquireGil gil;
  return text_of(call("debug_info", "(O)", static_cast<PyObject*>(session)));
}

Status PyEngine::load_resource(const DataItem& data, std::uint32_t id) {
  if (Status status = check_size(data); !status.ok()) return status;
  const AcquireGil gil;
  const Ref node = node_of(data);
  if (!node) return take_python_error("wrapperLoadRes", Code::kLoadResource);
  return check_return(call("load_resource", "(OI)", node.get(), id), "wrapperLoadRes",
                      Code::kLoadResource);
}

Status PyEngine::unload_resource(std::uint32_t id) {
  if (finalizing()) return {};
  const AcquireGil gil;
  return check_return(call("unload_resource", "(I)", id), "wrapperUnloadRes",
                      Code::kUnloadResource);
}

}  // namespace aiges::py
