#include "parley/c/handles.hpp"

#include <string.h>

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <cstring>

using namespace parley;

namespace {

// Assigns a text of the program to an option of TLS.
parley_code set_tls(parley_options* options, const char* text, std::string client_tls::*option) {
  if (!options || !text) return PARLEY_INVALID;
  return c::guarded(nullptr, [&] {
    options->tls().*option = text;
    return PARLEY_OK;
  });
}

parley_code set_pair(parley_options* options, const char* one, std::string certificate::*first, const char* two,
                     std::string certificate::*second) {
  if (!options || !one || !two) return PARLEY_INVALID;
  return c::guarded(nullptr, [&] {
    options->tls().certificate.*first = one;
    options->tls().certificate.*second = two;
    return PARLEY_OK;
  });
}

}  // namespace

parley_options::~parley_options() {
  if (chosen.tls) ::explicit_bzero(chosen.tls->certificate.key_pem.data(), chosen.tls->certificate.key_pem.size());
}

parley_options* parley_options_new(void) {
  try {
    return new parley_options;
  } catch (...) { return nullptr; }
}
void parley_options_free(parley_options* options) { delete options; }

parley_code parley_options_set_encoding(parley_options* options, parley_encoding encoding) {
  if (!options || (encoding != PARLEY_JSON && encoding != PARLEY_PLAIN)) return PARLEY_INVALID;
  options->chosen.encoding = encoding == PARLEY_PLAIN ? parley::encoding::plain : parley::encoding::json;
  return PARLEY_OK;
}

parley_code parley_options_set_connect_timeout(parley_options* options, int64_t milliseconds) {
  if (!options || milliseconds <= 0) return PARLEY_INVALID;
  options->chosen.connect_timeout = std::chrono::milliseconds(std::min(milliseconds, c::longest));
  return PARLEY_OK;
}
parley_code parley_options_set_deadline(parley_options* options, int64_t milliseconds) {
  if (!options || milliseconds <= 0) return PARLEY_INVALID;
  options->chosen.deadline = std::chrono::milliseconds(std::min(milliseconds, c::longest));
  return PARLEY_OK;
}
parley_code parley_options_set_heartbeat(parley_options* options, int64_t milliseconds) {
  if (!options || milliseconds <= 0) return PARLEY_INVALID;
  options->chosen.heartbeat = std::chrono::milliseconds(std::min(milliseconds, c::longest));
  return PARLEY_OK;
}
parley_code parley_options_set_max_silence(parley_options* options, int64_t milliseconds) {
  if (!options || milliseconds <= 0) return PARLEY_INVALID;
  options->chosen.max_silence = std::chrono::milliseconds(std::min(milliseconds, c::longest));
  return PARLEY_OK;
}
parley_code parley_options_set_max_message(parley_options* options, size_t bytes) {
  if (!options || bytes == 0 || bytes > UINT32_MAX / 2) return PARLEY_INVALID;
  options->chosen.max_message = bytes;
  return PARLEY_OK;
}
parley_code parley_options_set_peer_max_message(parley_options* options, size_t bytes) {
  if (!options || bytes == 0 || bytes > UINT32_MAX / 2) return PARLEY_INVALID;
  options->chosen.peer_max_message = bytes;
  return PARLEY_OK;
}
parley_code parley_options_set_max_queue(parley_options* options, size_t bytes) {
  if (!options || bytes == 0) return PARLEY_INVALID;
  options->chosen.max_queue = bytes;
  return PARLEY_OK;
}
parley_code parley_options_set_max_unread(parley_options* options, size_t bytes) {
  if (!options || bytes == 0) return PARLEY_INVALID;
  options->max_unread = bytes;
  return PARLEY_OK;
}
parley_code parley_options_set_answers_in_order(parley_options* options, int yes) {
  if (!options) return PARLEY_INVALID;
  options->chosen.answers_in_order = yes != 0;
  return PARLEY_OK;
}
parley_code parley_options_set_origin(parley_options* options, const char* origin) {
  if (!options || !origin) return PARLEY_INVALID;
  return c::guarded(nullptr, [&] {
    options->chosen.origin = origin;
    return PARLEY_OK;
  });
}
parley_code parley_options_set_agent(parley_options* options, const char* agent) {
  if (!options || !agent || std::strlen(agent) > 64) return PARLEY_INVALID;
  return c::guarded(nullptr, [&] {
    options->chosen.agent = agent;
    return PARLEY_OK;
  });
}
parley_code parley_options_set_token(parley_options* options, const char* token) {
  if (!options || !token || *token == '\0') return PARLEY_INVALID;
  return c::guarded(nullptr, [&] {
    options->chosen.credentials = [shown = credential::bearer(token)](const credential_wanted& wanted) -> reply<credential> {
      if (wanted.refused) return error{errc::unauthenticated, "the server has refused the token"};
      return shown;
    };
    return PARLEY_OK;
  });
}
parley_code parley_options_set_token_on_plain_text(parley_options* options, int yes) {
  if (!options) return PARLEY_INVALID;
  options->chosen.credentials_on_plain_text = yes != 0;
  return PARLEY_OK;
}
parley_code parley_options_add_header(parley_options* options, const char* name, const char* value) {
  if (!options || !name || !value) return PARLEY_INVALID;
  return c::guarded(nullptr, [&] {
    options->chosen.headers.emplace_back(name, value);
    return PARLEY_OK;
  });
}

parley_code parley_options_add_url(parley_options* options, const char* url) {
  if (!options || !url) return PARLEY_INVALID;
  return c::guarded(nullptr, [&] {
    options->chosen.more_urls.emplace_back(url);
    return PARLEY_OK;
  });
}
parley_code parley_options_set_reconnect_attempts(parley_options* options, int64_t attempts) {
  constexpr std::uint32_t for_ever = reconnect_options::for_ever;
  if (!options) return PARLEY_INVALID;
  options->chosen.reconnect.attempts = attempts < 0 || attempts > for_ever ? for_ever : static_cast<std::uint32_t>(attempts);
  return PARLEY_OK;
}
parley_code parley_options_set_reconnect_first_too(parley_options* options, int yes) {
  if (!options) return PARLEY_INVALID;
  options->chosen.reconnect.first_too = yes != 0;
  return PARLEY_OK;
}
parley_code parley_options_set_reconnect_pauses(parley_options* options, int64_t pause, int64_t longest, int64_t stable) {
  if (!options || pause < 0 || longest < 0 || stable < 0) return PARLEY_INVALID;
  options->chosen.reconnect.pause = std::chrono::milliseconds(std::min(pause, c::longest));
  options->chosen.reconnect.longest = std::chrono::milliseconds(std::min(longest, c::longest));
  options->chosen.reconnect.stable = std::chrono::milliseconds(std::min(stable, c::longest));
  return PARLEY_OK;
}

parley_code parley_options_set_tls_ca_file(parley_options* options, const char* file) {
  return set_tls(options, file, &client_tls::ca_file);
}
parley_code parley_options_set_tls_ca_pem(parley_options* options, const char* pem) { return set_tls(options, pem, &client_tls::ca_pem); }
parley_code parley_options_set_tls_system_ca_too(parley_options* options, int yes) {
  if (!options) return PARLEY_INVALID;
  options->tls().system_ca_too = yes != 0;
  return PARLEY_OK;
}
parley_code parley_options_set_tls_certificate_files(parley_options* options, const char* file, const char* key_file) {
  return set_pair(options, file, &certificate::file, key_file, &certificate::key_file);
}
parley_code parley_options_set_tls_certificate_pem(parley_options* options, const char* pem, const char* key_pem) {
  return set_pair(options, pem, &certificate::pem, key_pem, &certificate::key_pem);
}
parley_code parley_options_set_tls_host_name(parley_options* options, const char* name) {
  return set_tls(options, name, &client_tls::host_name);
}
parley_code parley_options_set_tls_minimum(parley_options* options, parley_tls_version version) {
  if (!options || (version != PARLEY_TLS_1_2 && version != PARLEY_TLS_1_3)) return PARLEY_INVALID;
  options->tls().minimum = version == PARLEY_TLS_1_3 ? tls_version::v1_3 : tls_version::v1_2;
  return PARLEY_OK;
}
parley_code parley_options_set_tls_insecure_accept_any_certificate(parley_options* options, int yes) {
  if (!options) return PARLEY_INVALID;
  options->tls().insecure_accept_any_certificate = yes != 0;
  return PARLEY_OK;
}
