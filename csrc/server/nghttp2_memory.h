#pragma once

#include <nghttp2/nghttp2.h>

namespace aiges::server {

// nghttp2 makes and frees some twenty small objects for every RPC: their memory is recycled.
nghttp2_mem* recycling_nghttp2_memory();

}  // namespace aiges::server
