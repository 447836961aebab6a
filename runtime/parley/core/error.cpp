#include "parley/core/error.hpp"

#include <array>

namespace parley {
namespace {

// One row for each errc, in numerical order. The conditions are those of the protocol's error
// table. A code that is retryable only under a condition that the `error` knows is not marked here:
// see error::operator==.
struct row {
  errc code;
  std::string_view wire;
  const char* text;
  bool retryable;
  bool peer_at_fault;
  bool gone;
};
constexpr std::array rows{
    row{errc::cancelled, "cancelled", "cancelled", false, false, false},
    row{errc::deadline_exceeded, "deadline_exceeded", "deadline exceeded", false, false, false},
    row{errc::disconnected, "disconnected", "disconnected", false, false, true},
    row{errc::overloaded, "overloaded", "overloaded", true, false, false},
    row{errc::unimplemented, "unimplemented", "unimplemented", false, true, false},
    row{errc::bad_frame, "bad_frame", "bad frame", false, true, false},
    row{errc::bad_payload, "bad_payload", "bad payload", false, true, false},
    row{errc::too_large, "too_large", "too large", false, true, false},
    row{errc::unknown_target, "unknown_target", "unknown target", false, true, true},
    row{errc::denied, "denied", "denied", false, true, false},
    row{errc::failed, "failed", "failed", false, false, false},
    row{errc::version_mismatch, "version_mismatch", "version mismatch", false, true, false},
    row{errc::unauthenticated, "unauthenticated", "unauthenticated", false, true, false},
    row{errc::invalid, "invalid", "invalid", false, true, false},
};

const row* find(int value) noexcept {
  return value >= 1 && value <= static_cast<int>(rows.size()) ? &rows[static_cast<std::size_t>(value) - 1] : nullptr;
}

class errc_category final : public std::error_category {
  const char* name() const noexcept override { return "parley"; }
  std::string message(int value) const override {
    const row* r = find(value);
    return r ? r->text : "unknown error " + std::to_string(value);
  }
};

class conditions final : public std::error_category {
  const char* name() const noexcept override { return "parley.condition"; }
  std::string message(int value) const override {
    switch (static_cast<condition>(value)) {
      case condition::retryable:
        return "may be retried";
      case condition::peer_at_fault:
        return "the peer is at fault";
      case condition::gone:
        return "the peer is gone";
    }
    return "unknown condition";
  }
  bool equivalent(const std::error_code& code, int value) const noexcept override {
    if (code.category() != parley::error_category()) return false;
    const row* r = find(code.value());
    if (!r) return false;
    switch (static_cast<condition>(value)) {
      case condition::retryable:
        return r->retryable;
      case condition::peer_at_fault:
        return r->peer_at_fault;
      case condition::gone:
        return r->gone;
    }
    return false;
  }
};

}  // namespace

const std::error_category& error_category() noexcept {
  static const errc_category category;
  return category;
}
const std::error_category& condition_category() noexcept {
  static const conditions category;
  return category;
}
std::error_code make_error_code(errc e) noexcept { return {static_cast<int>(e), error_category()}; }
bool error::operator==(condition c) const noexcept {
  if (c == condition::retryable && (code == errc::deadline_exceeded || code == errc::disconnected)) return safe_to_repeat();
  return code == make_error_condition(c);
}

std::error_condition make_error_condition(condition c) noexcept { return {static_cast<int>(c), condition_category()}; }

std::string_view wire_name(errc code) noexcept {
  const row* r = find(static_cast<int>(code));
  return r ? r->wire : "failed";
}
errc errc_from_wire_name(std::string_view name) noexcept {
  for (const row& r : rows)
    if (r.wire == name) return r.code;
  return errc::failed;
}
errc errc_from_wire_number(unsigned number) noexcept {
  const row* r = number <= rows.size() ? find(static_cast<int>(number)) : nullptr;
  return r ? r->code : errc::failed;
}

// std::system_error appends the text of the code. Many messages end with it already: "cannot listen
// on ...: Permission denied".
std::system_error call_failed::described(const parley::error& e) {
  const std::string own = e.code.message();
  std::string_view text = e.message;
  if (text == own) return std::system_error(e.code);
  if (text.ends_with(": " + own)) text.remove_suffix(own.size() + 2);
  return text.empty() ? std::system_error(e.code) : std::system_error(e.code, std::string(text));
}

}  // namespace parley
