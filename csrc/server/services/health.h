#pragma once

#include <functional>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/mutex.h"

namespace aiges::server {

// Which services are ready, and who wants to know when that changes. Any thread.
class HealthRegistry {
 public:
  enum class State { kServing, kNotServing, kUnknownService };
  // Called with the lock free, possibly on several threads at once: ask state() for the last word.
  using Changed = std::function<void()>;
  using WatchId = std::uint64_t;

  // Makes the service known. "" stands for the whole server.
  void set(const std::string& service, bool serving);
  void set_all(bool serving);
  State state(std::string_view service);
  std::map<std::string, bool> list();

  WatchId watch(Changed changed);
  void unwatch(WatchId id);
  // The server goes: watches are told to end.
  void end_watches();
  bool ended();

 private:
  void tell();

  Mutex mutex_;
  std::map<std::string, bool, std::less<>> services_ AIGES_GUARDED_BY(mutex_);
  std::map<WatchId, Changed> watches_ AIGES_GUARDED_BY(mutex_);
  WatchId last_watch_ AIGES_GUARDED_BY(mutex_) = 0;
  bool ended_ AIGES_GUARDED_BY(mutex_) = false;
};

}  // namespace aiges::server
