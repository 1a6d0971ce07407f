#include "bindings/result_object.h"

#include <cstdint>
#include <string>

namespace aiges::py {
namespace {

struct ItemObject {
  PyObject_HEAD Output* output;  // one reference
  Py_ssize_t index;
};

struct ResultObject {
  PyObject_HEAD Output* output;  // one reference
  PyObject* all;                 // tuple of Items once asked for, else null
};

PyTypeObject* item_type = nullptr;
PyTypeObject* result_type = nullptr;
PyObject* enum_members[2] = {nullptr, nullptr};  // tuples: DataType, Status

Ref member(int which, int value) {
  PyObject* members = enum_members[which];
  if (members && value >= 0 && value < PyTuple_GET_SIZE(members))
    return Ref::borrow(PyTuple_GET_ITEM(members, value));
  return Ref::steal(PyLong_FromLong(value));
}

// How a member reads in a repr: its name, or the number.
Ref member_name(int which, int value) {
  Ref found = member(which, value);
  if (!PyLong_CheckExact(found.get()))
    return Ref::steal(PyObject_GetAttrString(found.get(), "name"));
  return found;
}

template <class Object>
void dealloc(PyObject* self) {
  auto* object = reinterpret_cast<Object*>(self);
  PyTypeObject* type = Py_TYPE(self);
  if (object->output) object->output->drop_reference();
  if constexpr (requires { object->all; }) Py_XDECREF(object->all);
  type->tp_free(self);
  Py_DECREF(type);
}

PyObject* text_object(std::string_view text) {
  return PyUnicode_DecodeUTF8(text.data(), static_cast<Py_ssize_t>(text.size()), "replace");
}

// Item

const OutputItem& item_of(PyObject* self) {
  auto* object = reinterpret_cast<ItemObject*>(self);
  return object->output->items()[static_cast<std::size_t>(object->index)];
}

PyObject* make_item(Output* output, Py_ssize_t index) {
  auto* item = PyObject_New(ItemObject, item_type);
  if (!item) return nullptr;
  output->add_reference();
  item->output = output;
  item->index = index;
  return reinterpret_cast<PyObject*>(item);
}

int item_getbuffer(PyObject* self, Py_buffer* view, int flags) {
  const OutputItem& item = item_of(self);
  static char nothing;  // an empty item may have no address, a buffer must
  void* data = item.data ? const_cast<void*>(item.data) : &nothing;
  return PyBuffer_FillInfo(view, self, data, static_cast<Py_ssize_t>(item.size), 1, flags);
}

PyObject* item_key(PyObject* self, void*) { return text_object(item_of(self).key); }
PyObject* item_type_of(PyObject* self, void*) { return member(0, item_of(self).type).release(); }
PyObject* item_status(PyObject* self, void*) { return member(1, item_of(self).status).release(); }
PyObject* item_data(PyObject* self, void*) { return PyMemoryView_FromObject(self); }
PyObject* item_bytes(PyObject* self, void*) {
  const OutputItem& item = item_of(self);
  return PyBytes_FromStringAndSize(static_cast<const char*>(item.data),
                                   static_cast<Py_ssize_t>(item.size));
}
PyObject* item_text(PyObject* self, void*) {
  const OutputItem& item = item_of(self);
  return PyUnicode_DecodeUTF8(static_cast<const char*>(item.data),
                              static_cast<Py_ssize_t>(item.size), "strict");
}
PyObject* item_desc(PyObject* self, void*) {
  auto* object = reinterpret_cast<ItemObject*>(self);
  Ref dict = Ref::steal(PyDict_New());
  for (const Pair& pair : object->output->desc(item_of(self))) {
    const Ref key = Ref::steal(text_object(pair.key));
    const Ref value = Ref::steal(text_object(pair.value));
    if (!key || !value || PyDict_SetItem(dict.get(), key.get(), value.get()) != 0) return nullptr;
  }
  return dict.release();
}

PyObject* item_array(PyObject* self, PyObject* args, PyObject* kwargs) {
  static const char* names[] = {"dtype", "shape", nullptr};
  PyObject* dtype = nullptr;
  PyObject* shape = Py_None;
  if (!PyArg_ParseTupleAndKeywords(args, kwargs, "|OO", const_cast<char**>(names), &dtype, &shape))
    return nullptr;
  const Ref numpy = Ref::steal(PyImport_ImportModule("numpy"));
  if (!numpy) return nullptr;
  const Ref type =
      dtype ? Ref::borrow(dtype) : Ref::steal(PyObject_GetAttrString(numpy.get(), "uint8"));
  if (!type) return nullptr;
  Ref array = Ref::steal(PyObject_CallMethod(numpy.get(), "frombuffer", "OO", self, type.get()));
  if (!array || shape == Py_None) return array.release();
  return PyObject_CallMethod(array.get(), "reshape", "O", shape);
}

PyObject* item_bytes_method(PyObject* self, PyObject*) { return item_bytes(self, nullptr); }
Py_ssize_t item_length(PyObject* self) { return static_cast<Py_ssize_t>(item_of(self).size); }

PyObject* item_repr(PyObject* self) {
  const OutputItem& item = item_of(self);
  const Ref key = Ref::steal(text_object(item.key));
  const Ref type = member_name(0, item.type);
  const Ref status = member_name(1, item.status);
  if (!key || !type || !status) return nullptr;
  return PyUnicode_FromFormat("<Item %R: %zd bytes, %S, %S>", key.get(),
                              static_cast<Py_ssize_t>(item.size), type.get(), status.get());
}

// Two Items are equal when they are the same item of the same output: a Result makes new ones.
PyObject* item_compare(PyObject* self, PyObject* other, int operation) {
  if (Py_TYPE(other) != item_type || (operation != Py_EQ && operation != Py_NE))
    Py_RETURN_NOTIMPLEMENTED;
  const auto* left = reinterpret_cast<ItemObject*>(self);
  const auto* right = reinterpret_cast<ItemObject*>(other);
  const bool same = left->output == right->output && left->index == right->index;
  return PyBool_FromLong(same == (operation == Py_EQ) ? 1 : 0);
}

Py_hash_t item_hash(PyObject* self) {
  const auto* item = reinterpret_cast<ItemObject*>(self);
  return static_cast<Py_hash_t>(reinterpret_cast<std::uintptr_t>(item->output) >> 4) + item->index;
}

PyGetSetDef item_getset[] = {
    {"key", item_key, nullptr, "The item's name (str).", nullptr},
    {"type", item_type_of, nullptr,
     "What kind of bytes: a DataType, or the plain int an engine used beyond them.", nullptr},
    {"status", item_status, nullptr,
     "Where the item stands in its stream: a Status, or the plain int beyond them.", nullptr},
    {"data", item_data, nullptr, "The payload as a read-only memoryview; no copy.", nullptr},
    {"bytes", item_bytes, nullptr, "The payload as bytes; one copy.", nullptr},
    {"text", item_text, nullptr, "The payload decoded as UTF-8; UnicodeDecodeError if it is not.",
     nullptr},
    {"desc", item_desc, nullptr, "The engine's description of the item: dict of str to str.",
     nullptr},
    {nullptr, nullptr, nullptr, nullptr, nullptr}};

PyMethodDef item_methods[] = {
    {"array", reinterpret_cast<PyCFunction>(reinterpret_cast<void (*)()>(item_array)),
     METH_VARARGS | METH_KEYWORDS,
     "array($self, /, dtype=numpy.uint8, shape=None)\n--\n\n"
     "The payload as a read-only NumPy array of that dtype and shape; no copy.\n\n"
     "Raises ValueError when its size does not fit them."},
    {"__bytes__", item_bytes_method, METH_NOARGS, "bytes(item): the payload; one copy."},
    {nullptr, nullptr, 0, nullptr}};

PyType_Slot item_slots[] = {
    {Py_tp_dealloc, reinterpret_cast<void*>(dealloc<ItemObject>)},
    {Py_tp_doc, const_cast<char*>("One payload of a result, seen where the engine left it.")},
    {Py_tp_getset, item_getset},
    {Py_tp_methods, item_methods},
    {Py_tp_repr, reinterpret_cast<void*>(item_repr)},
    {Py_tp_richcompare, reinterpret_cast<void*>(item_compare)},
    {Py_tp_hash, reinterpret_cast<void*>(item_hash)},
    {Py_sq_length, reinterpret_cast<void*>(item_length)},
    {Py_bf_getbuffer, reinterpret_cast<void*>(item_getbuffer)},
    {0, nullptr}};

PyType_Spec item_spec = {"aiges_native._core.Item", sizeof(ItemObject), 0,
                         Py_TPFLAGS_DEFAULT | Py_TPFLAGS_DISALLOW_INSTANTIATION, item_slots};

// Result

Output& output_of(PyObject* self) { return *reinterpret_cast<ResultObject*>(self)->output; }

// The index of the first item with the key, or -1.
Py_ssize_t find(PyObject* self, PyObject* key) {
  if (!PyUnicode_Check(key)) return -1;
  Py_ssize_t size = 0;
  const char* utf8 = PyUnicode_AsUTF8AndSize(key, &size);
  if (!utf8) {
    PyErr_Clear();
    return -1;
  }
  const std::string_view wanted(utf8, static_cast<std::size_t>(size));
  Py_ssize_t index = 0;
  for (const OutputItem& item : output_of(self).items()) {
    if (item.key == wanted) return index;
    ++index;
  }
  return -1;
}

PyObject* result_getitem(PyObject* self, PyObject* key) {
  const Py_ssize_t index = find(self, key);
  if (index < 0) {
    // In a tuple: a key of None, or a tuple, would be taken for the arguments.
    const Ref arguments = Ref::steal(PyTuple_Pack(1, key));
    if (arguments) PyErr_SetObject(PyExc_KeyError, arguments.get());
    return nullptr;
  }
  auto* result = reinterpret_cast<ResultObject*>(self);
  if (result->all) return Py_NewRef(PyTuple_GET_ITEM(result->all, index));
  return make_item(result->output, index);
}

int result_contains(PyObject* self, PyObject* key) { return find(self, key) >= 0 ? 1 : 0; }

// The keys in order, each once.
PyObject* result_keys(PyObject* self) {
  Ref keys = Ref::steal(PyDict_New());
  if (!keys) return nullptr;
  for (const OutputItem& item : output_of(self).items()) {
    const Ref key = Ref::steal(text_object(item.key));
    if (!key || PyDict_SetItem(keys.get(), key.get(), Py_None) != 0) return nullptr;
  }
  return keys.release();
}

Py_ssize_t result_length(PyObject* self) {
  const auto items = output_of(self).items();
  if (items.size() < 2) return static_cast<Py_ssize_t>(items.size());
  const Ref keys = Ref::steal(result_keys(self));
  return keys ? PyDict_GET_SIZE(keys.get()) : -1;
}

PyObject* result_iter(PyObject* self) {
  const Ref keys = Ref::steal(result_keys(self));
  return keys ? PyObject_GetIter(keys.get()) : nullptr;
}

PyObject* result_all(PyObject* self, void*) {
  auto* result = reinterpret_cast<ResultObject*>(self);
  if (!result->all) {
    const auto count = static_cast<Py_ssize_t>(result->output->items().size());
    Ref all = Ref::steal(PyTuple_New(count));
    if (!all) return nullptr;
    for (Py_ssize_t i = 0; i < count; ++i) {
      PyObject* item = make_item(result->output, i);
      if (!item) return nullptr;
      PyTuple_SET_ITEM(all.get(), i, item);
    }
    result->all = all.release();
  }
  return Py_NewRef(result->all);
}

PyObject* result_final(PyObject* self, void*) { return PyBool_FromLong(output_of(self).final()); }

PyObject* result_repr(PyObject* self) {
  const Ref all = Ref::steal(result_all(self, nullptr));
  return all ? PyUnicode_FromFormat("<Result %R>", all.get()) : nullptr;
}

PyGetSetDef result_getset[] = {
    {"all", result_all, nullptr, "Every Item in the engine's order; keys may repeat.", nullptr},
    {"final", result_final, nullptr,
     "Whether an item has the status END or ONCE: nothing follows in this session.", nullptr},
    {nullptr, nullptr, nullptr, nullptr, nullptr}};

PyType_Slot result_slots[] = {
    {Py_tp_dealloc, reinterpret_cast<void*>(dealloc<ResultObject>)},
    {Py_tp_doc,
     const_cast<char*>("What an engine answered: a mapping from key to Item, the first of a key.")},
    {Py_tp_getset, result_getset},
    {Py_tp_repr, reinterpret_cast<void*>(result_repr)},
    {Py_tp_iter, reinterpret_cast<void*>(result_iter)},
    {Py_mp_subscript, reinterpret_cast<void*>(result_getitem)},
    {Py_mp_length, reinterpret_cast<void*>(result_length)},
    {Py_sq_contains, reinterpret_cast<void*>(result_contains)},
    {0, nullptr}};

PyType_Spec result_spec = {
    "aiges_native._core.Result", sizeof(ResultObject), 0,
    Py_TPFLAGS_DEFAULT | Py_TPFLAGS_DISALLOW_INSTANTIATION | Py_TPFLAGS_MAPPING, result_slots};

}  // namespace

PyObject* make_result(OutputPtr output) {
  auto* result = PyObject_New(ResultObject, result_type);
  if (!result) return nullptr;
  result->output = output.release();
  result->all = nullptr;
  return reinterpret_cast<PyObject*>(result);
}

void register_results(pybind11::module_& module) {
  item_type = reinterpret_cast<PyTypeObject*>(PyType_FromSpec(&item_spec));
  result_type = reinterpret_cast<PyTypeObject*>(PyType_FromSpec(&result_spec));
  if (!item_type || !result_type) throw pybind11::error_already_set();
  module.attr("Item") = pybind11::handle(reinterpret_cast<PyObject*>(item_type));
  const pybind11::object result =
      pybind11::reinterpret_borrow<pybind11::object>(reinterpret_cast<PyObject*>(result_type));
  module.attr("Result") = result;
  // keys(), items(), values(), get() and comparison as every mapping has them.
  const pybind11::object mapping = pybind11::module_::import("collections.abc").attr("Mapping");
  for (const char* name : {"keys", "items", "values", "get", "__eq__"})
    pybind11::setattr(result, name, mapping.attr(name));
  mapping.attr("register")(result);
  module.def(
      "set_enum_members",
      [](pybind11::tuple data_types, pybind11::tuple statuses) {
        enum_members[0] = data_types.release().ptr();
        enum_members[1] = statuses.release().ptr();
      },
      pybind11::arg("data_types"), pybind11::arg("statuses"));
}

}  // namespace aiges::py
