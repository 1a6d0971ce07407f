#include "abi/shared_library.h"

#include <dlfcn.h>
#include <limits.h>
#include <unistd.h>

#include <cstdlib>
#include <map>
#include <vector>

#include "abi/elf_probe.h"
#include "base/mutex.h"

namespace aiges {
namespace {

// Which libraries are in use. Process-wide, as the loader's own table is: a file opened twice is
// one library, whatever path was used.
struct Loaded {
  unsigned index;
  bool in_use;
};
struct LoadedTable {
  Mutex mutex;
  std::map<void*, Loaded> libraries AIGES_GUARDED_BY(mutex);
};
LoadedTable& loaded_table() {
  static auto* const table = new LoadedTable;  // never destroyed: engines may outlive exit handlers
  return *table;
}

struct Candidate {
  std::string path;
  const char* from;  // which step of the search it belongs to
};

std::vector<Candidate> candidates(const std::string& path) {
  if (path.find('/') != std::string::npos) return {{path, ""}};
  std::vector<Candidate> found{{"./" + path, "current directory"}};
  const char* variable = std::getenv("LD_LIBRARY_PATH");
  std::string directories = variable ? variable : "";
  for (std::size_t begin = 0; begin < directories.size();) {
    const std::size_t end = std::min(directories.find_first_of(":;", begin), directories.size());
    if (end > begin)
      found.push_back({directories.substr(begin, end - begin) + "/" + path, "LD_LIBRARY_PATH"});
    begin = end + 1;
  }
  return found;
}

std::string absolute(const std::string& path) {
  char resolved[PATH_MAX];
  return ::realpath(path.c_str(), resolved) ? resolved : path;
}

void* try_open(const std::string& path, std::string& story) {
  ::dlerror();
  void* handle = ::dlopen(path.c_str(), RTLD_NOW | RTLD_LOCAL);
  if (handle) return handle;
  const char* error = ::dlerror();
  story += error ? error : "the loader gave no reason";
  return nullptr;
}

}  // namespace

Result<std::unique_ptr<SharedLibrary>> SharedLibrary::open(const std::string& path) {
  std::string story;
  void* handle = nullptr;
  std::string found;
  for (const Candidate& candidate : candidates(path)) {
    story += "\n  " + candidate.path + (*candidate.from ? " (" : "") + candidate.from +
             (*candidate.from ? ")" : "") + ": ";
    if (std::string reason = why_not_loadable(candidate.path); !reason.empty()) {
      story += reason;
      continue;
    }
    found = absolute(candidate.path);
    handle = try_open(candidate.path, story);
    if (handle) break;
  }
  if (!handle && path.find('/') == std::string::npos && !path.empty()) {
    story += "\n  " + path + " (the dynamic loader's own search): ";
    found = path;
    handle = try_open(path, story);
  }
  if (!handle) {
    return Status(ErrorKind::kLoad, Code::kLoad, "load",
                  "cannot load the library '" + path + "'; tried:" + story);
  }

  LoadedTable& table = loaded_table();
  MutexLock lock(table.mutex);
  const auto [entry, fresh] = table.libraries.try_emplace(
      handle, Loaded{static_cast<unsigned>(table.libraries.size()), false});
  if (entry->second.in_use) {
    return Status(ErrorKind::kLoad, Code::kRepeatedSession, "load",
                  "the library '" + found +
                      "' is already loaded as an engine of this process, and its global variables "
                      "exist only once; close that engine first, or load a copy of the file under "
                      "another name");
  }
  entry->second.in_use = true;
  return std::unique_ptr<SharedLibrary>(new SharedLibrary(handle, found, entry->second.index));
}

void SharedLibrary::release() {
  if (released_.exchange(true)) return;
  // No dlclose, on purpose: see the head of the class.
  LoadedTable& table = loaded_table();
  MutexLock lock(table.mutex);
  table.libraries.at(handle_).in_use = false;
}

void* SharedLibrary::symbol(const char* name) const { return ::dlsym(handle_, name); }

}  // namespace aiges
