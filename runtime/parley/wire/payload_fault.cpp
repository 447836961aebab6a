#include "parley/wire/payload_fault.hpp"

namespace parley {

void payload_fault::set_inner(const parley::error& inner) {
  if (failed()) return;
  const std::size_t colon = inner.message.find(": ");
  what_ = colon == std::string::npos ? inner.message : inner.message.substr(colon + 2);
  if (colon != std::string::npos && colon > 0) path_ = inner.message.substr(1, colon - 1);
  if (what_.empty()) what_ = "unreadable";
}

void payload_fault::within_member(std::string_view name) { path_.insert(0, name).insert(0, 1, '.'); }
void payload_fault::within_entry(std::size_t number) { path_.insert(0, "{" + std::to_string(number) + "}"); }
void payload_fault::within_element(std::size_t number) { path_.insert(0, "[" + std::to_string(number) + "]"); }

parley::error payload_fault::error() const { return {errc::bad_payload, "$" + path_ + ": " + what_}; }

}  // namespace parley
