#pragma once

#include "bindings/python.h"

namespace aiges {
struct Runtime;
}

namespace aiges::py {

// What the engines and servers of this extension share; made once, kept until the process ends.
Runtime& runtime();

void register_server(pybind11::module_& module);

}  // namespace aiges::py
