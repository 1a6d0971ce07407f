#pragma once

#include <nghttp2/nghttp2.h>

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "client/address.h"
#include "client/rpc.h"

namespace aiges::client {

// One HTTP/2 connection to a gRPC server, over a socket that does not block. Belongs to one thread.
//
// Sends nothing by itself: whoever started RPCs calls flush() when it has no more to start.
class Connection {
 public:
  // Counters of bytes on the wire, of the thread.
  struct Traffic {
    std::uint64_t sent = 0;
    std::uint64_t received = 0;
  };

  // All outlive the connection. `token`: for the header "authorization"; empty: none.
  Connection(const Address& address, const std::string& token, Traffic& traffic);
  ~Connection();
  Connection(const Connection&) = delete;
  Connection& operator=(const Connection&) = delete;

  // Begins to connect; errno says why not.
  bool connect();
  // The socket is writable for the first time: 0 when it is connected now, else the errno.
  int connected();
  int socket() const { return socket_.get(); }
  bool is_open() const { return session_ != nullptr; }
  // Whether the server wants no more RPCs here.
  bool is_leaving() const { return leaving_; }
  std::size_t open_rpcs() const { return rpcs_.size(); }

  // Begins an RPC of `method` ("/package.Service/Method"). Its end may be told before this returns.
  void start(Rpc& rpc, std::string_view method);
  // Sends a message with its prefix: from where it lies until the RPC has ended, or copied.
  void send(Rpc& rpc, std::string_view lasting, bool last);
  void send_copy(Rpc& rpc, std::string message, bool last);
  // Ends an RPC that the caller gave up; nothing more is told of it.
  void abandon(Rpc& rpc);

  // The socket is readable. False when the connection has ended, and all its RPCs with it.
  bool readable();
  // Sends what there is, as far as the socket takes it; false likewise.
  bool flush();
  bool wants_write() const { return wants_write_; }
  // Why it ended.
  const std::string& why() const { return why_; }

 private:
  friend struct ConnectionCallbacks;

  bool begin_http2();
  void take_body(Rpc& rpc, std::string_view bytes);
  void ended(Rpc& rpc);
  bool end(std::string why);
  void pass_on_whole(Rpc& rpc, std::string_view& bytes);
  void remove(Rpc& rpc);
  void put(const std::uint8_t* bytes, std::size_t size);
  bool write_out();

  const Address& address_;
  const std::string authorization_;
  Traffic& traffic_;
  Descriptor socket_;
  nghttp2_session* session_ = nullptr;
  std::vector<Rpc*> rpcs_;  // under way; each knows its place
  bool leaving_ = false;
  bool wants_write_ = false;
  std::string why_;

  // On its way to the socket: bytes of our own, and of messages that last, in order.
  struct Segment {
    const char* lasting;  // null: of out_, from `offset`
    std::size_t offset;
    std::size_t size;
  };
  std::string out_;
  std::vector<Segment> segments_;
  std::size_t first_segment_ = 0;
  std::size_t pending_ = 0;  // bytes in all segments
};

}  // namespace aiges::client
