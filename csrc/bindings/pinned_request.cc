#include "bindings/pinned_request.h"

#include <charconv>
#include <cstring>

#include "bindings/errors.h"

namespace aiges::py {
namespace {

PyTypeObject* data_class = nullptr;  // owned by its module, which lives as long as the process

constexpr const char* kAccepted =
    "bytes, bytearray, memoryview, a NumPy array, str, or Text/Audio/Image/Video/Personal(...)";

std::string type_name(PyObject* object) { return Py_TYPE(object)->tp_name; }

class DropRequest final : public GilWork {
 public:
  explicit DropRequest(PinnedRequest* request) : request_(request) {}

 private:
  void run() override { delete request_; }
  PinnedRequest* request_;
};

}  // namespace

void set_data_class(PyObject* type) {
  data_class = reinterpret_cast<PyTypeObject*>(Py_NewRef(type));
}

std::shared_ptr<PinnedRequest> make_shared_request() {
  return {new PinnedRequest,
          [](PinnedRequest* request) { run_with_gil(std::make_unique<DropRequest>(request)); }};
}

std::shared_ptr<const Request> as_request(const std::shared_ptr<PinnedRequest>& pinned) {
  return {pinned, &pinned->request()};
}

PinnedRequest::~PinnedRequest() {
  for (Py_buffer& buffer : buffers_) PyBuffer_Release(&buffer);
  for (PyObject* object : refs_) Py_DECREF(object);
}

const Request& PinnedRequest::request() {
  request_.params = params_.span();
  request_.data = items_.span();
  request_.resources = resources_;
  for (const Pair& pair : request_.params)
    if (pair.key == "sid") request_.session_id = pair.value;
  return request_;
}

Status PinnedRequest::key_of(PyObject* key, const char* what, std::string_view& out) {
  if (!PyUnicode_Check(key))
    return invalid_data(std::string(what) + " keys must be str, not " + type_name(key));
  Py_ssize_t size = 0;
  const char* utf8 = PyUnicode_AsUTF8AndSize(keep(key), &size);
  if (!utf8) {
    PyErr_Clear();
    return invalid_data(std::string("a ") + what + " key cannot be encoded as UTF-8");
  }
  out = {utf8, static_cast<std::size_t>(size)};
  if (out.find('\0') != std::string_view::npos) {
    return invalid_data(std::string("the key '") + utf8 +
                        "\\0...' has a NUL in it; keys are C strings");
  }
  return {};
}

Status PinnedRequest::text_of(PyObject* value, std::string_view name, std::string_view& out) {
  if (PyUnicode_Check(value)) {
    Py_ssize_t size = 0;
    const char* utf8 = PyUnicode_AsUTF8AndSize(keep(value), &size);
    if (utf8) {
      out = {utf8, static_cast<std::size_t>(size)};
      return {};
    }
    PyErr_Clear();
    return invalid_data("the value of '" + std::string(name) + "' cannot be encoded as UTF-8");
  }
  if (PyBool_Check(value)) {  // before int, which it is too
    out = value == Py_True ? "true" : "false";
    return {};
  }
  if (PyFloat_Check(value)) {
    // Never in exponent form: AIGES formats floats so, and engines may not read the other.
    std::array<char, 400> digits;
    const auto end = std::to_chars(digits.data(), digits.data() + digits.size(),
                                   PyFloat_AS_DOUBLE(value), std::chars_format::fixed);
    out = texts_.emplace_back(digits.data(), end.ptr);
    return {};
  }
  if (PyIndex_Check(value)) {
    const Ref number = Ref::steal(PyNumber_Index(value));
    const Ref text = number ? Ref::steal(PyObject_Str(number.get())) : Ref();
    Py_ssize_t size = 0;
    const char* utf8 = text ? PyUnicode_AsUTF8AndSize(text.get(), &size) : nullptr;
    if (utf8) {
      out = texts_.emplace_back(utf8, static_cast<std::size_t>(size));
      return {};
    }
    PyErr_Clear();
  }
  return invalid_data("the value of '" + std::string(name) +
                      "' must be str, int, float or bool, not " + type_name(value));
}

Status PinnedRequest::add_pairs(PyObject* mapping, const char* what, std::vector<Pair>& out) {
  const Ref items = Ref::steal(PyMapping_Items(mapping));
  if (!items) {
    PyErr_Clear();
    return invalid_data(std::string(what) + " must be a mapping of str to text, not " +
                        type_name(mapping));
  }
  for (Py_ssize_t i = 0; i < PyList_GET_SIZE(items.get()); ++i) {
    PyObject* entry = PyList_GET_ITEM(items.get(), i);
    Pair pair;
    Status status = key_of(PyTuple_GET_ITEM(entry, 0), what, pair.key);
    if (status.ok()) status = text_of(PyTuple_GET_ITEM(entry, 1), pair.key, pair.value);
    if (!status.ok()) return status;
    out.push_back(pair);
  }
  return {};
}

Status PinnedRequest::set_params(PyObject* params) {
  if (!params || params == Py_None) return {};
  if (PyDict_CheckExact(params)) {
    Py_ssize_t position = 0;
    PyObject* key = nullptr;
    PyObject* value = nullptr;
    while (PyDict_Next(params, &position, &key, &value)) {
      // Converting may run Python code, which may empty the dict.
      const Ref held_key = Ref::borrow(key);
      const Ref held_value = Ref::borrow(value);
      Pair pair;
      Status status = key_of(key, "param", pair.key);
      if (status.ok()) status = text_of(value, pair.key, pair.value);
      if (!status.ok()) return status;
      params_.push_back(pair);
    }
    return {};
  }
  std::vector<Pair> pairs;
  if (Status status = add_pairs(params, "param", pairs); !status.ok()) return status;
  for (const Pair& pair : pairs) params_.push_back(pair);
  return {};
}

Status PinnedRequest::add_payload(PyObject* value, DataItem& item) {
  const auto named = [&item] { return "item '" + std::string(item.key) + "'"; };
  if (PyBytes_CheckExact(value)) {
    item.owner = keep(value);
    item.data = PyBytes_AS_STRING(value);
    item.size = static_cast<std::size_t>(PyBytes_GET_SIZE(value));
    return {};
  }
  if (PyUnicode_Check(value)) {
    Py_ssize_t size = 0;
    // The text's own UTF-8 form, kept by the str: no copy for ASCII, one cached copy for others.
    item.data = PyUnicode_AsUTF8AndSize(keep(value), &size);
    item.size = static_cast<std::size_t>(size);
    if (item.data) return {};
    PyErr_Clear();
    return invalid_data(named() + " is text that cannot be encoded as UTF-8");
  }
  if (!PyObject_CheckBuffer(value))
    return invalid_data(named() + " must be " + kAccepted + ", not " + type_name(value));

  Py_buffer& buffer = buffers_.emplace_back();
  if (PyObject_GetBuffer(value, &buffer, PyBUF_C_CONTIGUOUS | PyBUF_FORMAT) != 0) {
    buffers_.pop_back();
    PyErr_Clear();
    Py_buffer probe;
    const bool strided = PyObject_GetBuffer(value, &probe, PyBUF_FULL_RO) == 0;
    if (strided) PyBuffer_Release(&probe);
    PyErr_Clear();
    return invalid_data(
        strided ? named() +
                      " is not contiguous in memory (C order), so an engine cannot read it "
                      "in place; pass numpy.ascontiguousarray(x), which copies it once"
                : named() + " (" + type_name(value) + ") does not give out its memory as a buffer");
  }
  if (buffer.format && std::strchr(buffer.format, 'O') != nullptr)
    return invalid_data(named() + " holds Python objects, not plain data");
  item.owner = keep(value);
  item.data = buffer.buf;
  item.size = static_cast<std::size_t>(buffer.len);
  return {};
}

Status PinnedRequest::add_item(PyObject* key, PyObject* value, PyObject* desc, int plain_status,
                               std::optional<int> forced_status) {
  DataItem item;
  if (Status status = key_of(key, "data", item.key); !status.ok()) return status;
  item.status = plain_status;
  item.type = PyUnicode_Check(value) ? kTypeText : kTypePersonal;
  Ref payload = Ref::borrow(value);
  Ref own_desc = Ref::borrow(desc);
  if (data_class && PyObject_TypeCheck(value, data_class)) {
    const Ref type = Ref::steal(PyObject_GetAttrString(value, "type"));
    const Ref status = Ref::steal(PyObject_GetAttrString(value, "status"));
    payload = Ref::steal(PyObject_GetAttrString(value, "data"));
    own_desc = Ref::steal(PyObject_GetAttrString(value, "desc"));
    if (!type || !status || !payload || !own_desc) {
      PyErr_Clear();
      return invalid_data("item '" + std::string(item.key) + "' is an incomplete " +
                          type_name(value));
    }
    item.type = static_cast<int>(PyLong_AsLong(type.get()));
    const int own_status = static_cast<int>(PyLong_AsLong(status.get()));
    if (PyErr_Occurred()) {
      PyErr_Clear();
      return invalid_data("item '" + std::string(item.key) + "': type and status must be numbers");
    }
    // ONCE is what an item has when nobody chose: where it stands in a session then decides.
    if (own_status != kStatusOnce) item.status = own_status;
  }
  if (forced_status) item.status = *forced_status;
  if (Status status = add_payload(payload.get(), item); !status.ok()) return status;
  if (own_desc && own_desc.get() != Py_None) {
    std::vector<Pair>& pairs = descriptions_.emplace_back();
    if (Status status = add_pairs(own_desc.get(), "desc", pairs); !status.ok()) return status;
    item.desc = pairs;
  }
  items_.push_back(item);
  return {};
}

Status PinnedRequest::set_data(PyObject* data, int plain_status, std::optional<int> forced_status) {
  if (PyDict_CheckExact(data)) {
    Py_ssize_t position = 0;
    PyObject* key = nullptr;
    PyObject* value = nullptr;
    while (PyDict_Next(data, &position, &key, &value)) {
      const Ref held_key = Ref::borrow(key);
      const Ref held_value = Ref::borrow(value);
      Status status = add_item(key, value, nullptr, plain_status, forced_status);
      if (!status.ok()) return status;
    }
    return {};
  }
  const bool mapping = PyMapping_Check(data) && PyObject_HasAttrString(data, "items") != 0;
  const Ref items = mapping ? Ref::steal(PyMapping_Items(data)) : Ref();
  if (!items) {
    PyErr_Clear();
    return invalid_data(
        "data must be a mapping of str keys to payloads, like {\"img\": bytes}, not " +
        type_name(data));
  }
  for (Py_ssize_t i = 0; i < PyList_GET_SIZE(items.get()); ++i) {
    PyObject* entry = PyList_GET_ITEM(items.get(), i);
    Status status = add_item(PyTuple_GET_ITEM(entry, 0), PyTuple_GET_ITEM(entry, 1), nullptr,
                             plain_status, forced_status);
    if (!status.ok()) return status;
  }
  return {};
}

Status PinnedRequest::set_resources(PyObject* ids) {
  if (!ids || ids == Py_None) return {};
  if (PyTuple_CheckExact(ids) && PyTuple_GET_SIZE(ids) == 0) return {};
  const Ref sequence = Ref::steal(PySequence_Fast(ids, "resources must be a sequence of int"));
  if (!sequence) {
    PyErr_Clear();
    return invalid_data(
        "resources must be a sequence of the ids that load_resource returned, not " +
        type_name(ids));
  }
  for (Py_ssize_t i = 0; i < PySequence_Fast_GET_SIZE(sequence.get()); ++i) {
    PyObject* entry = PySequence_Fast_GET_ITEM(sequence.get(), i);
    const unsigned long id = PyLong_Check(entry) ? PyLong_AsUnsignedLong(entry) : 0;
    if (PyErr_Occurred() || id == 0 || id > UINT32_MAX) {
      PyErr_Clear();
      return invalid_data("resources must be ids that load_resource returned (numbers from 1)");
    }
    resources_.push_back(static_cast<std::uint32_t>(id));
  }
  return {};
}

}  // namespace aiges::py
