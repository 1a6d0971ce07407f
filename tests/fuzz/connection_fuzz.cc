// The connection's state machine: whatever a client sends, to a server that has an engine behind
// it. The input is what follows the client's preface; an input that begins with a zero byte brings
// its own preface.

#include <poll.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <string>

#include "check.h"
#include "server/server.h"
#include "support/fake_engine.h"

using namespace aiges;

namespace {

constexpr int kPatience = 5000;  // ms

class Service {
 public:
  Service() : path_("/tmp/aiges_fuzz_" + std::to_string(::getpid()) + ".sock") {
    EngineHost::Options host_options;
    host_options.name = "fake";
    host_ = std::make_shared<EngineHost>(
        runtime_, std::make_unique<test::FakeEngine>(std::make_shared<test::Script>()),
        host_options);
    wire::fuzz::require(host_->start({}).ok(), "the engine starts");
    server::ServerOptions options;
    options.grpc = {"unix:" + path_};
    options.reactors = 1;
    options.limits.max_receive = 1 << 20;
    server_ = std::make_unique<server::Server>(runtime_, options);
    server::EngineOptions engine;
    engine.sessions.licences.max = 4;
    wire::fuzz::require(server_->add_engine("fake", host_, engine).ok(), "the engine is taken");
    wire::fuzz::require(server_->start().ok(), "the server starts");
  }

  int connect() const {
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    path_.copy(address.sun_path, sizeof address.sun_path - 1);
    const int socket = ::socket(AF_UNIX, SOCK_STREAM, 0);
    wire::fuzz::require(
        ::connect(socket, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0,
        "the server listens");
    return socket;
  }

 private:
  Runtime runtime_;
  const std::string path_;
  std::shared_ptr<EngineHost> host_;
  std::unique_ptr<server::Server> server_;
};

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static const auto* const service = new Service;  // its threads run until the process ends
  static const std::string preface("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\4\0\0\0\0\0", 33);
  std::string bytes(wire::fuzz::input(data, size));
  bytes = !bytes.empty() && bytes.front() == '\0' ? bytes.substr(1) : preface + bytes;
  const int socket = service->connect();
  (void)::send(socket, bytes.data(), bytes.size(), MSG_NOSIGNAL);
  ::shutdown(socket, SHUT_WR);
  // The server closes, since nothing more can come.
  char buffer[4096];
  for (;;) {
    pollfd waiting{socket, POLLIN, 0};
    wire::fuzz::require(::poll(&waiting, 1, kPatience) == 1, "the server answers or closes");
    if (::recv(socket, buffer, sizeof buffer, 0) <= 0) break;
  }
  ::close(socket);
  return 0;
}
