# The load generator: a client of the server's protocols, with nothing of the server in it.
file(GLOB client_sources CONFIGURE_DEPENDS csrc/client/*.cc)
add_library(aiges_client STATIC ${client_sources})
target_link_libraries(aiges_client
  PUBLIC aiges_core aiges_wire aiges_nghttp2
  PRIVATE OpenSSL::Crypto)
set_target_properties(aiges_client PROPERTIES
  POSITION_INDEPENDENT_CODE ON
  CXX_VISIBILITY_PRESET hidden
  VISIBILITY_INLINES_HIDDEN ON)
aiges_add_warnings(aiges_client)
