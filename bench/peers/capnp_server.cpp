// Cap'n Proto RPC.
#include "support/socket.hpp"

#include "echo.capnp.h"

#include <capnp/ez-rpc.h>

#include <cstdint>

namespace {

class echo final : public Echo::Server {
  kj::Promise<void> call(CallContext context) override {
    const auto sample = context.getParams().getSample();
    context.getResults(capnp::MessageSize{sample.totalSize().wordCount + 16, 0}).setSample(sample);
    return kj::READY_NOW;
  }
};

}  // namespace

int main() {
  capnp::EzRpcServer server(kj::heap<echo>(), "127.0.0.1", 0);
  auto& scope = server.getWaitScope();
  bench::announce(static_cast<std::uint16_t>(server.getPort().wait(scope)));
  kj::NEVER_DONE.wait(scope);
}
