#pragma once

#include "bindings/python.h"

#include "buffer/output.h"

namespace aiges::py {

// The Python types Result and Item, views of an Output. They are plain C types rather than
// pybind11 classes because one of each is made for every call: that is a third of a microsecond.
//
// Each holds a reference to the Output, and so does, through Item's buffer, every memoryview and
// array made of it: the last of them to go gives the output back.
void register_results(pybind11::module_& module);

// A new Result; null, with a Python error set, when there is no memory.
PyObject* make_result(OutputPtr output);

}  // namespace aiges::py
