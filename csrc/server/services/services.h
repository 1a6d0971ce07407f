#pragma once

#include <memory>

#include "server/served_engine.h"
#include "server/service.h"
#include "server/shared.h"

namespace aiges::server {

class HealthRegistry;

// Each adds the methods of one service.

// aiges.v1.Engine: Exec, Stream, Describe (proto/aiges/v1/engine.proto).
void add_engine_v1(MethodTable& methods, std::shared_ptr<const EngineTable> engines);
// utils.XsfCall and utils.ToolBox, as AIGES's clients know them (proto/xsf.proto).
// `shared` is what holds the table.
void add_xsf(MethodTable& methods, std::shared_ptr<const EngineTable> engines, Shared* shared);
// grpc.health.v1.Health: Check, List and Watch.
void add_health(MethodTable& methods, std::shared_ptr<HealthRegistry> health);
// grpc.reflection.v1.ServerReflection, and the same as v1alpha.
void add_reflection(MethodTable& methods);

}  // namespace aiges::server
