// What is reported about a TLS connection that has failed. Decided by the numbers that OpenSSL
// returns, never by its words. The texts name our own option that helps, and never quote the other
// end.
#pragma once

#include "parley/core/core.hpp"
#include "parley/transport/tls/options.hpp"

#include <string>

namespace parley::transport {

struct tls_failure {
  unsigned long reason = 0;  // the first error of OpenSSL's queue; 0: there is none
  long verified = 0;         // the result of the check of the other end's certificate
  std::string not_before{};  // of the certificate that failed this check
  std::string not_after{};   // also of that
  tls_version minimum = tls_version::v1_2;
};

// `host` is the expected name, from the url or from tls.host_name. `asked`: the server has asked for
// a certificate. `shown`: this client has one.
error failure_of_client(const tls_failure& what, const std::string& host, bool asked, bool shown);
error failure_of_server(const tls_failure& what);

}  // namespace parley::transport
