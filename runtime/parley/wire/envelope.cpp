#include "parley/wire/envelope.hpp"

#include "parley/wire/kinds.hpp"
#include "parley/wire/limits.hpp"
#include "parley/wire/utf8.hpp"

#include <algorithm>

namespace parley::wire {

// To clear an empty vector takes a loop, so it is skipped.
void clear(target& where) noexcept {
  where.kind = target_kind::none;
  where.name.clear();
  where.subject.clear();
  if (!where.except.empty()) where.except.clear();
  if (!where.parts.empty()) where.parts.clear();
}

[[gnu::hot]] void envelope::clear() {
  kind = wire::kind::event;
  name.clear();
  method = 0;
  wire::clear(to);
  target_unreadable = false;
  to_written.clear();
  to_json = {};
  from.clear();
  id = re = 0;
  foreign_id.clear();
  code.reset();
  text.clear();
  has_text = false;
  reason.clear();
  deadline_ms.reset();
  ttl_ms.reset();
  delivery = delivery_class::none;
  counted = false;
  seq = ack = 0;
  if (!meta.empty()) meta.clear();
  key.clear();
  slot.clear();
  more = optional = unknown_kind = false;
  payload = {};
  has_payload = payload_not_json = false;
  payload_tokens = {};
}

bool is_wire_name(std::string_view name) noexcept {
  const auto letter = [](char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_'; };
  return !name.empty() && name.size() <= max_name && letter(name.front()) &&
         std::all_of(name.begin(), name.end(), [letter](char c) { return letter(c) || (c >= '0' && c <= '9') || c == '.' || c == '-'; });
}

bool is_meta_key(std::string_view key) noexcept {
  return !key.empty() && std::all_of(key.begin(), key.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' || c == '_' || c == '.';
  });
}

bool meta_in_bounds(const std::vector<meta_entry>& meta) noexcept {
  if (meta.size() > max_meta_entries) return false;
  std::size_t bytes = 0;
  for (std::size_t i = 0; i < meta.size(); ++i) {
    if (!is_meta_key(meta[i].key)) return false;
    for (std::size_t k = 0; k < i; ++k)
      if (meta[k].key == meta[i].key) return false;
    if (!is_utf8(meta[i].value)) return false;
    bytes += meta[i].key.size() + meta[i].value.size();
  }
  return bytes <= max_meta_bytes;
}

bool in_bounds(const envelope& e) noexcept {
  if (!text_is_payload(e.kind) && e.kind != kind::error && e.text.size() > max_text) return false;
  if (e.reason.size() > max_name || e.key.size() > max_idempotency_key || e.slot.size() > max_slot) return false;
  if (e.to.parts.size() > max_targets || e.to.except.size() > max_targets) return false;
  if (!is_utf8(e.reason) || !is_utf8(e.key) || !is_utf8(e.to.name)) return false;
  for (const std::string& id : e.to.except)
    if (!is_utf8(id)) return false;
  for (const target& part : e.to.parts)
    if (!is_utf8(part.name)) return false;
  return meta_in_bounds(e.meta);
}

std::string_view cut_text(std::string_view text, std::size_t max) noexcept {
  if (text.size() <= max) return text;
  // A continuation byte of UTF-8 begins with the bits 10. No character starts there.
  while (max != 0 && (static_cast<unsigned char>(text[max]) & 0xc0) == 0x80) --max;
  return text.substr(0, max);
}

}  // namespace parley::wire
