// What all TLS connections of Parley have in common, whatever the options are.
#pragma once

#include "parley/transport/tls/certificates.hpp"
#include "parley/transport/tls/options.hpp"

#include <string_view>

namespace parley::transport {

// The only protocol that is spoken inside TLS, as ALPN spells it (RFC 7301).
inline constexpr std::string_view http_1_1 = "\x08http/1.1";

// Call it before anything else of OpenSSL. Keeps OpenSSL from freeing its own memory when the process
// exits, because a thread of a client or server that was destroyed on that thread may still use it.
// Has no effect if the program has initialised OpenSSL itself.
void prepare_openssl() noexcept;

// A context with these rules. Null if memory is exhausted.
//
// TLS 1.2 has forward secrecy and AEAD ciphers only. There is no renegotiation, no compression and
// no early data. Lists of certificates have at most 32 KiB and 6 levels.
context_handle make_context(bool server, tls_version minimum);

}  // namespace parley::transport
