# The server: everything between a socket and an engine. No Python in it either.
find_package(Boost 1.74 REQUIRED)  # headers only: Asio
find_package(OpenSSL 3.0 REQUIRED)
find_package(ZLIB REQUIRED)
find_path(NGHTTP2_INCLUDE_DIR nghttp2/nghttp2.h)
find_library(NGHTTP2_LIBRARY nghttp2)
if(NOT NGHTTP2_INCLUDE_DIR OR NOT NGHTTP2_LIBRARY)
  message(FATAL_ERROR "nghttp2 was not found; Debian has it as libnghttp2-dev")
endif()
add_library(aiges_nghttp2 INTERFACE)
target_include_directories(aiges_nghttp2 SYSTEM INTERFACE "${NGHTTP2_INCLUDE_DIR}")
target_link_libraries(aiges_nghttp2 INTERFACE "${NGHTTP2_LIBRARY}")
# Defences that distributions added to older versions too, so that the version does not tell.
include(CheckSymbolExists)
set(CMAKE_REQUIRED_INCLUDES "${NGHTTP2_INCLUDE_DIR}")
set(CMAKE_REQUIRED_LIBRARIES "${NGHTTP2_LIBRARY}")
foreach(option stream_reset_rate_limit max_continuations)
  string(TOUPPER "AIGES_HAS_${option}" has)
  check_symbol_exists(nghttp2_option_set_${option} nghttp2/nghttp2.h ${has})
  if(${has})
    target_compile_definitions(aiges_nghttp2 INTERFACE ${has})
  else()
    message(WARNING "this nghttp2 does not know ${option}: the server is open to a known flood")
  endif()
endforeach()
unset(CMAKE_REQUIRED_INCLUDES)
unset(CMAKE_REQUIRED_LIBRARIES)

file(GLOB server_sources CONFIGURE_DEPENDS csrc/server/*.cc csrc/server/services/*.cc)
add_library(aiges_server STATIC ${server_sources})
# Asio is compiled once, in asio.cc, instead of in every file that includes it.
target_compile_definitions(aiges_server PUBLIC BOOST_ASIO_SEPARATE_COMPILATION BOOST_ASIO_NO_DEPRECATED)
# The thread sanitizer knows no fences, and GCC says so. Those that Asio puts around handlers are not
# needed where its queue is locked, as ours is.
if(AIGES_SANITIZE STREQUAL "thread")
  target_compile_definitions(aiges_server PUBLIC BOOST_ASIO_DISABLE_FENCED_BLOCK)
endif()
target_link_libraries(aiges_server
  PUBLIC aiges_core aiges_wire Boost::headers aiges_nghttp2
  PRIVATE OpenSSL::SSL ZLIB::ZLIB)
set_target_properties(aiges_server PROPERTIES
  POSITION_INDEPENDENT_CODE ON
  CXX_VISIBILITY_PRESET hidden
  VISIBILITY_INLINES_HIDDEN ON)
aiges_add_warnings(aiges_server)
