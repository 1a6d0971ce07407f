#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <string>
#include <string_view>

namespace aiges::client {

// How an RPC ended.
struct RpcEnd {
  // What kept the RPC from having a status at all ("connection lost: ..."); empty: nothing.
  std::string broken;
  int http_status = 0;     // 0: none came
  int grpc_status = -1;    // -1: none came
  std::string message;     // percent-decoded
  std::string aiges_code;  // trailer of aiges.v1; empty: none
};

// One RPC on a connection, and what it is told. Belongs to whoever starts it, and must stay until
// on_end(); may then be started again, from within on_end() too.
class Rpc {
 public:
  virtual ~Rpc() = default;
  Rpc() = default;
  Rpc(const Rpc&) = delete;
  Rpc& operator=(const Rpc&) = delete;

  // One whole message; the bytes are gone when this returns.
  virtual void on_message(std::string_view message) = 0;
  virtual void on_end(const RpcEnd& end) = 0;

 private:
  friend class Connection;
  friend struct ConnectionCallbacks;

  std::int32_t stream_ = 0;  // 0: not under way
  std::size_t place_ = 0;    // in the connection's list
  // What is to be sent, with gRPC's prefixes.
  struct Piece {
    std::string_view bytes;  // of `own`, unless that is empty
    std::string own;
  };
  std::deque<Piece> unsent_;
  std::size_t sent_ = 0;  // of the first piece
  bool last_ = false;     // nothing comes after `unsent_`
  bool stalled_ = false;  // the library waits to be told of more

  std::string received_;  // the part of a message that has come
  bool refused_ = false;  // a message that is none was received
  RpcEnd end_;
};

}  // namespace aiges::client
