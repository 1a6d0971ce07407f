#include "engine/resource_table.h"

#include <string>

namespace aiges {
namespace {

Status not_loaded(std::uint32_t id) {
  return Status(
      ErrorKind::kInvalidData, Code::kInvalidData, "resources",
      "resource " + std::to_string(id) + " is not loaded; use an id that load_resource returned");
}

}  // namespace

std::uint32_t ResourceTable::reserve() {
  MutexLock lock(mutex_);
  do {
    ++last_;
  } while (last_ == 0 || users_.contains(last_));
  return last_;
}

void ResourceTable::add(std::uint32_t id) {
  MutexLock lock(mutex_);
  users_.emplace(id, 0);
}

Status ResourceTable::acquire(std::span<const std::uint32_t> ids) {
  if (ids.empty()) return {};
  MutexLock lock(mutex_);
  for (const std::uint32_t id : ids)
    if (!users_.contains(id)) return not_loaded(id);
  for (const std::uint32_t id : ids) ++users_[id];
  return {};
}

void ResourceTable::release(std::span<const std::uint32_t> ids) {
  if (ids.empty()) return;
  MutexLock lock(mutex_);
  for (const std::uint32_t id : ids) --users_[id];
}

Status ResourceTable::remove(std::uint32_t id) {
  MutexLock lock(mutex_);
  const auto found = users_.find(id);
  if (found == users_.end()) return not_loaded(id);
  if (found->second != 0) {
    return Status(ErrorKind::kSession, Code::kUnloadResource, "unload_resource",
                  "resource " + std::to_string(id) + " is in use by " +
                      std::to_string(found->second) +
                      " calls or sessions; finish or close them first");
  }
  users_.erase(found);
  return {};
}

std::vector<std::uint32_t> ResourceTable::remove_all() {
  MutexLock lock(mutex_);
  std::vector<std::uint32_t> ids;
  ids.reserve(users_.size());
  for (const auto& [id, users] : users_) ids.push_back(id);
  users_.clear();
  return ids;
}

std::size_t ResourceTable::size() {
  MutexLock lock(mutex_);
  return users_.size();
}

}  // namespace aiges
