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
// to_grpc(), but for a server that goes down: then it is not too busy, it is not there, and clients
// look for another one.
GrpcStatus engine_status(const Status& status, const ServedEngine& engine);

}  // namespace aiges::server
