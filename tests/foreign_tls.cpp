#include "foreign_tls.hpp"

#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <openssl/x509.h>

#include <array>

namespace parley::testing {

struct foreign_tls::inner {
  SSL_CTX* context = nullptr;
  SSL* ssl = nullptr;
  BIO* in = nullptr;
  BIO* out = nullptr;
  bool failed = false;
};

foreign_tls::foreign_tls(const foreign_options& how) : inner_(std::make_unique<inner>()) {
  SSL_CTX* const context = inner_->context = SSL_CTX_new(how.server ? TLS_server_method() : TLS_client_method());
  if (how.version != 0) {
    SSL_CTX_set_security_level(context, 0);  // for versions before 1.2
    SSL_CTX_set_min_proto_version(context, how.version);
    SSL_CTX_set_max_proto_version(context, how.version);
  }
  if (!how.who.pem.empty()) {
    BIO* bio = BIO_new_mem_buf(how.who.pem.data(), static_cast<int>(how.who.pem.size()));
    X509* const certificate = PEM_read_bio_X509(bio, nullptr, nullptr, nullptr);
    BIO_free(bio);
    bio = BIO_new_mem_buf(how.who.key_pem.data(), static_cast<int>(how.who.key_pem.size()));
    EVP_PKEY* const key = PEM_read_bio_PrivateKey(bio, nullptr, nullptr, nullptr);
    BIO_free(bio);
    SSL_CTX_use_certificate(context, certificate);
    SSL_CTX_use_PrivateKey(context, key);
    X509_free(certificate);
    EVP_PKEY_free(key);
  }
  if (how.wants_certificate)
    SSL_CTX_set_verify(context, SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT, [](int, X509_STORE_CTX*) { return 1; });
  inner_->ssl = SSL_new(context);
  inner_->in = BIO_new(BIO_s_mem());
  inner_->out = BIO_new(BIO_s_mem());
  BIO_set_mem_eof_return(inner_->in, -1);
  SSL_set_bio(inner_->ssl, inner_->in, inner_->out);
  if (!how.protocols.empty())
    SSL_set_alpn_protos(inner_->ssl, reinterpret_cast<const unsigned char*>(how.protocols.data()),
                        static_cast<unsigned>(how.protocols.size()));
  if (!how.name.empty()) SSL_set_tlsext_host_name(inner_->ssl, how.name.c_str());
  if (how.server) SSL_set_accept_state(inner_->ssl);
  else SSL_set_connect_state(inner_->ssl);
}

foreign_tls::~foreign_tls() {
  SSL_free(inner_->ssl);
  SSL_CTX_free(inner_->context);
  ERR_clear_error();
}

void foreign_tls::receive(std::string_view bytes) {
  if (!bytes.empty()) BIO_write(inner_->in, bytes.data(), static_cast<int>(bytes.size()));
}

std::string foreign_tls::take_sent() {
  char* begin = nullptr;
  const long size = BIO_get_mem_data(inner_->out, &begin);
  std::string bytes(begin, static_cast<std::size_t>(size));
  BIO_reset(inner_->out);
  return bytes;
}

void foreign_tls::advance() {
  ERR_clear_error();
  const int done = SSL_do_handshake(inner_->ssl);
  if (done <= 0 && SSL_get_error(inner_->ssl, done) != SSL_ERROR_WANT_READ) inner_->failed = true;
}

bool foreign_tls::is_up() const { return SSL_is_init_finished(inner_->ssl) == 1; }
bool foreign_tls::failed() const { return inner_->failed; }

bool foreign_tls::write(std::string_view text) {
  ERR_clear_error();
  return SSL_write(inner_->ssl, text.data(), static_cast<int>(text.size())) == static_cast<int>(text.size());
}

std::string foreign_tls::read() {
  std::string heard;
  std::array<char, 4096> room;
  for (;;) {
    ERR_clear_error();
    const int count = SSL_read(inner_->ssl, room.data(), static_cast<int>(room.size()));
    if (count > 0) {
      heard.append(room.data(), static_cast<std::size_t>(count));
      continue;
    }
    const int why = SSL_get_error(inner_->ssl, count);
    if (why != SSL_ERROR_WANT_READ && why != SSL_ERROR_ZERO_RETURN) inner_->failed = true;
    return heard;
  }
}

void foreign_tls::key_update(bool asks_for_one) {
  SSL_key_update(inner_->ssl, asks_for_one ? SSL_KEY_UPDATE_REQUESTED : SSL_KEY_UPDATE_NOT_REQUESTED);
  advance();
}

bool foreign_tls::renegotiate() {
  ERR_clear_error();
  return SSL_renegotiate(inner_->ssl) == 1 && (advance(), !inner_->failed);
}

void foreign_tls::goodbye() { SSL_shutdown(inner_->ssl); }
bool foreign_tls::heard_goodbye() const { return (SSL_get_shutdown(inner_->ssl) & SSL_RECEIVED_SHUTDOWN) != 0; }
int foreign_tls::version() const { return SSL_version(inner_->ssl); }

std::string foreign_tls::protocol() const {
  const unsigned char* name = nullptr;
  unsigned size = 0;
  SSL_get0_alpn_selected(inner_->ssl, &name, &size);
  return {reinterpret_cast<const char*>(name), size};
}

std::string foreign_tls::peer_name() const {
  X509* const certificate = SSL_get0_peer_certificate(inner_->ssl);
  if (!certificate) return {};
  std::array<char, 256> name{};
  X509_NAME_get_text_by_NID(X509_get_subject_name(certificate), NID_commonName, name.data(), static_cast<int>(name.size()));
  return name.data();
}

}  // namespace parley::testing
