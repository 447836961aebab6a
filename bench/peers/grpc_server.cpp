// gRPC's callback server without TLS: one call for each message, or one bidirectional stream for
// each connection.
#include "support/socket.hpp"

#include "echo.grpc.pb.h"

#include <grpcpp/grpcpp.h>

#include <string>

namespace {

using bench::peer::Echo;
using bench::peer::Sample;

// Deletes itself when the stream has ended, as the interface requires.
class stream final : public grpc::ServerBidiReactor<Sample, Sample> {
 public:
  stream() { StartRead(&in_); }
  void OnReadDone(bool more) override {
    if (!more) return Finish(grpc::Status::OK);
    out_.Swap(&in_);
    StartWrite(&out_);
  }
  void OnWriteDone(bool more) override {
    if (!more) return Finish(grpc::Status::OK);
    StartRead(&in_);
  }
  void OnDone() override { delete this; }

 private:
  Sample in_;
  Sample out_;
};

class service final : public Echo::CallbackService {
  grpc::ServerUnaryReactor* Unary(grpc::CallbackServerContext* context, const Sample* asked, Sample* answer) override {
    *answer = *asked;
    grpc::ServerUnaryReactor* reactor = context->DefaultReactor();
    reactor->Finish(grpc::Status::OK);
    return reactor;
  }
  grpc::ServerBidiReactor<Sample, Sample>* Bidi(grpc::CallbackServerContext*) override { return new stream; }
};

}  // namespace

int main() {
  service echo;
  grpc::ServerBuilder builder;
  int port = 0;
  builder.SetMaxReceiveMessageSize(1 << 26);
  builder.AddListeningPort("127.0.0.1:0", grpc::InsecureServerCredentials(), &port);
  builder.RegisterService(&echo);
  const auto server = builder.BuildAndStart();
  if (!server) return 1;
  bench::announce(static_cast<std::uint16_t>(port));
  server->Wait();
}
