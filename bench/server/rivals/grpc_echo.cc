// The same echo as its maker's documentation teaches it: gRPC C++, callback API, generated
// messages.
//
//   grpc_echo    prints its port, serves 127.0.0.1 until it is killed

#include <grpcpp/grpcpp.h>

#include <cstdio>

#include "aiges/v1/engine.grpc.pb.h"

namespace {

class Echo final : public aiges::v1::Engine::CallbackService {
  grpc::ServerUnaryReactor* Exec(grpc::CallbackServerContext* context,
                                 const aiges::v1::ExecRequest* request,
                                 aiges::v1::ExecResponse* response) override {
    *response->mutable_data() = request->data();
    grpc::ServerUnaryReactor* reactor = context->DefaultReactor();
    reactor->Finish(grpc::Status::OK);
    return reactor;
  }
};

}  // namespace

int main() {
  Echo echo;
  int port = 0;
  grpc::ServerBuilder builder;
  builder.AddListeningPort("127.0.0.1:0", grpc::InsecureServerCredentials(), &port);
  builder.SetMaxReceiveMessageSize(-1);
  builder.RegisterService(&echo);
  const std::unique_ptr<grpc::Server> server = builder.BuildAndStart();
  if (!server || port == 0) {
    std::fputs("grpc_echo: cannot listen on 127.0.0.1\n", stderr);
    return 1;
  }
  std::printf("%d\n", port);
  std::fflush(stdout);
  server->Wait();
}
