#pragma once

#include "bindings/python.h"

namespace aiges::py {

void register_bench(pybind11::module_& module);

}  // namespace aiges::py
