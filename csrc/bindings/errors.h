#pragma once

#include "bindings/python.h"

#include <string>

#include "base/status.h"

namespace aiges::py {

// The one place where a Status becomes a Python exception (aiges_native/errors.py has the classes).
// Returns a new exception object; null, with a Python error set, if even that failed.
Ref make_exception(const Status& status, const std::string& engine);
// Sets it as the current error. Keeps an error that is set already: an interrupted wait.
void set_error(const Status& status, const std::string& engine);
// For functions called by pybind11.
[[noreturn]] void throw_error(const Status& status, const std::string& engine);

// Takes the current Python error and makes it the cause of an engine failure.
Status take_python_error(const char* where, Code code);
// An InvalidDataError.
Status invalid_data(std::string message);

}  // namespace aiges::py
