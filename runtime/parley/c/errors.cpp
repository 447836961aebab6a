#include "parley/c/handles.hpp"
#include "parley/version.hpp"
#include "parley/wire/kinds.hpp"

#include <algorithm>

namespace parley::c {
namespace {

static_assert(PARLEY_CANCELLED == static_cast<int>(errc::cancelled) && PARLEY_FAILED == static_cast<int>(errc::failed) &&
              PARLEY_INVALID == static_cast<int>(errc::invalid));
static_assert(PARLEY_VERSION_MAJOR == version_major && PARLEY_VERSION_MINOR == version_minor && PARLEY_VERSION_PATCH == version_patch &&
              version == PARLEY_VERSION);

}  // namespace

parley_code code_of(const std::error_code& code) noexcept {
  if (code.category() == error_category()) return static_cast<parley_code>(code.value());
  if (code == std::errc::resource_deadlock_would_occur) return PARLEY_WOULD_DEADLOCK;
  if (code == std::errc::not_enough_memory) return PARLEY_OUT_OF_MEMORY;
  return PARLEY_FAILED;
}

parley_code tell(parley_error* out, parley_code code, std::string_view text) noexcept {
  if (!out) return code;
  out->code = code;
  out->from_peer = 0;
  out->maybe_done = 0;
  out->close_code = 0;
  const std::string_view fits = wire::cut_text(text, sizeof(out->text) - 1);
  std::copy_n(fits.data(), fits.size(), out->text);
  out->text[fits.size()] = '\0';
  return code;
}

parley_code tell(parley_error* out, const error& why) noexcept {
  const parley_code code = tell(out, code_of(why.code), why.message);
  if (!out) return code;
  out->from_peer = why.from_peer ? 1 : 0;
  out->maybe_done = why.maybe_done ? 1 : 0;
  out->close_code = why.close_code;
  return code;
}

}  // namespace parley::c

using namespace parley;

const char* parley_version(void) { return version.data(); }  // a literal, so it ends with a zero byte

const char* parley_code_name(int code) {
  if (code == PARLEY_OK) return "ok";
  if (code == PARLEY_WOULD_DEADLOCK) return "would_deadlock";
  if (code == PARLEY_OUT_OF_MEMORY) return "out_of_memory";
  if (code < PARLEY_CANCELLED || code > PARLEY_INVALID) return "unknown";
  return wire_name(static_cast<errc>(code)).data();  // literals, so they end with a zero byte
}
