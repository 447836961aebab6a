#include "parley/wire/extra.hpp"

#include "parley/wire/flat.hpp"
#include "parley/wire/kinds.hpp"
#include "parley/wire/limits.hpp"
#include "parley/wire/target_text.hpp"

#include <array>
#include <string_view>

namespace parley::wire {
namespace {

// Layout: root offset, vtable, table (4-byte members in the order of their ids, then `code`), then
// the objects of the members, in the same order. Each part starts at a multiple of 4. Only the
// entries share a vtable.
constexpr std::size_t word = 4;
constexpr std::size_t padded(std::size_t size, std::size_t to = word) { return (size + to - 1) / to * to; }
constexpr std::size_t string_size(std::size_t length) { return padded(word + length + 1); }  // length, bytes, NUL
constexpr std::size_t entry_vtable_size = 8;
constexpr std::size_t entry_table_size = 12;

void put(std::string& out, std::size_t value, std::size_t bytes = word) {
  for (std::size_t i = 0; i < bytes; ++i) out += static_cast<char>(value >> (8 * i) & 0xff);
}
void pad(std::string& out, std::size_t start) { out.append((word - (out.size() - start) % word) % word, '\0'); }

void put_string(std::string& out, std::size_t start, std::string_view head, std::string_view tail = {}) {
  put(out, head.size() + tail.size());
  out.append(head).append(tail) += '\0';
  pad(out, start);
}

// A vector of strings. The offsets come first. Each is relative to its own position.
template <class Texts, class Text>
void put_strings(std::string& out, std::size_t start, const Texts& texts, Text text_of_element) {
  put(out, texts.size());
  std::size_t ahead = word * texts.size();
  for (const auto& t : texts) {
    put(out, ahead);
    const target_text text = text_of_element(t);
    ahead += string_size(text.head.size() + text.name.size()) - word;
  }
  for (const auto& t : texts) {
    const target_text text = text_of_element(t);
    put_string(out, start, text.head, text.name);
  }
}
template <class Texts, class Text>
std::size_t strings_size(const Texts& texts, Text text_of_element) {
  std::size_t size = word;
  for (const auto& t : texts) {
    const target_text text = text_of_element(t);
    size += word + string_size(text.head.size() + text.name.size());
  }
  return size;
}

target_text of_string(const std::string& s) { return {{}, s}; }

// A vector of entries: the offsets, the shared vtable, then each table with its two strings.
std::size_t meta_size(const std::vector<meta_entry>& meta) {
  std::size_t size = word + entry_vtable_size;
  for (const meta_entry& m : meta) size += word + entry_table_size + string_size(m.key.size()) + string_size(m.value.size());
  return size;
}
void put_meta(std::string& out, std::size_t start, const std::vector<meta_entry>& meta) {
  put(out, meta.size());
  std::size_t ahead = word * meta.size() + entry_vtable_size;
  for (const meta_entry& m : meta) {
    put(out, ahead);
    ahead += entry_table_size + string_size(m.key.size()) + string_size(m.value.size()) - word;
  }
  const std::size_t vtable = out.size();
  for (const std::size_t value : {entry_vtable_size, entry_table_size, word, 2 * word}) put(out, value, 2);
  for (const meta_entry& m : meta) {
    put(out, out.size() - vtable);
    put(out, 2 * word);
    put(out, word + string_size(m.key.size()));
    put_string(out, start, m.key);
    put_string(out, start, m.value);
  }
}

bool is_scalar(std::uint16_t id) { return id == extra_id::deadline_ms || id == extra_id::ttl_ms || id == extra_id::code; }

}  // namespace

extra_writer::extra_writer(const envelope& e, side writer) noexcept
    : envelope_(e), text_(e.kind == kind::error ? cut_text(e.text, max_text) : e.text) {
  const auto add = [this](std::uint16_t id, bool present) { present_ |= static_cast<std::uint32_t>(present) << id; };
  if (has_target(e.kind)) {
    add(extra_id::group, has_name(e.to.kind) && e.to.kind != target_kind::client);
    if (e.to.kind == target_kind::several) listed_ = e.to.parts;
    add(extra_id::except, writer == side::client && !e.to.except.empty());
  } else if (e.kind == kind::error && e.re == 0) {  // the target of the event that it is about
    if (e.to.kind == target_kind::several) listed_ = e.to.parts;
    else if (e.to.kind != target_kind::none || !e.to.name.empty()) listed_ = {&e.to, 1};
  }
  add(extra_id::to, !listed_.empty());
  add(extra_id::deadline_ms, e.deadline_ms.has_value());
  add(extra_id::code, e.code.has_value());
  add(extra_id::text, e.has_text);
  add(extra_id::meta, !e.meta.empty());
  add(extra_id::idempotency_key, !e.key.empty());
  add(extra_id::ttl_ms, e.ttl_ms.has_value());
  add(extra_id::reason, !e.reason.empty());
  add(extra_id::slot, !e.slot.empty());
  if (present_ == 0) return;

  std::size_t objects = 0;
  table_size_ = word;
  for (std::uint16_t id = 0; id < extra_id::count; ++id) {
    if (!has(id)) continue;
    vtable_size_ = 4 + 2u * (id + 1u);  // the two sizes, then one offset for each id
    table_size_ += id == extra_id::code ? 1 : word;
    objects += object_size(id);
  }
  size_ = padded(word + padded(vtable_size_) + padded(table_size_) + objects, 8);
}

std::size_t extra_writer::object_size(std::uint16_t id) const noexcept {
  const envelope& e = envelope_;
  switch (id) {
    case extra_id::group:
      return string_size(e.to.name.size());
    case extra_id::text:
      return string_size(text_.size());
    case extra_id::meta:
      return meta_size(e.meta);
    case extra_id::except:
      return strings_size(e.to.except, of_string);
    case extra_id::to:
      return strings_size(listed_, text_of);
    case extra_id::idempotency_key:
      return string_size(e.key.size());
    case extra_id::reason:
      return string_size(e.reason.size());
    case extra_id::slot:
      return padded(word + e.slot.size());
    default:
      return 0;
  }
}

void extra_writer::write(std::string& out) const {
  const envelope& e = envelope_;
  const std::size_t start = out.size();
  const std::size_t table = word + padded(vtable_size_);
  put(out, table);

  put(out, vtable_size_, 2);
  put(out, table_size_, 2);
  std::size_t place = word;
  const std::size_t code_place = table_size_ - 1;  // used only if there is a code
  for (std::uint16_t id = 0; 4 + 2u * id < vtable_size_; ++id) {
    put(out, !has(id) ? 0 : id == extra_id::code ? code_place : place, 2);
    if (has(id) && id != extra_id::code) place += word;
  }
  pad(out, start);

  put(out, table - word);  // the distance back to the vtable
  std::size_t object = table + padded(table_size_);
  for (std::uint16_t id = 0; id < extra_id::count; ++id) {
    if (!has(id) || id == extra_id::code) continue;
    if (is_scalar(id)) {
      put(out, id == extra_id::deadline_ms ? *e.deadline_ms : *e.ttl_ms);
    } else {
      put(out, object - (out.size() - start));
      object += object_size(id);
    }
  }
  if (has(extra_id::code)) put(out, static_cast<std::size_t>(*e.code), 1);
  pad(out, start);

  if (has(extra_id::group)) put_string(out, start, e.to.name);
  if (has(extra_id::text)) put_string(out, start, text_);
  if (has(extra_id::meta)) put_meta(out, start, e.meta);
  if (has(extra_id::except)) put_strings(out, start, e.to.except, of_string);
  if (has(extra_id::to)) put_strings(out, start, listed_, text_of);
  if (has(extra_id::idempotency_key)) put_string(out, start, e.key);
  if (has(extra_id::reason)) put_string(out, start, e.reason);
  if (has(extra_id::slot)) {
    put(out, e.slot.size());
    out.append(e.slot);
    pad(out, start);
  }
  out.append(size_ - (out.size() - start), '\0');
}

namespace {

// Each of these returns false if the read has failed.
bool read_text(const flat::table& in, std::uint16_t id, std::size_t max, std::string& out) {
  std::string_view text;
  if (!in.text(id, text)) return false;
  out = text;
  return text.size() <= max || in.in().fail("a text exceeds its limit");
}

// Calls `take` for each string. The count is checked before the first one is read.
bool read_strings(const flat::table& in, std::uint16_t id, auto take) {
  std::size_t first = 0;
  std::size_t count = 0;
  if (!in.list(id, word, first, count)) return false;
  if (count > max_targets) return in.in().fail("too many targets");
  for (std::size_t i = 0; i < count; ++i) {
    std::string_view text;
    const std::size_t at = in.in().follow(first + word * i);
    if (at == 0 || !in.in().text_at(at, text)) return false;
    take(text);
  }
  return true;
}

bool read_optional(const flat::table& in, std::uint16_t id, std::optional<std::uint32_t>& out) {
  std::uint32_t value = 0;
  if (!in.scalar(id, value)) return false;
  if (in.has(id)) out = value;
  return true;
}

bool read_meta(const flat::table& in, std::vector<meta_entry>& out) {
  return read_entries(in, extra_id::meta, out) && (meta_in_bounds(out) || in.in().fail("meta exceeds its limits"));
}

bool read_members(const flat::table& in, envelope& out, extra_views& views) {
  std::uint8_t code = 0;
  bytes_view slot;
  views.has_group = in.has(extra_id::group);
  const bool sound =
      in.text(extra_id::group, views.group) && read_optional(in, extra_id::deadline_ms, out.deadline_ms) &&
      in.scalar(extra_id::code, code) && read_text(in, extra_id::text, max_text, out.text) && read_meta(in, out.meta) &&
      read_strings(in, extra_id::except, [&](std::string_view id) { out.to.except.emplace_back(id); }) &&
      read_strings(in, extra_id::to,
                   [&](std::string_view text) { views.unreadable_part |= !read_target(text, out.to.parts.emplace_back()); }) &&
      read_text(in, extra_id::idempotency_key, max_idempotency_key, out.key) && read_optional(in, extra_id::ttl_ms, out.ttl_ms) &&
      read_text(in, extra_id::reason, max_name, out.reason) && in.bytes(extra_id::slot, slot);
  if (!sound) return false;
  if (slot.size() > max_slot) return in.in().fail("slot exceeds its limit");
  out.has_text = in.has(extra_id::text);
  out.slot = as_text(slot);
  if (code != 0) out.code = errc_from_wire_number(code);
  return true;
}

}  // namespace

bool read_entries(const flat::table& in, unsigned id, std::vector<meta_entry>& out) {
  std::size_t first = 0;
  std::size_t count = 0;
  if (!in.list(id, word, first, count)) return false;
  if (count > max_meta_entries) return in.in().fail("too many entries in meta");
  for (std::size_t i = 0; i < count; ++i) {
    flat::table entry;
    const std::size_t at = in.in().follow(first + word * i);
    if (at == 0 || !in.in().table_at(at, entry)) return false;
    meta_entry& m = out.emplace_back();
    if (!read_text(entry, 0, max_meta_bytes, m.key) || !read_text(entry, 1, max_meta_bytes, m.value)) return false;
  }
  return true;
}

std::optional<fault> read_extra(bytes_view section, envelope& out, extra_views& views) {
  if (section.empty()) return violation("an empty Extra section");
  flat::reader in(section);
  const flat::table root = in.root();
  if (in.failed() || !read_members(root, out, views)) return violation(in.error().message);
  return std::nullopt;
}

}  // namespace parley::wire
