#include "tokens.hpp"

#include "openssl_text.hpp"

#include <openssl/bio.h>
#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/crypto.h>
#include <openssl/ec.h>
#include <openssl/ecdsa.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>

#include <array>
#include <cstddef>

namespace parley::testing {
namespace {

const unsigned char* bytes(std::string_view text) { return reinterpret_cast<const unsigned char*>(text.data()); }

// A number of the key, big-endian, in at least `size` bytes.
std::string number(const EVP_PKEY* key, const char* name, int size = 0) {
  BIGNUM* value = nullptr;
  EVP_PKEY_get_bn_param(key, name, &value);
  std::string text(static_cast<std::size_t>(size == 0 ? BN_num_bytes(value) : size), '\0');
  BN_bn2binpad(value, reinterpret_cast<unsigned char*>(text.data()), static_cast<int>(text.size()));
  BN_free(value);
  return text;
}

}  // namespace

struct signing_key::inner {
  kind is;
  EVP_PKEY* key;
};

signing_key::signing_key(kind is) : inner_(std::make_unique<inner>()) {
  OPENSSL_init_crypto(OPENSSL_INIT_NO_ATEXIT, nullptr);
  inner_->is = is;
  switch (is) {
    case kind::rsa:
      inner_->key = EVP_RSA_gen(2048);
      break;
    case kind::small_rsa:
      inner_->key = EVP_RSA_gen(1024);
      break;
    case kind::p256:
      inner_->key = EVP_EC_gen("P-256");
      break;
    case kind::p384:
      inner_->key = EVP_EC_gen("P-384");
      break;
    case kind::ed25519:
      inner_->key = EVP_PKEY_Q_keygen(nullptr, nullptr, "ED25519");
      break;
  }
}
signing_key::~signing_key() { EVP_PKEY_free(inner_->key); }

std::string signing_key::public_pem() const {
  return written([this](BIO* to) { PEM_write_bio_PUBKEY(to, inner_->key); });
}
std::string signing_key::private_pem() const {
  return written([this](BIO* to) { PEM_write_bio_PrivateKey(to, inner_->key, nullptr, nullptr, 0, nullptr, nullptr); });
}

std::string signing_key::jwk() const {
  switch (inner_->is) {
    case kind::rsa:
    case kind::small_rsa:
      return R"("kty":"RSA","n":")" + base64url(number(inner_->key, OSSL_PKEY_PARAM_RSA_N)) + R"(","e":")" +
             base64url(number(inner_->key, OSSL_PKEY_PARAM_RSA_E)) + '"';
    case kind::p256:
    case kind::p384: {
      const bool small = inner_->is == kind::p256;
      const int size = small ? 32 : 48;
      return std::string(R"("kty":"EC","crv":")") + (small ? "P-256" : "P-384") + R"(","x":")" +
             base64url(number(inner_->key, OSSL_PKEY_PARAM_EC_PUB_X, size)) + R"(","y":")" +
             base64url(number(inner_->key, OSSL_PKEY_PARAM_EC_PUB_Y, size)) + '"';
    }
    case kind::ed25519: {
      std::array<unsigned char, 32> raw{};
      std::size_t size = raw.size();
      EVP_PKEY_get_raw_public_key(inner_->key, raw.data(), &size);
      return R"("kty":"OKP","crv":"Ed25519","x":")" + base64url({reinterpret_cast<const char*>(raw.data()), size}) + '"';
    }
  }
  return {};
}

std::string signing_key::sign(std::string_view text) const {
  EVP_MD_CTX* const context = EVP_MD_CTX_new();
  EVP_DigestSignInit(context, nullptr, inner_->is == kind::ed25519 ? nullptr : EVP_sha256(), nullptr, inner_->key);
  std::size_t size = 0;
  EVP_DigestSign(context, nullptr, &size, bytes(text), text.size());
  std::string signature(size, '\0');
  EVP_DigestSign(context, reinterpret_cast<unsigned char*>(signature.data()), &size, bytes(text), text.size());
  signature.resize(size);
  EVP_MD_CTX_free(context);
  if (inner_->is != kind::p256) return signature;
  const unsigned char* from = bytes(signature);
  ECDSA_SIG* const both = d2i_ECDSA_SIG(nullptr, &from, static_cast<long>(signature.size()));
  std::array<unsigned char, 64> raw{};
  BN_bn2binpad(ECDSA_SIG_get0_r(both), raw.data(), 32);
  BN_bn2binpad(ECDSA_SIG_get0_s(both), raw.data() + 32, 32);
  ECDSA_SIG_free(both);
  return {reinterpret_cast<const char*>(raw.data()), raw.size()};
}

std::string hmac_sha256(std::string_view secret, std::string_view text) {
  std::array<unsigned char, 32> mac{};
  unsigned size = 0;
  HMAC(EVP_sha256(), secret.data(), static_cast<int>(secret.size()), bytes(text), text.size(), mac.data(), &size);
  return {reinterpret_cast<const char*>(mac.data()), size};
}

std::string unsigned_token(std::string_view header, std::string_view claims) { return base64url(header) + '.' + base64url(claims); }
std::string token(std::string_view header, std::string_view claims, const signing_key& by) {
  const std::string text = unsigned_token(header, claims);
  return text + '.' + base64url(by.sign(text));
}
std::string token(std::string_view header, std::string_view claims, std::string_view secret) {
  const std::string text = unsigned_token(header, claims);
  return text + '.' + base64url(hmac_sha256(secret, text));
}

}  // namespace parley::testing
