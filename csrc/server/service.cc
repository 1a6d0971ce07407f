#include "server/service.h"

#include "server/call.h"

namespace aiges::server {

// A method is one of the two kinds and overrides that one.
// NOLINTBEGIN(performance-unnecessary-value-param): those who override them keep what they get
void Method::unary(std::shared_ptr<Call> call, std::string) {
  call->finish({GrpcCode::kUnimplemented, "not a unary method", 0, 0});
}

std::unique_ptr<Handler> Method::start(std::shared_ptr<Call> call) {
  call->finish({GrpcCode::kUnimplemented, "not a streaming method", 0, 0});
  return nullptr;
}
// NOLINTEND(performance-unnecessary-value-param)

bool MethodTable::has_service(std::string_view path) const {
  const std::string_view service = path.substr(0, path.rfind('/') + 1);
  for (const auto& [known, method] : methods_)
    if (!service.empty() && std::string_view(known).starts_with(service)) return true;
  return false;
}

}  // namespace aiges::server
