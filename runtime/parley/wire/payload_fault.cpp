#include "parley/wire/payload_fault.hpp"

namespace parley {

void payload_fault::set(const char* what) {
  if (!failed()) told_ = std::make_unique<told>(told{what, {}});
}

void payload_fault::set_inner(const parley::error& inner) {
  if (failed()) return;
  const std::size_t colon = inner.message.find(": ");
  told_ = std::make_unique<told>();
  told_->what = colon == std::string::npos ? inner.message : inner.message.substr(colon + 2);
  if (colon != std::string::npos && colon > 0) told_->path = inner.message.substr(1, colon - 1);
  if (told_->what.empty()) told_->what = "unreadable";
}

void payload_fault::within_member(std::string_view name) {
  if (failed()) told_->path.insert(0, name).insert(0, 1, '.');
}
void payload_fault::within_entry(std::size_t number) {
  if (failed()) told_->path.insert(0, "{" + std::to_string(number) + "}");
}
void payload_fault::within_element(std::size_t number) {
  if (failed()) told_->path.insert(0, "[" + std::to_string(number) + "]");
}

parley::error payload_fault::error() const {
  if (!failed()) return {errc::bad_payload, "$: unreadable"};
  return {errc::bad_payload, "$" + told_->path + ": " + told_->what};
}

}  // namespace parley
