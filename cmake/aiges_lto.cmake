# Link-time optimisation in builds that are meant to be fast. It lets the binding inline the core,
# which is a library of its own only for the tests' sake.
if(CMAKE_BUILD_TYPE STREQUAL "Release" AND NOT DEFINED CMAKE_INTERPROCEDURAL_OPTIMIZATION)
  include(CheckIPOSupported)
  check_ipo_supported(RESULT lto_works LANGUAGES C CXX)
  set(CMAKE_INTERPROCEDURAL_OPTIMIZATION ${lto_works})
endif()
