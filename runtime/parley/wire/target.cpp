#include "parley/wire/target_text.hpp"

#include "parley/wire/hex.hpp"
#include "parley/wire/limits.hpp"
#include "parley/wire/utf8.hpp"

#include <algorithm>
#include <array>

namespace parley {
namespace {

struct word {
  target_kind kind;
  std::string_view text;
};
constexpr std::array words{word{target_kind::server, "server"}, word{target_kind::sender, "sender"}, word{target_kind::all, "all"},
                           word{target_kind::others, "others"}};
constexpr std::array prefixes{word{target_kind::client, "id"}, word{target_kind::user, "user"}, word{target_kind::group, "group"},
                              word{target_kind::group_others, "group_others"}};

target_kind find(const auto& table, std::string_view text) noexcept {
  for (const word& w : table)
    if (w.text == text) return w.kind;
  return target_kind::none;
}
std::string_view find(const auto& table, target_kind kind) noexcept {
  for (const word& w : table)
    if (w.kind == kind) return w.text;
  return {};
}

// Whether a bare id would be read as something else.
bool needs_prefix(std::string_view id) noexcept { return id.find(':') != id.npos || find(words, id) != target_kind::none; }

bool is_identifier(std::string_view text) {
  const auto letter = [](char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_'; };
  return !text.empty() && text.size() <= wire::max_name && letter(text.front()) &&
         std::all_of(text.begin(), text.end(), [letter](char c) { return letter(c) || (c >= '0' && c <= '9'); });
}

// Appends one field of a group's key in its canonical spelling, so that equal groups have equal
// names. Only '%' and '/' are escaped. Returns false if it is not a key field.
bool append_key_field(std::string_view written, std::string& out) {
  const std::size_t start = out.size();
  std::size_t size = 0;
  for (std::size_t i = 0; i < written.size(); ++i, ++size) {
    char c = written[i];
    if (c == '%') {
      if (written.size() - i < 3) return false;
      const int high = wire::hex_value(written[i + 1]);
      const int low = wire::hex_value(written[i + 2]);
      if (high < 0 || low < 0) return false;
      c = static_cast<char>(high * 16 + low);
      i += 2;
    }
    if (static_cast<unsigned char>(c) < 0x20 || c == 0x7f) return false;
    if (c == '%') out += "%25";
    else if (c == '/') out += "%2F";
    else out += c;
  }
  // The escaped characters are ASCII, so the escaped text is UTF-8 if and only if the field is.
  return size != 0 && size <= wire::max_name && is_utf8(std::string_view(out).substr(start));
}

// Reads "<group>:<key>" and makes the key canonical.
bool read_group(std::string_view text, std::string& out) {
  const std::size_t colon = text.find(':');
  if (colon == text.npos || !is_identifier(text.substr(0, colon))) return false;
  out.assign(text, 0, colon + 1);
  std::string_view key = text.substr(colon + 1);
  while (true) {
    const std::size_t slash = key.find('/');
    if (!append_key_field(key.substr(0, slash), out)) return false;
    if (slash == key.npos) return true;
    out += '/';
    key.remove_prefix(slash + 1);
  }
}

}  // namespace

namespace wire {

target_text text_of(const target& where) noexcept {
  switch (where.kind) {
    case target_kind::client:
      return {needs_prefix(where.name) ? "id:" : "", where.name};
    case target_kind::user:
      return {"user:", where.name};
    case target_kind::group:
      return {"group:", where.name};
    case target_kind::group_others:
      return {"group_others:", where.name};
    case target_kind::none:
      return {{}, where.name};
    case target_kind::server:
    case target_kind::sender:
    case target_kind::all:
    case target_kind::others:
    case target_kind::several:
      break;
  }
  return {find(words, where.kind), {}};
}

void write_target(const target& where, json::writer& w) {
  const target_text text = text_of(where);
  w.text_after(text.head, text.name);
}

bool read_target(std::string_view text, target& out) {
  out.name.clear();
  out.kind = find(words, text);
  if (out.kind != target_kind::none) return true;
  const std::size_t colon = text.find(':');
  if (colon != text.npos) {
    out.kind = find(prefixes, text.substr(0, colon));
    const std::string_view name = text.substr(colon + 1);
    if (read_target_name(out.kind, name, out.name)) return true;
    out.name = out.kind == target_kind::none ? text : name;
    return false;
  }
  if (text.empty()) return false;
  out.kind = target_kind::client;
  out.name = text;
  return true;
}

bool has_name(target_kind kind) noexcept {
  switch (kind) {
    case target_kind::client:
    case target_kind::user:
    case target_kind::group:
    case target_kind::group_others:
      return true;
    case target_kind::none:
    case target_kind::server:
    case target_kind::sender:
    case target_kind::all:
    case target_kind::others:
    case target_kind::several:
      break;
  }
  return false;
}

bool read_target_name(target_kind kind, std::string_view name, std::string& out) {
  out.clear();
  switch (kind) {
    case target_kind::client:
    case target_kind::user:
      out = name;
      return !name.empty();
    case target_kind::group:
    case target_kind::group_others:
      if (read_group(name, out)) return true;
      out.clear();
      return false;
    case target_kind::none:
    case target_kind::server:
    case target_kind::sender:
    case target_kind::all:
    case target_kind::others:
    case target_kind::several:
      break;
  }
  return false;
}

bool has_plain_text(const target& where) noexcept {
  if (where.kind == target_kind::client) return !where.name.empty() && !needs_prefix(where.name);
  return where.kind != target_kind::several;
}

}  // namespace wire

std::string to_text(const target& where) {
  const wire::target_text text = wire::text_of(where);
  std::string joined;
  joined.reserve(text.head.size() + text.name.size());
  return joined.append(text.head).append(text.name);
}

result<target> parse_target(std::string_view text) {
  target where;
  if (!wire::read_target(text, where)) return error{errc::unknown_target, "no such target"};
  return where;
}

}  // namespace parley
