#include "bindings/py_output.h"

#include <string>

#include "bindings/errors.h"

namespace aiges::py {
namespace {

Status bad_node(std::size_t index, const char* where, const std::string& what) {
  return Status(ErrorKind::kEngine, Code::kInvalidOutput, where,
                "wrapper output data invalid(key or type): item " + std::to_string(index) + " " +
                    what);
}

}  // namespace

class DropPyOutput final : public GilWork {
 public:
  explicit DropPyOutput(PyOutput* output) : output_(output) {}

 private:
  void run() override { delete output_; }
  PyOutput* output_;
};

PyOutput::~PyOutput() {
  for (Py_buffer& buffer : buffers_) PyBuffer_Release(&buffer);
}

void PyOutput::dispose() noexcept { run_with_gil(std::make_unique<DropPyOutput>(this)); }

std::string_view PyOutput::text(PyObject* value, bool& ok) {
  Py_ssize_t size = 0;
  const char* utf8 = PyUnicode_Check(value) ? PyUnicode_AsUTF8AndSize(value, &size) : nullptr;
  ok = utf8 != nullptr;
  if (!ok) {
    PyErr_Clear();
    return {};
  }
  refs_.push_back(Ref::borrow(value));
  return {utf8, static_cast<std::size_t>(size)};
}

Status PyOutput::add_node(PyObject* node, std::size_t index, const char* where) {
  PyObject* key = PyTuple_GET_ITEM(node, 0);
  PyObject* data = PyTuple_GET_ITEM(node, 1);
  PyObject* desc = PyTuple_GET_ITEM(node, 4);
  OutputItem item;
  bool ok = false;
  item.key = text(key, ok);
  if (!ok) return bad_node(index, where, "has no key (a str)");
  item.type = static_cast<int>(PyLong_AsLong(PyTuple_GET_ITEM(node, 2)));
  item.status = static_cast<int>(PyLong_AsLong(PyTuple_GET_ITEM(node, 3)));
  if (PyErr_Occurred()) {
    PyErr_Clear();
    return bad_node(index, where, "has a type or status that is not a number");
  }
  if (PyUnicode_Check(data)) {
    const std::string_view utf8 = text(data, ok);
    if (!ok) return bad_node(index, where, "has text that cannot be encoded as UTF-8");
    item.data = utf8.data();
    item.size = utf8.size();
  } else if (data != Py_None) {
    Py_buffer& buffer = buffers_.emplace_back();
    if (PyObject_GetBuffer(data, &buffer, PyBUF_C_CONTIGUOUS) != 0) {
      buffers_.pop_back();
      PyErr_Clear();
      return bad_node(index, where,
                      std::string("has data of type ") + Py_TYPE(data)->tp_name +
                          "; expected bytes, str or a contiguous buffer");
    }
    item.data = buffer.buf;
    item.size = static_cast<std::size_t>(buffer.len);
  }
  item.desc_begin = desc_size();
  if (PyDict_Check(desc)) {
    Py_ssize_t position = 0;
    PyObject* name = nullptr;
    PyObject* value = nullptr;
    while (PyDict_Next(desc, &position, &name, &value)) {
      bool name_ok = false;
      const Ref as_text = Ref::steal(PyObject_Str(value));
      const std::string_view name_text = text(name, name_ok);
      const std::string_view value_text = as_text ? text(as_text.get(), ok) : std::string_view();
      if (!name_ok || !ok || !as_text) {
        PyErr_Clear();
        return bad_node(index, where, "has a desc that is not made of str");
      }
      add_desc({name_text, value_text});
    }
  }
  item.desc_end = desc_size();
  add_item(item);
  return {};
}

Result<OutputPtr> PyOutput::from_nodes(PyObject* nodes, const char* where) {
  auto* output = new PyOutput;
  OutputPtr owner = OutputPtr::adopt(output);
  for (Py_ssize_t i = 0; i < PyList_GET_SIZE(nodes); ++i) {
    Status status = output->add_node(PyList_GET_ITEM(nodes, i), static_cast<std::size_t>(i), where);
    if (!status.ok()) return status;
  }
  return owner;
}

}  // namespace aiges::py
