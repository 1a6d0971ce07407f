#pragma once

#if defined(__SANITIZE_ADDRESS__)
#include <sanitizer/lsan_interface.h>
#endif

namespace aiges::test {

// What this thread allocates in this scope is not reported as leaked: for outputs that a host has
// to lose, because they cannot be given back.
class LostOnPurpose {
 public:
#if defined(__SANITIZE_ADDRESS__)
  LostOnPurpose() { __lsan_disable(); }
  ~LostOnPurpose() { __lsan_enable(); }
#else
  LostOnPurpose() = default;
  ~LostOnPurpose() {}  // not defaulted: the object is to count as used
#endif
  LostOnPurpose(const LostOnPurpose&) = delete;
  LostOnPurpose& operator=(const LostOnPurpose&) = delete;
};

}  // namespace aiges::test
