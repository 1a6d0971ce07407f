#include "bindings/python.h"

#include "bindings/bind_bench.h"
#include "bindings/bind_server.h"
#include "bindings/completion_queue.h"
#include "bindings/engine_handle.h"
#include "bindings/result_object.h"

PYBIND11_MODULE(_core, module) {
  module.doc() = "The native part of aiges_native. Use the package; names here may change.";
  module.attr("__version__") = AIGES_VERSION;
  aiges::py::register_results(module);
  aiges::py::register_completion_queue(module);
  aiges::py::register_engine(module);
  aiges::py::register_session(module);
  aiges::py::register_server(module);
  aiges::py::register_bench(module);
}
