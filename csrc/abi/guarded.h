#pragma once

#include <cxxabi.h>

#include <exception>
#include <string>

#include "base/status.h"

namespace aiges {

// Runs a call into an engine and turns an exception that leaves it into a Status: no C++ exception
// may travel through frames that were compiled as C, but some engines let one go. Thread
// cancellation is not an exception to be stopped.
template <class Call>
Status guarded(const char* where, Code code, Call&& call) {
  const auto threw = [&](const std::string& what) {
    return Status(ErrorKind::kEngine, code, where, "the engine threw a C++ exception: " + what);
  };
  try {
    call();
    return {};
  } catch (const abi::__forced_unwind&) {
    throw;
  } catch (const std::exception& error) {
    return threw(error.what());
  } catch (...) {
    return threw("of a type that is not a std::exception");
  }
}

}  // namespace aiges
