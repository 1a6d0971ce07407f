#pragma once

#include "bindings/python.h"

#include <deque>

#include "base/status.h"
#include "buffer/output.h"

namespace aiges::py {

// The answer of a Python wrapper: its bytes stay where the wrapper made them, in Python objects that
// this keeps alive.
class PyOutput final : public Output {
 public:
  // `nodes` is what the binding made of a Response: a list of (key, data, type, status, desc). With
  // the GIL. Fails with an EngineError status that names the node.
  static Result<OutputPtr> from_nodes(PyObject* nodes, const char* where);

 private:
  PyOutput() = default;
  ~PyOutput() override;
  // Dropping Python objects needs the GIL, which the thread that drops the last reference may not
  // have and must not wait for.
  void dispose() noexcept override;
  Status add_node(PyObject* node, std::size_t index, const char* where);
  std::string_view text(PyObject* value, bool& ok);

  friend class DropPyOutput;
  std::deque<Py_buffer> buffers_;
  std::deque<Ref> refs_;
};

}  // namespace aiges::py
