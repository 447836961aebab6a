#include "parley/transport/tls/certificates.hpp"
#include "parley/transport/tls/context.hpp"
#include "parley/transport/tls/openssl_engine.hpp"
#include "parley/transport/tls/rules.hpp"

#include "parley/core/wipe.hpp"
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509_vfy.h>
#include <openssl/x509v3.h>

#include <algorithm>
#include <deque>
#include <string>
#include <utility>

namespace parley::transport {
namespace {

struct session_frees {
  void operator()(SSL_SESSION* one) const noexcept { SSL_SESSION_free(one); }
};
using session_handle = std::unique_ptr<SSL_SESSION, session_frees>;

// The newest ticket of each server, with the secret that belongs to it. They are kept as bytes: OpenSSL
// marks a session as used up when it has been used, or when its connection ends without close_notify,
// and the sessions of later tickets of that connection inherit the mark.
class ticket_box {
 public:
  void keep(const std::string& server, SSL_SESSION* ticket) {
    const int size = i2d_SSL_SESSION(ticket, nullptr);
    if (size <= 0) return;
    std::string bytes(static_cast<std::size_t>(size), '\0');
    auto* to = reinterpret_cast<unsigned char*>(bytes.data());
    i2d_SSL_SESSION(ticket, &to);
    const auto found = find(server);
    if (found != kept_.end()) {
      wipe(found->ticket);
      found->ticket = std::move(bytes);
      return;
    }
    if (kept_.size() == most) kept_.pop_front();
    kept_.emplace_back(server, std::move(bytes));
  }
  // Null: there is none.
  session_handle of(const std::string& server) {
    const auto found = find(server);
    if (found == kept_.end()) return nullptr;
    const auto* from = reinterpret_cast<const unsigned char*>(found->ticket.data());
    return session_handle(d2i_SSL_SESSION(nullptr, &from, static_cast<long>(found->ticket.size())));
  }

 private:
  // A client connects to one server, or to a few that stand in for each other.
  static constexpr std::size_t most = 16;
  struct entry {
    entry(std::string of, std::string bytes) : server(std::move(of)), ticket(std::move(bytes)) {}
    ~entry() { wipe(ticket); }
    entry(const entry&) = delete;
    entry& operator=(const entry&) = delete;

    const std::string server;
    std::string ticket;
  };
  std::deque<entry>::iterator find(const std::string& server) {
    return std::find_if(kept_.begin(), kept_.end(), [&](const entry& one) { return one.server == server; });
  }
  std::deque<entry> kept_;
};

class client_context final : public tls_client {
 public:
  explicit client_context(client_tls options) : options_(std::move(options)) {}
  ~client_context() override { wipe(options_.certificate.key_pem); }

  result<> load() {
    constexpr std::size_t longest_name = 253;
    if (options_.host_name.size() > longest_name) return error{errc::invalid, "tls.host_name is longer than 253 characters"};
    const auto authorities = read_authorities(options_.ca_file, options_.ca_pem, "tls.ca");
    if (!authorities) return authorities.error();
    context_ = make_context(false, options_.minimum);
    if (!context_) return error{std::make_error_code(std::errc::not_enough_memory), "TLS cannot be set up"};
    SSL_CTX& context = *context_;
    trust(context, *authorities);
    if (authorities->empty() || options_.system_ca_too) SSL_CTX_set_default_verify_paths(&context);
    if (auto used = use_certificate(context); !used) return used;
    SSL_CTX_set_verify(&context, options_.insecure_accept_any_certificate ? SSL_VERIFY_NONE : SSL_VERIFY_PEER, openssl_engine::on_verified);
    SSL_CTX_set_alpn_protos(&context, reinterpret_cast<const unsigned char*>(http_1_1.data()), static_cast<unsigned>(http_1_1.size()));
    SSL_CTX_set_session_cache_mode(&context, SSL_SESS_CACHE_CLIENT | SSL_SESS_CACHE_NO_INTERNAL);
    SSL_CTX_sess_set_new_cb(&context, openssl_engine::on_new_session);
    ERR_clear_error();
    return {};
  }

  std::unique_ptr<tls_engine> connect(const std::string& host, std::uint16_t port) override {
    std::string expected = options_.host_name.empty() ? host : options_.host_name;
    // The final dot of an absolute name is not part of names in certificates (RFC 6066 section 3).
    if (expected.ends_with('.')) expected.pop_back();
    const std::string server = host + ' ' + std::to_string(port);
    const std::weak_ptr<ticket_box> box = tickets_;
    auto made = openssl_engine::make(*context_, {.is = openssl_engine::role::client,
                                                 .minimum = options_.minimum,
                                                 .host = expected,
                                                 .shows_certificate = shows_certificate_,
                                                 .keeps_alive = {},
                                                 .on_ticket = [box, server](SSL_SESSION* ticket) {
                                                   if (const auto to = box.lock()) to->keep(server, ticket);
                                                 }});
    if (!made) return nullptr;
    SSL* const ssl = made->handle();
    X509_VERIFY_PARAM* const check = SSL_get0_param(ssl);
    X509_VERIFY_PARAM_set_hostflags(check, X509_CHECK_FLAG_NEVER_CHECK_SUBJECT | X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS);
    // An address is not sent as the name of the server (RFC 6066 section 3).
    const bool is_address = X509_VERIFY_PARAM_set1_ip_asc(check, expected.c_str()) == 1;
    const bool prepared = is_address || (SSL_set_tlsext_host_name(ssl, expected.c_str()) == 1 && SSL_set1_host(ssl, expected.c_str()) == 1);
    if (const session_handle ticket = tickets_->of(server)) SSL_set_session(ssl, ticket.get());
    ERR_clear_error();
    return prepared ? std::move(made) : nullptr;
  }

 private:
  result<> use_certificate(SSL_CTX& context) {
    const certificate& own = options_.certificate;
    if (own.file.empty() && own.pem.empty() && own.key_file.empty() && own.key_pem.empty()) return {};
    const auto who = read_identity(own, "tls.certificate");
    wipe(options_.certificate.key_pem);
    if (!who) return who.error();
    shows_certificate_ = true;
    return use_identity(context, *who, "tls.certificate");
  }

  client_tls options_;  // without the key
  context_handle context_;
  bool shows_certificate_ = false;
  const std::shared_ptr<ticket_box> tickets_ = std::make_shared<ticket_box>();
};

}  // namespace

result<std::shared_ptr<tls_client>> load_tls(client_tls options) {
  prepare_openssl();
  auto made = std::make_shared<client_context>(std::move(options));
  if (auto loaded = made->load(); !loaded) return loaded.error();
  return std::shared_ptr<tls_client>(std::move(made));
}

}  // namespace parley::transport
