#include <utility>

#include "server/services/health.h"

namespace aiges::server {

void HealthRegistry::set(const std::string& service, bool serving) {
  {
    MutexLock lock(mutex_);
    services_[service] = serving;
  }
  tell();
}

void HealthRegistry::set_all(bool serving) {
  {
    MutexLock lock(mutex_);
    for (auto& [service, state] : services_) state = serving;
  }
  tell();
}

HealthRegistry::State HealthRegistry::state(std::string_view service) {
  MutexLock lock(mutex_);
  const auto found = services_.find(service);
  if (found == services_.end()) return State::kUnknownService;
  return found->second ? State::kServing : State::kNotServing;
}

std::map<std::string, bool> HealthRegistry::list() {
  MutexLock lock(mutex_);
  return {services_.begin(), services_.end()};
}

HealthRegistry::WatchId HealthRegistry::watch(Changed changed) {
  MutexLock lock(mutex_);
  watches_.emplace(++last_watch_, std::move(changed));
  return last_watch_;
}

void HealthRegistry::unwatch(WatchId id) {
  MutexLock lock(mutex_);
  watches_.erase(id);
}

void HealthRegistry::end_watches() {
  {
    MutexLock lock(mutex_);
    ended_ = true;
  }
  tell();
}

bool HealthRegistry::ended() {
  MutexLock lock(mutex_);
  return ended_;
}

void HealthRegistry::tell() {
  std::map<WatchId, Changed> watches;
  {
    MutexLock lock(mutex_);
    watches = watches_;
  }
  for (const auto& [id, changed] : watches) changed();
}

}  // namespace aiges::server
