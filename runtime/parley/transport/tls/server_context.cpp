#include "parley/transport/tls/certificates.hpp"
#include "parley/transport/tls/context.hpp"
#include "parley/transport/tls/openssl_engine.hpp"
#include "parley/transport/tls/rules.hpp"
#include "parley/transport/tls/tickets.hpp"

#include "parley/core/wipe.hpp"
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/ssl.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>

#include <algorithm>
#include <array>
#include <mutex>
#include <utility>

namespace parley::transport {
namespace {

using names = std::array<unsigned char, EVP_MAX_MD_SIZE>;

std::string name_of(std::size_t number) { return number == 0 ? "tls.certificate" : "tls.more[" + std::to_string(number - 1) + "]"; }

// One certificate with its key and its own context.
struct served {
  identity who;
  context_handle context;
};

// What the connections of one generation use. Never changes.
struct loaded {
  std::vector<served> all;  // the first is for clients that ask for another name, or for none
  std::vector<certificate_handle> authorities;
};

// Chooses the certificate by the name that the client connects to.
int on_server_name(SSL* ssl, int*, void* all) noexcept {
  const char* const name = SSL_get_servername(ssl, TLSEXT_NAMETYPE_host_name);
  if (!name) return SSL_TLSEXT_ERR_NOACK;
  const auto& from = static_cast<const loaded*>(all)->all;
  const auto has_it = [name](const served& one) {
    return X509_check_host(one.who.own.get(), name, 0, X509_CHECK_FLAG_NEVER_CHECK_SUBJECT | X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS,
                           nullptr) == 1;
  };
  const auto found = std::find_if(from.begin(), from.end(), has_it);
  if (found != from.end()) SSL_set_SSL_CTX(ssl, found->context.get());
  return SSL_TLSEXT_ERR_OK;
}

int on_protocols(SSL*, const unsigned char** out, unsigned char* size, const unsigned char* offered, unsigned int length, void*) noexcept {
  const auto* const ours = reinterpret_cast<const unsigned char*>(http_1_1.data());
  unsigned char* chosen = nullptr;
  if (SSL_select_next_proto(&chosen, size, ours, static_cast<unsigned>(http_1_1.size()), offered, length) != OPENSSL_NPN_NEGOTIATED)
    return SSL_TLSEXT_ERR_ALERT_FATAL;
  *out = chosen;
  return SSL_TLSEXT_ERR_OK;
}

class server_context final : public tls_server {
 public:
  explicit server_context(server_tls options) : options_(std::move(options)) {}
  ~server_context() override { erase_keys(); }

  result<> load() {
    auto first = read_all(nullptr);
    if (!first) return first.error();
    use(std::move(*first));
    return {};
  }

  std::unique_ptr<tls_engine> accept(time_point now) override {
    keys_->look_at(now);
    auto from = current();
    SSL_CTX& first = *from->all.front().context;
    // The engine keeps the certificates and the keys of the tickets alive.
    auto both = std::make_shared<std::pair<std::shared_ptr<const loaded>, std::shared_ptr<ticket_keys>>>(std::move(from), keys_);
    return openssl_engine::make(first, {.is = openssl_engine::role::server, .minimum = options_.minimum, .keeps_alive = std::move(both)});
  }

  result<std::function<void()>> read_again() override {
    auto next = read_all(current().get());
    if (!next) return next.error();
    return std::function<void()>([this, next = std::move(*next)] { use(next); });
  }

  std::vector<std::string> warnings() const override {
    std::vector<std::string> found;
    const auto now = current();
    for (std::size_t i = 0; i < now->all.size(); ++i)
      if (const std::string fault = fault_of_dates(*now->all[i].who.own); !fault.empty()) found.push_back(name_of(i) + " " + fault);
    return found;
  }

  std::chrono::system_clock::time_point expires() const override {
    const auto now = current();
    auto first = not_after(*now->all.front().who.own);
    for (const served& one : now->all) first = std::min(first, not_after(*one.who.own));
    return first;
  }

 private:
  std::shared_ptr<const loaded> current() const {
    const std::lock_guard lock(guard_);
    return current_;
  }
  void use(std::shared_ptr<const loaded> next) {
    const std::lock_guard lock(guard_);
    current_ = std::move(next);
  }

  void erase_keys() noexcept {
    wipe(options_.certificate.key_pem);
    for (certificate& one : options_.more) wipe(one.key_pem);
  }

  // `before` is what was loaded last. Null: nothing was.
  result<std::shared_ptr<const loaded>> read_all(const loaded* before) {
    auto made = std::make_shared<loaded>();
    const bool asks = options_.clients != client_certificates::none;
    auto authorities = read_authorities(options_.client_ca_file, options_.client_ca_pem, "tls.client_ca");
    if (!authorities) return authorities.error();
    made->authorities = std::move(*authorities);
    if (asks && made->authorities.empty())
      return error{errc::invalid, "tls.clients needs the authorities of these certificates: set tls.client_ca_file or tls.client_ca_pem"};
    if (!asks && !made->authorities.empty())
      return error{errc::invalid, "tls.client_ca_file and tls.client_ca_pem have no effect unless tls.clients is set"};
    const names ours = name_of_rules(*made);
    for (std::size_t i = 0; i <= options_.more.size(); ++i) {
      certificate& from = i == 0 ? options_.certificate : options_.more[i - 1];
      // A key that was given as a text is erased by now, and the loaded one is used again.
      const identity* const known = before && from.key_file.empty() ? &before->all[i].who : nullptr;
      auto who = read_identity(from, name_of(i), known);
      if (!who) return who.error();
      served one{std::move(*who), make_context(true, options_.minimum)};
      if (!one.context) return error{std::make_error_code(std::errc::not_enough_memory), "TLS cannot be set up"};
      if (auto used = use_identity(*one.context, one.who, name_of(i)); !used) return used.error();
      set_up(*one.context, *made, ours);
      made->all.push_back(std::move(one));
    }
    if (!before) erase_keys();
    return std::shared_ptr<const loaded>(std::move(made));
  }

  void set_up(SSL_CTX& context, const loaded& all, const names& ours) {
    SSL_CTX_set_tlsext_servername_callback(&context, on_server_name);
    SSL_CTX_set_tlsext_servername_arg(&context, const_cast<loaded*>(&all));
    SSL_CTX_set_alpn_select_cb(&context, on_protocols, nullptr);
    SSL_CTX_set_session_cache_mode(&context, SSL_SESS_CACHE_OFF);
    SSL_CTX_set_session_id_context(&context, ours.data(), SSL_MAX_SID_CTX_LENGTH);
    const bool asks = options_.clients != client_certificates::none;
    if (options_.tickets) {
      constexpr long hour = 60 * 60;
      SSL_CTX_set_num_tickets(&context, 1);
      SSL_CTX_set_timeout(&context, asks ? hour : 12 * hour);
      keys_->serve(context);
    } else {
      SSL_CTX_set_num_tickets(&context, 0);
      SSL_CTX_set_options(&context, SSL_OP_NO_TICKET);
    }
    if (!asks) return;
    trust(context, all.authorities);
    for (const certificate_handle& one : all.authorities) SSL_CTX_add_client_CA(&context, one.get());
    const int required = options_.clients == client_certificates::required ? SSL_VERIFY_FAIL_IF_NO_PEER_CERT : 0;
    SSL_CTX_set_verify(&context, SSL_VERIFY_PEER | required, nullptr);
  }

  // A ticket skips the check of the client's certificate. After a reload with other authorities it
  // must not, so the tickets of other rules are refused by this name.
  names name_of_rules(const loaded& made) const {
    names out{};
    const std::unique_ptr<EVP_MD_CTX, decltype(&EVP_MD_CTX_free)> hash(EVP_MD_CTX_new(), EVP_MD_CTX_free);
    EVP_DigestInit_ex(hash.get(), EVP_sha256(), nullptr);
    EVP_DigestUpdate(hash.get(), &options_.clients, sizeof options_.clients);
    for (const certificate_handle& one : made.authorities) {
      names print{};
      unsigned size = 0;
      X509_digest(one.get(), EVP_sha256(), print.data(), &size);
      EVP_DigestUpdate(hash.get(), print.data(), size);
    }
    EVP_DigestFinal_ex(hash.get(), out.data(), nullptr);
    return out;
  }

  server_tls options_;  // without keys
  const std::shared_ptr<ticket_keys> keys_ = std::make_shared<ticket_keys>();
  mutable std::mutex guard_;
  std::shared_ptr<const loaded> current_;
};

}  // namespace

result<std::shared_ptr<tls_server>> load_tls(server_tls options) {
  prepare_openssl();
  auto made = std::make_shared<server_context>(std::move(options));
  if (auto loaded = made->load(); !loaded) return loaded.error();
  return std::shared_ptr<tls_server>(std::move(made));
}

}  // namespace parley::transport
