# Warnings for our own code. Other people's headers come through imported targets, which CMake
# treats as system headers, so they are not held to them.

# GCC 12 and 13 take std::string's operator+ for an overflow (GCC's bugs 105329 and 105651). With
# link-time optimisation they say so when they link.
set(AIGES_FALSE_ALARMS "")
if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU" AND CMAKE_CXX_COMPILER_VERSION VERSION_LESS 14)
  set(AIGES_FALSE_ALARMS -Wno-restrict -Wno-stringop-overflow)
endif()

function(aiges_add_warnings target)
  target_compile_options(${target} PRIVATE
    -Wall
    -Wextra
    -Wpedantic
    -Wshadow
    -Wconversion
    $<$<COMPILE_LANGUAGE:CXX>:-Wnon-virtual-dtor>
    $<$<COMPILE_LANGUAGE:CXX>:-Wold-style-cast>
    $<$<COMPILE_LANG_AND_ID:CXX,Clang>:-Wthread-safety>
    ${AIGES_FALSE_ALARMS}
    $<$<BOOL:${AIGES_WERROR}>:-Werror>)
  target_link_options(${target} PRIVATE ${AIGES_FALSE_ALARMS})
endfunction()
