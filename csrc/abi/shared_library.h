#pragma once

#include <atomic>
#include <memory>
#include <string>

#include "base/status.h"

namespace aiges {

// A library in this process. It is opened with RTLD_NOW | RTLD_LOCAL, so that a missing dependency
// shows at once and engines that export the same names do not see each other, and never closed:
// engines leave threads and thread-local destructors behind, whose code must stay.
class SharedLibrary {
 public:
  // `path` with a slash is that file. Without one it is searched: the current directory, each
  // directory of LD_LIBRARY_PATH, then what the dynamic loader knows. A failure tells every step.
  static Result<std::unique_ptr<SharedLibrary>> open(const std::string& path);

  // One owner at a time: a library has one set of globals, so it can be one engine only. It is free
  // for the next one after release(), or when this object goes.
  void release();
  ~SharedLibrary() { release(); }
  SharedLibrary(const SharedLibrary&) = delete;
  SharedLibrary& operator=(const SharedLibrary&) = delete;

  void* symbol(const char* name) const;
  // Where it was found; the bare name when only the loader knows.
  const std::string& path() const { return path_; }
  // A small number that stays this library's for the life of the process.
  unsigned index() const { return index_; }

 private:
  SharedLibrary(void* handle, std::string path, unsigned index)
      : handle_(handle), path_(std::move(path)), index_(index) {}
  void* const handle_;
  const std::string path_;
  const unsigned index_;
  std::atomic<bool> released_{false};
};

}  // namespace aiges
