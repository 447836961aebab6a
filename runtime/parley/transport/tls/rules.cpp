#include "parley/transport/tls/rules.hpp"

#include <openssl/err.h>
#include <openssl/ssl.h>

namespace parley::transport {

// If it fails, OpenSSL tries again at its first use, and that reports the failure.
void prepare_openssl() noexcept { OPENSSL_init_ssl(OPENSSL_INIT_NO_ATEXIT, nullptr); }

context_handle make_context(bool server, tls_version minimum) {
  constexpr int security_level = 2;  // at least 112 bits, as Debian has it
  constexpr int deepest = 6;
  constexpr long longest_list = 32 * 1024;
  ERR_clear_error();
  context_handle made(SSL_CTX_new(server ? TLS_server_method() : TLS_client_method()));
  if (!made) return nullptr;
  SSL_CTX* const to = made.get();
  SSL_CTX_set_min_proto_version(to, minimum == tls_version::v1_3 ? TLS1_3_VERSION : TLS1_2_VERSION);
  if (SSL_CTX_get_security_level(to) < security_level) SSL_CTX_set_security_level(to, security_level);
  SSL_CTX_set_cipher_list(to, "ECDHE+AESGCM:ECDHE+CHACHA20");  // of TLS 1.2; all of TLS 1.3 are like that
  SSL_CTX_set_options(to, SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_COMPRESSION | SSL_OP_IGNORE_UNEXPECTED_EOF);
  // A moved write buffer is one whose bytes are offered again from another address.
  SSL_CTX_set_mode(to, SSL_MODE_RELEASE_BUFFERS | SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
  SSL_CTX_set_max_cert_list(to, longest_list);
  SSL_CTX_set_verify_depth(to, deepest);
  return made;
}

}  // namespace parley::transport
