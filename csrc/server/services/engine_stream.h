#pragma once

#include <memory>
#include <string_view>

#include "server/served_engine.h"
#include "server/service.h"

namespace aiges::server {

// aiges.v1.Engine/Stream: one RPC is one session.
std::unique_ptr<Handler> make_engine_stream(std::shared_ptr<Call> call,
                                            std::shared_ptr<const EngineTable> engines);

GrpcStatus no_engine(std::string_view name);

}  // namespace aiges::server
