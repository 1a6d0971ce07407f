#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

#include "server/grpc_status.h"

namespace aiges::server {

class Call;

// What a service has for one streaming RPC. All on the reactor's leader, in order, with no lock
// held; nothing here may block: what enters an engine is a Job.
class Handler {
 public:
  virtual ~Handler() = default;
  // The next whole request message, decompressed, and how many bytes it took of what the client
  // may send: given back by Call::consumed().
  virtual void on_message(std::string message, std::size_t window) = 0;
  // The client will send no more.
  virtual void on_half_close() = 0;
  // The RPC ended before it was finished here: cancelled, disconnected, or past its deadline.
  // Nothing more comes, and what is sent is dropped.
  virtual void on_cancel() = 0;
  // What was sent has left for the socket, and there is room for more.
  virtual void on_drained() {}
};

// One RPC that a server answers, by its path.
class Method {
 public:
  virtual ~Method() = default;
  // Whether unary() answers it, once the whole request is there; else start() does.
  virtual bool is_unary() const = 0;
  // On the leader, with no lock held; must not block.
  virtual void unary(std::shared_ptr<Call> call, std::string message);
  virtual std::unique_ptr<Handler> start(std::shared_ptr<Call> call);
  // Whether it is answered without the token that a server may demand.
  virtual bool is_public() const { return false; }
};

// The RPCs of a server. Not changed any more once it serves.
class MethodTable {
 public:
  // `path` is "/package.Service/Method".
  void add(std::string path, std::unique_ptr<Method> method) {
    methods_[std::move(path)] = std::move(method);
  }
  Method* find(std::string_view path) const {
    const auto found = methods_.find(path);
    return found == methods_.end() ? nullptr : found->second.get();
  }
  // Whether there is any method of the service of this path: what the message of UNIMPLEMENTED
  // says.
  bool has_service(std::string_view path) const;

 private:
  struct Hash {
    using is_transparent = void;
    std::size_t operator()(std::string_view text) const {
      return std::hash<std::string_view>()(text);
    }
  };
  std::unordered_map<std::string, std::unique_ptr<Method>, Hash, std::equal_to<>> methods_;
};

}  // namespace aiges::server
