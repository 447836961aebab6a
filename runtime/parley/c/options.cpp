#include "parley/c/handles.hpp"

#include <algorithm>
#include <cstring>

using namespace parley;

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
parley_code parley_options_add_header(parley_options* options, const char* name, const char* value) {
  if (!options || !name || !value) return PARLEY_INVALID;
  return c::guarded(nullptr, [&] {
    options->chosen.headers.emplace_back(name, value);
    return PARLEY_OK;
  });
}
