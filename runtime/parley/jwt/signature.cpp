// The part of jwt that uses OpenSSL.
#include "parley/jwt/key.hpp"

#include "parley/core/wipe.hpp"

#include <openssl/bio.h>
#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/crypto.h>
#include <openssl/ec.h>
#include <openssl/ecdsa.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <openssl/param_build.h>
#include <openssl/pem.h>
#include <openssl/x509.h>

#include <algorithm>
#include <array>
#include <cstddef>
#include <utility>

namespace parley {
namespace {

template <class T, void (*Free)(T*)>
struct frees {
  void operator()(T* one) const noexcept { Free(one); }
};
template <class T, void (*Free)(T*)>
using handle = std::unique_ptr<T, frees<T, Free>>;

struct bio_frees {
  void operator()(BIO* bio) const noexcept { BIO_free(bio); }
};

const unsigned char* bytes(std::string_view text) noexcept { return reinterpret_cast<const unsigned char*>(text.data()); }
int size_of(std::string_view text) noexcept { return static_cast<int>(text.size()); }
std::shared_ptr<EVP_PKEY> shared(EVP_PKEY* key) {
  ERR_clear_error();
  return key ? std::shared_ptr<EVP_PKEY>(key, EVP_PKEY_free) : nullptr;
}

handle<BIGNUM, BN_free> number(std::string_view big_endian) {
  return handle<BIGNUM, BN_free>(BN_bin2bn(bytes(big_endian), size_of(big_endian), nullptr));
}

std::shared_ptr<EVP_PKEY> made_of(const char* kind, OSSL_PARAM_BLD* builder) {
  const handle<OSSL_PARAM, OSSL_PARAM_free> parameters(OSSL_PARAM_BLD_to_param(builder));
  const handle<EVP_PKEY_CTX, EVP_PKEY_CTX_free> context(EVP_PKEY_CTX_new_from_name(nullptr, kind, nullptr));
  EVP_PKEY* key = nullptr;
  if (!parameters || !context || EVP_PKEY_fromdata_init(context.get()) != 1 ||
      EVP_PKEY_fromdata(context.get(), &key, EVP_PKEY_PUBLIC_KEY, parameters.get()) != 1)
    key = nullptr;
  return shared(key);
}

constexpr std::size_t coordinate = 32;  // bytes of a number of P-256

// OpenSSL expects the two numbers of the signature in DER (RFC 7518 section 3.4 has them alone).
std::optional<std::string> der_of_ecdsa(std::string_view signature) {
  if (signature.size() != 2 * coordinate) return std::nullopt;
  const handle<ECDSA_SIG, ECDSA_SIG_free> both(ECDSA_SIG_new());
  auto r = number(signature.substr(0, coordinate));
  auto s = number(signature.substr(coordinate));
  if (!both || !r || !s || ECDSA_SIG_set0(both.get(), r.get(), s.get()) != 1) return std::nullopt;
  r.release();
  s.release();
  std::array<unsigned char, 80> room{};
  unsigned char* end = room.data();
  if (i2d_ECDSA_SIG(both.get(), nullptr) > static_cast<int>(room.size())) return std::nullopt;
  const int size = i2d_ECDSA_SIG(both.get(), &end);
  if (size <= 0) return std::nullopt;
  return std::string(reinterpret_cast<const char*>(room.data()), static_cast<std::size_t>(size));
}

bool is_hmac(const std::string& secret, std::string_view text, std::string_view signature) {
  std::array<unsigned char, EVP_MAX_MD_SIZE> own{};
  unsigned size = 0;
  const bool made = HMAC(EVP_sha256(), secret.data(), size_of(secret), bytes(text), text.size(), own.data(), &size) != nullptr;
  return made && signature.size() == size && CRYPTO_memcmp(own.data(), signature.data(), size) == 0;
}

}  // namespace

jwt_keys::set::~set() {
  for (jwt_key& key : keys) wipe(key.secret);
}

bool jwt_key::has_signed(std::string_view text, std::string_view signature) const {
  if (algorithm == jwt_algorithm::hs256) return is_hmac(secret, text, signature);
  std::string der;
  if (algorithm == jwt_algorithm::es256) {
    auto made = der_of_ecdsa(signature);
    if (!made) return false;
    der = std::move(*made);
    signature = der;
  }
  ERR_clear_error();
  const handle<EVP_MD_CTX, EVP_MD_CTX_free> context(EVP_MD_CTX_new());
  const EVP_MD* const digest = algorithm == jwt_algorithm::eddsa ? nullptr : EVP_sha256();
  const bool good = context && EVP_DigestVerifyInit(context.get(), nullptr, digest, nullptr, public_.get()) == 1 &&
                    EVP_DigestVerify(context.get(), bytes(signature), signature.size(), bytes(text), text.size()) == 1;
  ERR_clear_error();
  return good;
}

std::shared_ptr<evp_pkey_st> rsa_key(std::string_view modulus, std::string_view exponent) {
  const auto n = number(modulus);
  const auto e = number(exponent);
  const handle<OSSL_PARAM_BLD, OSSL_PARAM_BLD_free> builder(OSSL_PARAM_BLD_new());
  if (!n || !e || !builder || OSSL_PARAM_BLD_push_BN(builder.get(), OSSL_PKEY_PARAM_RSA_N, n.get()) != 1 ||
      OSSL_PARAM_BLD_push_BN(builder.get(), OSSL_PKEY_PARAM_RSA_E, e.get()) != 1)
    return nullptr;
  return made_of("RSA", builder.get());
}

std::shared_ptr<evp_pkey_st> p256_key(std::string_view x, std::string_view y) {
  if (x.size() != coordinate || y.size() != coordinate) return nullptr;
  const std::string point = std::string(1, '\x04').append(x).append(y);  // uncompressed
  const handle<OSSL_PARAM_BLD, OSSL_PARAM_BLD_free> builder(OSSL_PARAM_BLD_new());
  if (!builder || OSSL_PARAM_BLD_push_utf8_string(builder.get(), OSSL_PKEY_PARAM_GROUP_NAME, "prime256v1", 0) != 1 ||
      OSSL_PARAM_BLD_push_octet_string(builder.get(), OSSL_PKEY_PARAM_PUB_KEY, point.data(), point.size()) != 1)
    return nullptr;
  return made_of("EC", builder.get());
}

std::shared_ptr<evp_pkey_st> ed25519_key(std::string_view x) {
  return shared(EVP_PKEY_new_raw_public_key(EVP_PKEY_ED25519, nullptr, bytes(x), x.size()));
}

bool is_rsa_below_2048(const evp_pkey_st& key) { return EVP_PKEY_is_a(&key, "RSA") == 1 && EVP_PKEY_get_bits(&key) < 2048; }

std::vector<std::shared_ptr<evp_pkey_st>> keys_in_pem(std::string_view text) {
  const std::unique_ptr<BIO, bio_frees> bio(BIO_new_mem_buf(text.data(), size_of(text)));
  std::vector<std::shared_ptr<evp_pkey_st>> found;
  char* name = nullptr;
  char* header = nullptr;
  unsigned char* data = nullptr;
  long size = 0;
  while (bio && PEM_read_bio(bio.get(), &name, &header, &data, &size) == 1) {
    const std::string_view what(name);
    const unsigned char* from = data;
    std::shared_ptr<EVP_PKEY> key;
    if (what == "PUBLIC KEY") {
      key = shared(d2i_PUBKEY(nullptr, &from, size));
    } else if (what == "CERTIFICATE") {
      const handle<X509, X509_free> certificate(d2i_X509(nullptr, &from, size));
      if (certificate) key = shared(X509_get_pubkey(certificate.get()));
    }
    OPENSSL_free(name);
    OPENSSL_free(header);
    OPENSSL_free(data);
    if (!key) return {};
    found.push_back(std::move(key));
  }
  ERR_clear_error();
  return found;
}

std::optional<jwt_algorithm> algorithm_of(const evp_pkey_st& key) {
  if (EVP_PKEY_is_a(&key, "RSA") == 1) return jwt_algorithm::rs256;
  if (EVP_PKEY_is_a(&key, "ED25519") == 1) return jwt_algorithm::eddsa;
  std::array<char, 32> group{};
  const bool is_p256 = EVP_PKEY_is_a(&key, "EC") == 1 && EVP_PKEY_get_group_name(&key, group.data(), group.size(), nullptr) == 1 &&
                       std::string_view(group.data()) == "prime256v1";
  return is_p256 ? std::optional(jwt_algorithm::es256) : std::nullopt;
}

}  // namespace parley
