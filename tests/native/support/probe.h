#pragma once

#include <dlfcn.h>
#include <gtest/gtest.h>

#include <string>
#include <utility>

#include "support/latch.h"

namespace aiges::test {

inline std::string engine_path(const std::string& name) {
  return std::string(AIGES_TEST_ENGINES_DIR) + "/" + name + ".so";
}

// What a test engine counts and lets a test do (tests/engines/engine_kit.h). The library is the one
// that the host has loaded: opening a path again gives the same library.
class Probe {
 public:
  explicit Probe(const std::string& name)
      : handle_(::dlopen(engine_path(name).c_str(), RTLD_NOW | RTLD_LOCAL)) {
    EXPECT_NE(handle_, nullptr) << ::dlerror();
  }

  long count(const char* counter) const { return call<long>("test_count", counter); }
  long thread_of(const char* function) const { return call<long>("test_thread_of", function); }
  [[nodiscard]] bool wait_for(const char* counter, long least, long most = 1L << 30) const {
    const long patience = std::chrono::milliseconds(kPatience).count();
    return call<int>("test_wait_for", counter, least, most, patience) == 1;
  }
  const void* last_input() const { return call<const void*>("test_last_input_address"); }
  const void* last_output() const { return call<const void*>("test_last_output_address"); }
  void reset() const { call<void>("test_reset"); }
  // engine_gate.h: lets so many calls through; negative: all of them.
  void release(long passes) const { call<void>("test_release", passes); }

 private:
  template <class Return, class... Arguments>
  Return call(const char* name, Arguments... arguments) const {
    auto* function = reinterpret_cast<Return (*)(Arguments...)>(::dlsym(handle_, name));
    if (!function) {
      ADD_FAILURE() << "the engine has no " << name;
      return Return();
    }
    return function(arguments...);
  }
  void* const handle_;
};

}  // namespace aiges::test
