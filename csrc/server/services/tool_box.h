#pragma once

#include <memory>

#include "server/served_engine.h"
#include "server/service.h"
#include "server/shared.h"

namespace aiges::server {

// utils.ToolBox/cmdserver: questions about the server, in AIGES's form. `shared` holds the method.
std::unique_ptr<Method> make_tool_box(std::shared_ptr<const EngineTable> engines, Shared* shared);

}  // namespace aiges::server
