#include "parley/transport/tls/texts.hpp"

#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509_vfy.h>

namespace parley::transport {
namespace {

std::string printed(tls_version version) { return version == tls_version::v1_3 ? "1.3" : "1.2"; }

// The words of OpenSSL for a number. They are constants of that library.
std::string words_of(unsigned long reason) {
  const char* const words = ERR_reason_error_string(reason);
  return words ? words : "no reason was given";
}

bool is_of_tls(unsigned long reason) { return ERR_GET_LIB(reason) == ERR_LIB_SSL; }

// The other end has sent an alert (RFC 8446 section 6.2).
bool is_alert(unsigned long reason) {
  const int number = ERR_GET_REASON(reason);
  return is_of_tls(reason) && number >= SSL_AD_REASON_OFFSET && number < SSL_AD_REASON_OFFSET + 256;
}

error described(errc code, std::string text, bool from_peer = false) {
  error made{code, std::move(text)};
  made.from_peer = from_peer;
  return made;
}

error no_common_version(const tls_failure& what, bool from_peer) {
  return described(errc::version_mismatch, "the ends have no TLS version in common; tls.minimum here is " + printed(what.minimum),
                   from_peer);
}

error bad_certificate(const tls_failure& what, const std::string& host) {
  const std::string subject = "the server's certificate ";
  switch (what.verified) {
    case X509_V_ERR_CERT_HAS_EXPIRED:
      return {errc::denied, subject + "expired on " + what.not_after + "; the server needs a new one (or this machine's clock is wrong)"};
    case X509_V_ERR_CERT_NOT_YET_VALID:
      return {errc::denied, subject + "is valid from " + what.not_before + "; is this machine's clock right?"};
    case X509_V_ERR_HOSTNAME_MISMATCH:
    case X509_V_ERR_IP_ADDRESS_MISMATCH:
      return {errc::denied, subject + "is not for \"" + host + "\"; connect by a name it has, or set tls.host_name"};
    case X509_V_ERR_DEPTH_ZERO_SELF_SIGNED_CERT:
      return {errc::denied, subject + "is self-signed; put it (or its issuer) into tls.ca_pem or tls.ca_file"};
    case X509_V_ERR_SELF_SIGNED_CERT_IN_CHAIN:
    case X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY:
    case X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT:
    case X509_V_ERR_UNABLE_TO_VERIFY_LEAF_SIGNATURE:
      return {errc::denied,
              subject +
                  "was issued by an authority that is not trusted here; add it with tls.ca_file, or the server leaves out its "
                  "intermediate certificate"};
    default:
      return {errc::denied, subject + "was refused: " + X509_verify_cert_error_string(what.verified)};
  }
}

// The alerts by which a server reports that it has refused the client's certificate.
bool refuses_a_certificate(int alert) {
  switch (alert) {
    case SSL_AD_BAD_CERTIFICATE:
    case SSL_AD_UNSUPPORTED_CERTIFICATE:
    case SSL_AD_CERTIFICATE_REVOKED:
    case SSL_AD_CERTIFICATE_EXPIRED:
    case SSL_AD_CERTIFICATE_UNKNOWN:
    case SSL_AD_UNKNOWN_CA:
    case SSL_AD_ACCESS_DENIED:
      return true;
    default:
      return false;
  }
}

error alert_of_server(const tls_failure& what, bool asked, bool shown) {
  const int alert = ERR_GET_REASON(what.reason) - SSL_AD_REASON_OFFSET;
  if (alert == SSL_AD_PROTOCOL_VERSION) return no_common_version(what, true);
  // TLS 1.2 has no alert of its own for a certificate that is missing.
  if (alert == SSL_AD_CERTIFICATE_REQUIRED || (asked && !shown && (alert == SSL_AD_HANDSHAKE_FAILURE || refuses_a_certificate(alert))))
    return described(errc::unauthenticated, "the server asks for a client certificate; set tls.certificate", true);
  if (asked && shown && (alert == SSL_AD_HANDSHAKE_FAILURE || refuses_a_certificate(alert)))
    return described(errc::denied, "the server does not trust this client's certificate", true);
  return described(errc::disconnected, "the server ended the TLS handshake or connection: " + words_of(what.reason), true);
}

}  // namespace

error failure_of_client(const tls_failure& what, const std::string& host, bool asked, bool shown) {
  if (!is_of_tls(what.reason)) return {errc::disconnected, "TLS failed: " + words_of(what.reason)};
  if (is_alert(what.reason)) return alert_of_server(what, asked, shown);
  switch (ERR_GET_REASON(what.reason)) {
    case SSL_R_CERTIFICATE_VERIFY_FAILED:
      return bad_certificate(what, host);
    case SSL_R_UNSUPPORTED_PROTOCOL:
    case SSL_R_NO_PROTOCOLS_AVAILABLE:
      return no_common_version(what, false);
    // OpenSSL reports these if the first bytes of the answer are not a record of TLS.
    case SSL_R_WRONG_VERSION_NUMBER:
    case SSL_R_PACKET_LENGTH_TOO_LONG:
    case SSL_R_HTTP_REQUEST:
    case SSL_R_HTTPS_PROXY_REQUEST:
      return {errc::bad_frame, "the server does not speak TLS on this port; is it ws:// ?"};
    default:
      return {errc::bad_frame, "TLS failed: " + words_of(what.reason)};
  }
}

error failure_of_server(const tls_failure& what) {
  if (!is_of_tls(what.reason)) return {errc::disconnected, "TLS failed: " + words_of(what.reason)};
  if (is_alert(what.reason)) {
    const int alert = ERR_GET_REASON(what.reason) - SSL_AD_REASON_OFFSET;
    if (alert == SSL_AD_PROTOCOL_VERSION) return no_common_version(what, true);
    if (refuses_a_certificate(alert))
      return described(errc::denied, "the client does not trust tls.certificate: " + words_of(what.reason), true);
    return described(errc::disconnected, "the client ended the TLS handshake or connection: " + words_of(what.reason), true);
  }
  switch (ERR_GET_REASON(what.reason)) {
    case SSL_R_CERTIFICATE_VERIFY_FAILED:
      return {errc::denied,
              "the client's certificate was refused (tls.client_ca_file): " + std::string(X509_verify_cert_error_string(what.verified))};
    case SSL_R_PEER_DID_NOT_RETURN_A_CERTIFICATE:
      return {errc::unauthenticated, "the client has no certificate, and tls.clients requires one"};
    case SSL_R_UNSUPPORTED_PROTOCOL:
    case SSL_R_NO_PROTOCOLS_AVAILABLE:
      return no_common_version(what, false);
    case SSL_R_HTTP_REQUEST:
    case SSL_R_HTTPS_PROXY_REQUEST:
      return {errc::bad_frame, "this port speaks TLS: use wss:// or https://"};
    case SSL_R_NO_APPLICATION_PROTOCOL:
      return {errc::version_mismatch, "the client does not offer http/1.1"};
    case SSL_R_WRONG_VERSION_NUMBER:
    case SSL_R_PACKET_LENGTH_TOO_LONG:
      return {errc::bad_frame, "the client does not speak TLS"};
    default:
      return {errc::bad_frame, "TLS failed: " + words_of(what.reason)};
  }
}

}  // namespace parley::transport
