# Instruments everything of ours, the test engines too, when AIGES_SANITIZE says so. Included before
# the first target: the options are the folder's.
if(AIGES_SANITIZE STREQUAL "")
  return()
elseif(AIGES_SANITIZE STREQUAL "address")
  # Undefined behaviour ends the program as a bad address does: a report that a test survives is a
  # report nobody reads.
  set(flags -fsanitize=address,undefined -fno-sanitize-recover=all)
elseif(AIGES_SANITIZE STREQUAL "thread")
  set(flags -fsanitize=thread)
else()
  message(FATAL_ERROR "AIGES_SANITIZE is '${AIGES_SANITIZE}'; it may be address, thread or empty")
endif()

if(AIGES_BUILD_PYTHON)
  message(FATAL_ERROR
    "AIGES_SANITIZE needs AIGES_BUILD_PYTHON=OFF: an interpreter that is not instrumented "
    "cannot load an instrumented extension")
endif()

add_compile_options(${flags} -O1 -fno-omit-frame-pointer)
if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
  # GCC's flow analysis loses its way in instrumented code: a false alarm in std::variant.
  add_compile_options(-Wno-maybe-uninitialized)
endif()
add_link_options(${flags})
