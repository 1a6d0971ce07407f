# The extension, and what the package carries for others: headers, a CMake package, protocols.
find_package(Python 3.11 REQUIRED COMPONENTS Interpreter Development.Module)

# pip's builds say where pybind11 is. For a plain `cmake` run, ask the interpreter.
if(NOT pybind11_DIR)
  execute_process(
    COMMAND "${Python_EXECUTABLE}" -m pybind11 --cmakedir
    OUTPUT_VARIABLE pybind11_hint OUTPUT_STRIP_TRAILING_WHITESPACE ERROR_QUIET)
endif()
find_package(pybind11 3.0 CONFIG REQUIRED HINTS "${pybind11_hint}")

file(GLOB binding_sources CONFIGURE_DEPENDS csrc/bindings/*.cc)
pybind11_add_module(_core MODULE ${binding_sources})
target_link_libraries(_core PRIVATE aiges_core aiges_server aiges_client)
# Nothing but the module's entry point leaves the library.
target_link_options(_core PRIVATE -Wl,--exclude-libs,ALL)
aiges_add_warnings(_core)
# CPython's macros are C, casts and all, and count as ours where they are expanded.
target_compile_options(_core PRIVATE -Wno-old-style-cast)

# The layout below is that of the installed package, relative to site-packages.
include(CMakePackageConfigHelpers)
configure_package_config_file(
  cmake/aiges_native-config.cmake.in "${PROJECT_BINARY_DIR}/aiges_native-config.cmake"
  INSTALL_DESTINATION aiges_native/cmake)
write_basic_package_version_file("${PROJECT_BINARY_DIR}/aiges_native-config-version.cmake"
  COMPATIBILITY SameMajorVersion ARCH_INDEPENDENT)

install(TARGETS _core LIBRARY DESTINATION aiges_native COMPONENT python)
install(DIRECTORY include/aiges DESTINATION aiges_native/include COMPONENT python
  FILES_MATCHING PATTERN "*.h")
install(DIRECTORY proto/ DESTINATION aiges_native/proto COMPONENT python
  FILES_MATCHING PATTERN "*.proto")
install(FILES
  "${PROJECT_BINARY_DIR}/aiges_native-config.cmake"
  "${PROJECT_BINARY_DIR}/aiges_native-config-version.cmake"
  DESTINATION aiges_native/cmake COMPONENT python)
