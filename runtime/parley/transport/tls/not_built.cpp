// Replaces the other files of this folder if Parley is built without TLS.
#include "parley/transport/tls/context.hpp"

namespace parley::transport {
namespace {

error not_built() { return {errc::unimplemented, "built without TLS"}; }

}  // namespace

tls_engine::~tls_engine() = default;

result<std::shared_ptr<tls_server>> load_tls(server_tls) { return not_built(); }
result<std::shared_ptr<tls_client>> load_tls(client_tls) { return not_built(); }

}  // namespace parley::transport
