#include "bindings/py_output.h"

#include <string>

#include "bindings/errors.h"

namespace aiges::py {
namespace {

Status bad_node(std::size_t index, const char* where, const std::string& what) {
  return Status(
      ErrorKind::kEngine, Code::kInvalidOutput, where,
      "wrapper output data invalid(key or type): item " + std::to_string(index) + " " + what);
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

Status PyOutput::add(PyObject* object, std::size_t index, const char* where) {
  static PyObject* const names[5] = {
      PyUnicode_InternFromString("key"), PyUnicode_InternFromString("data"),
      PyUnicode_InternFromString("type"), PyUnicode_InternFromString("status"),
      PyUnicode_InternFromString("desc")};
  Ref parts[5];
  for (int i = 0; i < 5; ++i) {
    parts[i] = Ref::steal(PyObject_GetAttr(object, names[i]));
    if (parts[i]) continue;
    PyErr_Clear();
    if (i < 4) {
      return bad_node(index, where,
                      std::string("is of type ") + Py_TYPE(object)->tp_name + " and has no '" +
                          PyUnicode_AsUTF8(names[i]) + "'; expected a ResponseData");
    }
  }
  PyObject* key = parts[0].get();
  PyObject* data = parts[1].get();
  PyObject* desc = parts[4].get();
  OutputItem item;
  bool ok = false;
  item.key = text(key, ok);
  if (!ok) return bad_node(index, where, "has no key (a str)");
  item.type = static_cast<int>(PyLong_AsLong(parts[2].get()));
  item.status = static_cast<int>(PyLong_AsLong(parts[3].get()));
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
  if (desc && PyDict_Check(desc)) {
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

Result<OutputPtr> PyOutput::from_items(PyObject* items, const char* where) {
  auto* output = new PyOutput;
  OutputPtr owner = OutputPtr::adopt(output);
  // A copy of the list's references: reading an item's attributes may run code that changes it.
  const Ref all = Ref::steal(PySequence_Tuple(items));
  if (!all) return take_python_error(where, Code::kInvalidOutput);
  for (Py_ssize_t i = 0; i < PyTuple_GET_SIZE(all.get()); ++i) {
    Status status = output->add(PyTuple_GET_ITEM(all.get(), i), static_cast<std::size_t>(i), where);
    if (!status.ok()) return status;
  }
  return owner;
}

}  // namespace aiges::py
