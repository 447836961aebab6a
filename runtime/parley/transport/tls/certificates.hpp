// Reads certificates, keys and lists of authorities from files and texts. The errors are `invalid`,
// and name the option and the file.
#pragma once

#include "parley/core/core.hpp"
#include "parley/transport/tls/options.hpp"
#include "parley/transport/tls/peer_certificate.hpp"

#include <chrono>
#include <memory>
#include <string>
#include <vector>

// The types of OpenSSL, which this header must not include.
extern "C" {
struct evp_pkey_st;
struct ssl_ctx_st;
struct x509_st;
}

namespace parley::transport {

struct openssl_frees {
  void operator()(evp_pkey_st*) const noexcept;
  void operator()(ssl_ctx_st*) const noexcept;
  void operator()(x509_st*) const noexcept;
};
using key_handle = std::unique_ptr<evp_pkey_st, openssl_frees>;
using context_handle = std::unique_ptr<ssl_ctx_st, openssl_frees>;
using certificate_handle = std::unique_ptr<x509_st, openssl_frees>;

// A certificate with its intermediate certificates and its key.
struct identity {
  certificate_handle own;
  std::vector<certificate_handle> chain;
  key_handle key;
};

// `option` is the name of the option for error texts, such as "tls.certificate". The key belongs to
// the certificate, or there is an error. `known`, if not null, has the key.
result<identity> read_identity(const certificate& from, const std::string& option, const identity* known = nullptr);

// The certificates of a file or of a text; both may be empty. `option` is the name without "_file"
// and "_pem".
result<std::vector<certificate_handle>> read_authorities(const std::string& file, const std::string& pem, const std::string& option);

// Offers `which` to the other ends of the connections of `to`. Its certificates and key are shared,
// not moved.
result<> use_identity(ssl_ctx_st& to, const identity& which, const std::string& option);
void trust(ssl_ctx_st& to, const std::vector<certificate_handle>& authorities);

// What applications see of a certificate.
peer_certificate described(const x509_st&);
// "2026-11-28 00:02 UTC".
std::string not_before_of(const x509_st&);
std::string not_after_of(const x509_st&);
std::chrono::system_clock::time_point not_after(const x509_st&);
// What is wrong with the dates of a certificate now. Empty: nothing.
std::string fault_of_dates(const x509_st&);

}  // namespace parley::transport
