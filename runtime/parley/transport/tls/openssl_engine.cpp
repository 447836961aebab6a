#include "parley/transport/tls/openssl_engine.hpp"

#include "parley/transport/tls/certificates.hpp"
#include "parley/transport/tls/texts.hpp"

#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/ssl3.h>
#include <openssl/x509.h>

#include <algorithm>
#include <cstring>
#include <limits>
#include <memory>
#include <new>
#include <utility>

namespace parley::transport {
namespace {

// More key updates than this per MiB of plain text are an attack (RFC 8446 section 5.5 needs one
// for each 2^24 records). Each costs the receiver as much as 30 small messages.
constexpr unsigned most_key_updates = 32;
constexpr std::size_t per_bytes = 1024 * 1024;

constexpr std::size_t largest_record = 16 * 1024;

}  // namespace

tls_engine::~tls_engine() = default;

std::unique_ptr<openssl_engine> openssl_engine::make(ssl_ctx_st& context, setup how) {
  // Constant for the life of the process, like the tables of OpenSSL itself.
  static BIO_METHOD* const method = [] {
    BIO_METHOD* const made = BIO_meth_new(BIO_TYPE_SOURCE_SINK, "parley");
    if (!made) return made;
    BIO_meth_set_read(made, bio_read);
    BIO_meth_set_write(made, bio_write);
    BIO_meth_set_ctrl(made, bio_control);
    BIO_meth_set_create(made, [](BIO* one) {
      BIO_set_init(one, 1);
      return 1;
    });
    return made;
  }();
  SSL* const ssl = SSL_new(&context);
  BIO* const bio = method ? BIO_new(method) : nullptr;
  if (!ssl || !bio) {
    BIO_free(bio);
    SSL_free(ssl);
    ERR_clear_error();
    return nullptr;
  }
  std::unique_ptr<openssl_engine> made(new openssl_engine(ssl, std::move(how)));
  BIO_set_data(bio, made.get());
  SSL_set_bio(ssl, bio, bio);
  SSL_set_app_data(ssl, made.get());
  SSL_set_read_ahead(ssl, 1);
  SSL_set_msg_callback(ssl, on_message);
  SSL_set_msg_callback_arg(ssl, made.get());
  if (made->how_.is == role::server) SSL_set_accept_state(ssl);
  else SSL_set_connect_state(ssl);
  return made;
}

openssl_engine::~openssl_engine() { SSL_free(ssl_); }

openssl_engine& openssl_engine::of(const ssl_st* ssl) noexcept { return *static_cast<openssl_engine*>(SSL_get_app_data(ssl)); }

bool openssl_engine::is_up() const noexcept { return SSL_is_init_finished(ssl_) == 1; }
bool openssl_engine::is_resumed() const noexcept { return SSL_session_reused(ssl_) == 1; }

std::shared_ptr<const peer_certificate> openssl_engine::shown_certificate() const {
  const X509* const shown = is_up() ? SSL_get0_peer_certificate(ssl_) : nullptr;
  if (!shown || SSL_get_verify_result(ssl_) != X509_V_OK) return nullptr;
  return std::make_shared<const peer_certificate>(described(*shown));
}

// The queue of errors belongs to the thread, so it is emptied before each call.
tls_engine::state openssl_engine::advance() {
  if (trouble_ != trouble::none) return state::failed;
  ERR_clear_error();
  return judge(SSL_do_handshake(ssl_));
}

std::size_t openssl_engine::read(std::span<char> to, state& how) {
  how = state::failed;
  if (trouble_ != trouble::none) return 0;
  ERR_clear_error();
  constexpr std::size_t most = std::numeric_limits<int>::max();
  const int count = SSL_read(ssl_, to.data(), static_cast<int>(std::min(to.size(), most)));
  if (trouble_ == trouble::flood) return 0;
  how = judge(count);
  if (count <= 0) return 0;
  read_ += static_cast<std::size_t>(count);
  if (read_ >= per_bytes) read_ = key_updates_ = 0;
  return static_cast<std::size_t>(count);
}

std::size_t openssl_engine::write(std::string_view text, state& how) {
  how = state::failed;
  if (trouble_ != trouble::none && trouble_ != trouble::flood) return 0;
  ERR_clear_error();
  const int count = SSL_write(ssl_, text.data(), static_cast<int>(std::min(text.size(), largest_record)));
  how = judge(count);
  return count > 0 ? static_cast<std::size_t>(count) : 0;
}

void openssl_engine::say_goodbye() {
  // OpenSSL does not permit it during the handshake and after a failure.
  if (!is_up() || trouble_ == trouble::failed || trouble_ == trouble::plain_http) return;
  ERR_clear_error();
  SSL_shutdown(ssl_);
}

tls_engine::state openssl_engine::judge(int count) {
  if (count > 0) return state::up;
  switch (SSL_get_error(ssl_, count)) {
    case SSL_ERROR_WANT_READ:
      return is_up() ? state::up : state::handshaking;
    case SSL_ERROR_ZERO_RETURN:
      return state::closed;
    default:
      return fail();
  }
}

tls_engine::state openssl_engine::fail() {
  const unsigned long reason = ERR_peek_error();
  ERR_clear_error();
  const int number = ERR_GET_LIB(reason) == ERR_LIB_SSL ? ERR_GET_REASON(reason) : 0;
  trouble_ = trouble::failed;
  if (number == SSL_R_TOO_MANY_KEY_UPDATES) trouble_ = trouble::flood;
  if (how_.is == role::server && number == SSL_R_HTTP_REQUEST) trouble_ = trouble::plain_http;
  const tls_failure what{.reason = reason,
                         .verified = SSL_get_verify_result(ssl_),
                         .not_before = not_before_,
                         .not_after = not_after_,
                         .minimum = how_.minimum};
  if (out_of_memory_) fault_ = {std::make_error_code(std::errc::not_enough_memory), "TLS failed"};
  else if (how_.is == role::server) fault_ = failure_of_server(what);
  else fault_ = failure_of_client(what, how_.host, asked_for_certificate_, how_.shows_certificate);
  return state::failed;
}

// ---- Called by OpenSSL. No exception may leave these functions.

void openssl_engine::on_message(int written, int, int kind, const void* bytes, std::size_t size, ssl_st*, void* engine) noexcept {
  if (kind != SSL3_RT_HANDSHAKE || written != 0 || size == 0) return;
  auto& self = *static_cast<openssl_engine*>(engine);
  const auto message = *static_cast<const unsigned char*>(bytes);
  if (message == SSL3_MT_CERTIFICATE_REQUEST) self.asked_for_certificate_ = true;
  if (message != SSL3_MT_KEY_UPDATE || ++self.key_updates_ <= most_key_updates || self.trouble_ != trouble::none) return;
  self.trouble_ = trouble::flood;
  self.in_ = {};
}

int openssl_engine::on_verified(int good, x509_store_ctx_st* store) noexcept {
  if (good == 1) return good;
  const auto* const ssl = static_cast<const SSL*>(X509_STORE_CTX_get_ex_data(store, SSL_get_ex_data_X509_STORE_CTX_idx()));
  const X509* const which = X509_STORE_CTX_get_current_cert(store);
  if (!ssl || !which) return good;
  openssl_engine& self = of(ssl);
  try {
    self.not_before_ = not_before_of(*which);
    self.not_after_ = not_after_of(*which);
  } catch (const std::bad_alloc&) { self.out_of_memory_ = true; }
  return good;
}

int openssl_engine::on_new_session(ssl_st* ssl, ssl_session_st* session) noexcept {
  const openssl_engine& self = of(ssl);
  try {
    if (self.how_.on_ticket) self.how_.on_ticket(session);
  } catch (const std::bad_alloc&) {}  // the next connection has a full handshake
  return 0;                           // the session stays with OpenSSL
}

int openssl_engine::bio_read(bio_st* bio, char* to, int size) noexcept {
  auto& self = *static_cast<openssl_engine*>(BIO_get_data(bio));
  BIO_clear_retry_flags(bio);
  if (self.in_.empty()) {
    BIO_set_retry_read(bio);
    return -1;
  }
  const std::size_t count = std::min(self.in_.size(), static_cast<std::size_t>(size));
  std::memcpy(to, self.in_.data(), count);
  self.in_.remove_prefix(count);
  return static_cast<int>(count);
}

int openssl_engine::bio_write(bio_st* bio, const char* from, int size) noexcept {
  auto& self = *static_cast<openssl_engine*>(BIO_get_data(bio));
  const auto count = static_cast<std::size_t>(size);
  BIO_clear_retry_flags(bio);
  if (self.beyond_.empty() && self.room_.size() - self.used_ >= count) {
    std::memcpy(self.room_.data() + self.used_, from, count);
    self.used_ += count;
    return size;
  }
  try {
    self.beyond_.append(from, count);
  } catch (const std::bad_alloc&) {
    self.out_of_memory_ = true;
    return -1;
  }
  return size;
}

long openssl_engine::bio_control(bio_st*, int command, long, void*) noexcept { return command == BIO_CTRL_FLUSH ? 1 : 0; }

}  // namespace parley::transport
