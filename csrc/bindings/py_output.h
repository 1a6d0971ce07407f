#pragma once

#include "bindings/python.h"

#include <list>

#include "base/status.h"
#include "buffer/output.h"

namespace aiges::py {

// The answer of a Python wrapper: its bytes stay where the wrapper made them, in Python objects
// that this keeps alive.
class PyOutput final : public Output {
 public:
  // `items` is the list of a Response, a list or tuple of objects with the attributes of
  // ResponseData (aiges_native/wrapper/data.py). With the GIL. Fails with a status that names the
  // item.
  static Result<OutputPtr> from_items(PyObject* items, const char* where);

 private:
  PyOutput() = default;
  ~PyOutput() override;
  // Dropping Python objects needs the GIL, which the thread that drops the last reference may not
  // have and must not wait for.
  void dispose() noexcept override;
  Status add(PyObject* object, std::size_t index, const char* where);
  std::string_view text(PyObject* value, bool& ok);

  friend class DropPyOutput;
  std::list<Py_buffer> buffers_;
  std::list<Ref> refs_;
};

}  // namespace aiges::py
