#include "parley/transport/tls/certificates.hpp"

#include "parley/core/wipe.hpp"
#include <openssl/bio.h>
#include <openssl/crypto.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>

#include <fcntl.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <chrono>
#include <ctime>
#include <memory>
#include <system_error>
#include <utility>

namespace parley::transport {
namespace {

// No list of certificates is longer. Debian's list of all public authorities has 220 KiB.
constexpr std::size_t longest_file = 4 * 1024 * 1024;

struct bio_frees {
  void operator()(BIO* bio) const noexcept { BIO_free(bio); }
};

error wrong(std::string text) { return {errc::invalid, std::move(text)}; }

std::string reason() {
  const unsigned long number = ERR_peek_last_error();
  const char* const words = number != 0 ? ERR_reason_error_string(number) : nullptr;
  ERR_clear_error();
  return words ? words : "no reason was given";
}

// A text from an option, or the contents of its file, and how an error names it.
struct source {
  std::string text;
  std::string name;
};

result<std::string> read_file(const std::string& file, const std::string& option) {
  const auto failed = [&](int number) {
    return wrong(option + ": \"" + file + "\" cannot be read: " + std::system_category().message(number));
  };
  const int descriptor = ::open(file.c_str(), O_RDONLY | O_CLOEXEC);
  if (descriptor < 0) return failed(errno);
  std::string text;
  std::array<char, 4096> room;
  int fault = 0;
  for (;;) {
    const ssize_t count = ::read(descriptor, room.data(), room.size());
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) fault = errno;
    if (count > 0 && text.size() + static_cast<std::size_t>(count) > longest_file) fault = EFBIG;
    if (count <= 0 || fault != 0) break;
    // The string does not leave parts of a key in memory when it grows.
    if (text.capacity() - text.size() < static_cast<std::size_t>(count)) {
      std::string larger;
      larger.reserve(text.capacity() * 2 + room.size());
      larger.append(text);
      wipe(text);
      text = std::move(larger);
    }
    text.append(room.data(), static_cast<std::size_t>(count));
  }
  ::close(descriptor);
  OPENSSL_cleanse(room.data(), room.size());
  if (fault == 0) return text;
  wipe(text);
  return failed(fault);
}

// Exactly one of the two is set.
result<source> read_source(const std::string& file, const std::string& file_option, const std::string& pem, const std::string& pem_option) {
  if (!file.empty() && !pem.empty()) return wrong(file_option + " and " + pem_option + " are both set: use one of them");
  if (!pem.empty()) return source{pem, pem_option};
  if (file.empty()) return wrong(file_option + " is not set, and neither is " + pem_option);
  auto text = read_file(file, file_option);
  if (!text) return text.error();
  return source{std::move(*text), file_option + ": \"" + file + "\""};
}

result<std::vector<certificate_handle>> certificates_in(const source& from) {
  const std::unique_ptr<BIO, bio_frees> bio(BIO_new_mem_buf(from.text.data(), static_cast<int>(from.text.size())));
  std::vector<certificate_handle> found;
  ERR_clear_error();
  while (bio)
    if (X509* const one = PEM_read_bio_X509(bio.get(), nullptr, nullptr, nullptr)) found.emplace_back(one);
    else break;
  // The end of the text is reported as a missing first line.
  if (const unsigned long why = ERR_peek_last_error(); ERR_GET_REASON(why) != PEM_R_NO_START_LINE)
    return wrong(from.name + " has a damaged certificate: " + reason());
  ERR_clear_error();
  if (found.empty()) return wrong(from.name + " contains no certificate in PEM");
  return found;
}

result<key_handle> key_in(const source& from) {
  const std::unique_ptr<BIO, bio_frees> bio(BIO_new_mem_buf(from.text.data(), static_cast<int>(from.text.size())));
  // OpenSSL would ask at the terminal.
  bool asked = false;
  const auto no_passphrase = [](char*, int, int, void* was_asked) {
    *static_cast<bool*>(was_asked) = true;
    return -1;
  };
  ERR_clear_error();
  key_handle key(bio ? PEM_read_bio_PrivateKey(bio.get(), nullptr, no_passphrase, &asked) : nullptr);
  if (key) return key;
  if (asked) return wrong(from.name + " has a key with a passphrase: store the key without one");
  ERR_clear_error();
  return wrong(from.name + " contains no private key in PEM");
}

// Empty for a text with a zero byte, which a reader of C strings would take for a shorter name.
std::string text_of(const ASN1_STRING* from) {
  unsigned char* utf8 = nullptr;
  const int size = from ? ASN1_STRING_to_UTF8(&utf8, from) : -1;
  std::string text = size > 0 ? std::string(reinterpret_cast<const char*>(utf8), static_cast<std::size_t>(size)) : std::string();
  OPENSSL_free(utf8);
  return text.find('\0') == text.npos ? text : std::string();
}

void add_name(std::vector<std::string>& to, const ASN1_STRING* from) {
  if (std::string name = text_of(from); !name.empty()) to.push_back(std::move(name));
}

std::string printed(const ASN1_TIME* when) {
  std::tm parts{};
  std::array<char, 32> text{};
  if (ASN1_TIME_to_tm(when, &parts) != 1) return "an unknown date";
  return {text.data(), std::strftime(text.data(), text.size(), "%Y-%m-%d %H:%M UTC", &parts)};
}

}  // namespace

void openssl_frees::operator()(evp_pkey_st* key) const noexcept { EVP_PKEY_free(key); }
void openssl_frees::operator()(ssl_ctx_st* context) const noexcept { SSL_CTX_free(context); }
void openssl_frees::operator()(x509_st* one) const noexcept { X509_free(one); }

result<identity> read_identity(const certificate& from, const std::string& option, const identity* known) {
  const auto text = read_source(from.file, option + ".file", from.pem, option + ".pem");
  if (!text) return text.error();
  auto found = certificates_in(*text);
  if (!found) return found.error();
  identity made;
  std::string name_of_key = option + ".key_pem";
  if (known) {
    EVP_PKEY_up_ref(known->key.get());
    made.key.reset(known->key.get());
  } else {
    auto key_text = read_source(from.key_file, option + ".key_file", from.key_pem, name_of_key);
    if (!key_text) return key_text.error();
    name_of_key = key_text->name;
    auto key = key_in(*key_text);
    wipe(key_text->text);
    if (!key) return key.error();
    made.key = std::move(*key);
  }
  made.own = std::move(found->front());
  found->erase(found->begin());
  made.chain = std::move(*found);
  if (X509_check_private_key(made.own.get(), made.key.get()) == 1) return made;
  ERR_clear_error();
  return wrong(name_of_key + " has the key of another certificate than " + text->name);
}

result<std::vector<certificate_handle>> read_authorities(const std::string& file, const std::string& pem, const std::string& option) {
  if (file.empty() && pem.empty()) return std::vector<certificate_handle>{};
  const auto text = read_source(file, option + "_file", pem, option + "_pem");
  if (!text) return text.error();
  return certificates_in(*text);
}

result<> use_identity(ssl_ctx_st& to, const identity& which, const std::string& option) {
  ERR_clear_error();
  bool good = SSL_CTX_use_certificate(&to, which.own.get()) == 1 && SSL_CTX_use_PrivateKey(&to, which.key.get()) == 1;
  for (const certificate_handle& one : which.chain) good = good && SSL_CTX_add1_chain_cert(&to, one.get()) == 1;
  if (!good) return wrong(option + " is refused by OpenSSL: " + reason());
  return {};
}

void trust(ssl_ctx_st& to, const std::vector<certificate_handle>& authorities) {
  X509_STORE* const store = SSL_CTX_get_cert_store(&to);
  for (const certificate_handle& one : authorities) X509_STORE_add_cert(store, one.get());
  ERR_clear_error();  // the same certificate may be listed twice
}

peer_certificate described(const x509_st& one) {
  peer_certificate found;
  const X509_NAME* const subject = X509_get_subject_name(&one);
  const int first = X509_NAME_get_index_by_NID(subject, NID_commonName, -1);
  if (first >= 0 && X509_NAME_get_index_by_NID(subject, NID_commonName, first) < 0)
    found.common_name = text_of(X509_NAME_ENTRY_get_data(X509_NAME_get_entry(subject, first)));
  const std::unique_ptr<GENERAL_NAMES, decltype(&GENERAL_NAMES_free)> names(
      static_cast<GENERAL_NAMES*>(X509_get_ext_d2i(&one, NID_subject_alt_name, nullptr, nullptr)), GENERAL_NAMES_free);
  for (int i = 0; names && i < sk_GENERAL_NAME_num(names.get()); ++i) {
    int kind = 0;
    const void* const value = GENERAL_NAME_get0_value(sk_GENERAL_NAME_value(names.get(), i), &kind);
    const auto* const text = static_cast<const ASN1_STRING*>(value);
    if (kind == GEN_DNS) add_name(found.dns_names, text);
    else if (kind == GEN_URI) add_name(found.uris, text);
    else if (kind == GEN_EMAIL) add_name(found.emails, text);
  }
  std::array<unsigned char, EVP_MAX_MD_SIZE> print{};
  unsigned size = 0;
  if (X509_digest(&one, EVP_sha256(), print.data(), &size) == 1)
    for (unsigned i = 0; i < size; ++i) found.sha256.append({"0123456789abcdef"[print[i] >> 4], "0123456789abcdef"[print[i] & 15]});
  ERR_clear_error();
  return found;
}

std::string not_before_of(const x509_st& one) { return printed(X509_get0_notBefore(&one)); }
std::string not_after_of(const x509_st& one) { return printed(X509_get0_notAfter(&one)); }

std::chrono::system_clock::time_point not_after(const x509_st& one) {
  // A difference of days and seconds avoids the time zone of the C library.
  const std::unique_ptr<ASN1_TIME, decltype(&ASN1_STRING_free)> epoch(ASN1_TIME_set(nullptr, 0), ASN1_STRING_free);
  int days = 0, seconds = 0;
  if (!epoch || ASN1_TIME_diff(&days, &seconds, epoch.get(), X509_get0_notAfter(&one)) != 1) return {};
  return std::chrono::system_clock::time_point(std::chrono::hours(24) * days + std::chrono::seconds(seconds));
}

std::string fault_of_dates(const x509_st& one) {
  if (X509_cmp_current_time(X509_get0_notAfter(&one)) < 0) return "expired on " + not_after_of(one);
  if (X509_cmp_current_time(X509_get0_notBefore(&one)) > 0) return "is not valid before " + not_before_of(one);
  return {};
}

}  // namespace parley::transport
