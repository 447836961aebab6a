#include "certificates.hpp"

#include "openssl_text.hpp"

#include <openssl/bio.h>
#include <openssl/crypto.h>
#include <openssl/ec.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/rand.h>
#include <openssl/rsa.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>

#include <cstdint>

namespace parley::testing {
namespace {

void add(X509* to, X509* by, int what, const std::string& value) {
  X509V3_CTX context;
  X509V3_set_ctx(&context, by, to, nullptr, nullptr, 0);
  X509_EXTENSION* const one = X509V3_EXT_conf_nid(nullptr, &context, what, value.c_str());
  X509_add_ext(to, one, -1);
  X509_EXTENSION_free(one);
}

}  // namespace

struct issuer::keys {
  X509* certificate = nullptr;
  EVP_PKEY* key = nullptr;

  keys() = default;
  // Signed by `by`, or by itself.
  keys(const wish& what, const keys* by) {
    // The first initialisation in a process counts, so it must not differ from that of the runtime.
    OPENSSL_init_crypto(OPENSSL_INIT_NO_ATEXIT, nullptr);
    certificate = X509_new();
    key = what.rsa ? EVP_RSA_gen(2048) : EVP_EC_gen("P-256");
    X509_set_version(certificate, 2);
    std::uint64_t serial = 0;
    RAND_bytes(reinterpret_cast<unsigned char*>(&serial), sizeof serial);
    ASN1_INTEGER_set_uint64(X509_get_serialNumber(certificate), serial >> 1);
    X509_gmtime_adj(X509_getm_notBefore(certificate), what.from);
    X509_gmtime_adj(X509_getm_notAfter(certificate), what.until);
    X509_set_pubkey(certificate, key);
    X509_NAME* const name = X509_get_subject_name(certificate);
    X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_UTF8, reinterpret_cast<const unsigned char*>(what.name.c_str()), -1, -1, 0);
    X509_set_issuer_name(certificate, by ? X509_get_subject_name(by->certificate) : name);
    X509* const issuing = by ? by->certificate : certificate;
    add(certificate, issuing, NID_basic_constraints, what.authority ? "critical,CA:TRUE" : "CA:FALSE");
    if (what.authority) add(certificate, issuing, NID_key_usage, "critical,keyCertSign,cRLSign");
    else add(certificate, issuing, NID_ext_key_usage, what.client ? "clientAuth" : "serverAuth");
    if (!what.alternative.empty()) add(certificate, issuing, NID_subject_alt_name, what.alternative);
    X509_sign(certificate, by ? by->key : key, EVP_sha256());
  }
  ~keys() {
    X509_free(certificate);
    EVP_PKEY_free(key);
  }
  keys(const keys&) = delete;
  keys& operator=(const keys&) = delete;

  identity texts() const {
    return {written([this](BIO* to) { PEM_write_bio_X509(to, certificate); }),
            written([this](BIO* to) { PEM_write_bio_PrivateKey(to, key, nullptr, nullptr, 0, nullptr, nullptr); })};
  }
};

issuer::issuer(const wish& own) : keys_(std::make_unique<keys>(own, nullptr)), self_(keys_->texts()) {}
issuer::issuer(const issuer& above, const wish& own) : keys_(std::make_unique<keys>(own, above.keys_.get())), self_(keys_->texts()) {}
issuer::~issuer() = default;

identity issuer::issue(const wish& one) const { return keys(one, keys_.get()).texts(); }

std::string sha256_of_certificate(const std::string& pem) {
  BIO* const bio = BIO_new_mem_buf(pem.data(), static_cast<int>(pem.size()));
  X509* const one = PEM_read_bio_X509(bio, nullptr, nullptr, nullptr);
  BIO_free(bio);
  unsigned char print[EVP_MAX_MD_SIZE];
  unsigned size = 0;
  X509_digest(one, EVP_sha256(), print, &size);
  X509_free(one);
  std::string text;
  for (unsigned i = 0; i < size; ++i) text.append({"0123456789abcdef"[print[i] / 16], "0123456789abcdef"[print[i] % 16]});
  return text;
}

std::string with_passphrase(const std::string& key_pem) {
  BIO* const bio = BIO_new_mem_buf(key_pem.data(), static_cast<int>(key_pem.size()));
  EVP_PKEY* const key = PEM_read_bio_PrivateKey(bio, nullptr, nullptr, nullptr);
  BIO_free(bio);
  unsigned char phrase[] = "open sesame";
  std::string text = written([&](BIO* to) {
    PEM_write_bio_PrivateKey(to, key, EVP_aes_128_cbc(), phrase, static_cast<int>(sizeof phrase - 1), nullptr, nullptr);
  });
  EVP_PKEY_free(key);
  return text;
}

}  // namespace parley::testing
