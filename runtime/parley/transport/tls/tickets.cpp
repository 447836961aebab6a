#include "parley/transport/tls/tickets.hpp"

#include "parley/core/random.hpp"

#include <openssl/core_names.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/params.h>
#include <openssl/rand.h>
#include <openssl/ssl.h>

#include <cstring>
#include <span>

namespace parley::transport {
namespace {

void erase(std::optional<ticket_keys::key>& one) noexcept {
  if (one) OPENSSL_cleanse(&*one, sizeof *one);
  one.reset();
}

ticket_keys::key made() {
  ticket_keys::key fresh;
  fill_random(fresh.name);
  fill_random(fresh.cipher);
  fill_random(fresh.mac);
  return fresh;
}

// Called by OpenSSL for each ticket that is written or read. See SSL_CTX_set_tlsext_ticket_key_evp_cb.
int prepare(SSL* of, unsigned char* name, unsigned char* iv, EVP_CIPHER_CTX* cipher, EVP_MAC_CTX* mac, int encrypts) noexcept {
  constexpr int failed = -1, unknown = 0, good = 1, good_but_old = 2;
  const auto& keys = *static_cast<const ticket_keys*>(SSL_CTX_get_app_data(SSL_get_SSL_CTX(of)));
  bool is_newest = true;
  std::optional<ticket_keys::key> key = encrypts != 0 ? keys.newest() : keys.find(name, is_newest);
  if (!key) return unknown;
  bool done = true;
  if (encrypts != 0) {
    std::memcpy(name, key->name.data(), key->name.size());
    done = RAND_bytes(iv, EVP_MAX_IV_LENGTH) == 1;
  }
  char digest[] = "SHA256";
  const OSSL_PARAM params[] = {OSSL_PARAM_construct_octet_string(OSSL_MAC_PARAM_KEY, key->mac.data(), key->mac.size()),
                               OSSL_PARAM_construct_utf8_string(OSSL_MAC_PARAM_DIGEST, digest, 0), OSSL_PARAM_construct_end()};
  const auto* const secret = reinterpret_cast<const unsigned char*>(key->cipher.data());
  done =
      done && EVP_CipherInit_ex(cipher, EVP_aes_256_cbc(), nullptr, secret, iv, encrypts) == 1 && EVP_MAC_CTX_set_params(mac, params) == 1;
  erase(key);
  if (!done) return failed;
  // The client then gets a ticket under the newest key.
  return is_newest ? good : good_but_old;
}

}  // namespace

ticket_keys::~ticket_keys() {
  erase(newest_);
  erase(before_);
}

void ticket_keys::look_at(time_point now) {
  const std::lock_guard lock(guard_);
  if (newest_ && now - since_ < period) return;
  const bool both_are_old = newest_ && now - since_ >= 2 * period;
  erase(before_);
  if (!both_are_old) before_ = newest_;
  erase(newest_);
  newest_ = made();
  since_ = now;
}

ticket_keys::key ticket_keys::newest() const {
  const std::lock_guard lock(guard_);
  return *newest_;
}

std::optional<ticket_keys::key> ticket_keys::find(const unsigned char* name, bool& is_newest) const {
  const std::lock_guard lock(guard_);
  for (const std::optional<key>* one : {&newest_, &before_}) {
    if (!*one || std::memcmp((*one)->name.data(), name, name_size) != 0) continue;
    is_newest = one == &newest_;
    return **one;
  }
  return std::nullopt;
}

void ticket_keys::serve(ssl_ctx_st& to) {
  SSL_CTX_set_app_data(&to, this);
  SSL_CTX_set_tlsext_ticket_key_evp_cb(&to, prepare);
}

}  // namespace parley::transport
