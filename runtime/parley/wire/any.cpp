#include "parley/wire/any.hpp"

#include "parley/wire/flat_values.hpp"
#include "parley/wire/json_values.hpp"
#include "parley/wire/wkt_rules.hpp"
#include "parley/wire/wkt_values.hpp"

#include <algorithm>
#include <array>

namespace parley {
namespace {

constexpr const char* unknown_type = "an Any of an unknown type";

constexpr std::array well_known{
    &any_type_for<any>,
    &any_type_for<duration>,
    &any_type_for<empty>,
    &any_type_for<field_mask>,
    &any_type_for<list_value>,
    &any_type_for<structure>,
    &any_type_for<timestamp>,
    &any_type_for<value>,
    &any_type_for<bool>,
    &any_type_for<double>,
    &any_type_for<float>,
    &any_type_for<std::int32_t>,
    &any_type_for<std::int64_t>,
    &any_type_for<std::uint32_t>,
    &any_type_for<std::uint64_t>,
    &any_type_for<std::string>,
    &any_type_for<std::vector<std::byte>>,
};

std::string_view name_in(std::string_view type_url) { return type_url.substr(type_url.rfind('/') + 1); }

// The options for the content of an Any. The content begins `depth` levels below the root of what
// `in` reads, and shares its memory limit.
template <class Reader>
decode_options options_within(Reader& in, std::size_t depth) {
  decode_options inner = in.options();
  inner.max_depth -= std::min(depth, inner.max_depth);
  inner.most_memory = in.memory().left();
  inner.grown = nullptr;
  return inner;
}

// Counts the memory that the Any keeps.
template <class Reader>
bool take_room(Reader& in, const any& packed) {
  in.memory().grew(packed.content.size() + packed.json.size());
  return in.build(packed.content.size() + packed.json.size());
}

}  // namespace

const any_type* any_types::find(std::string_view type_url) const {
  const auto found = types_.find(name_in(type_url));
  return found == types_.end() ? nullptr : found->second;
}

const any_type* find_any_type(std::string_view type_url, const decode_options& options) {
  if (const any_type* type = options.types ? options.types->find(type_url) : nullptr) return type;
  for (const any_type* type : well_known)
    if (type->name == name_in(type_url)) return type;
  return nullptr;
}

// ---------------------------------------------------------------------------------------------------------------------
// JSON: {"@type": url, the content's members} or {"@type": url, "value": the content}

namespace json {

void write_json(writer& out, const any& packed) {
  if (const char* fault = fault_of(packed)) out.fail(fault);
  if (packed.type_url.empty()) return out.raw("{}");
  const any_type* type = packed.type ? packed.type : find_any_type(packed.type_url, {});
  if (!type) return out.fail(unknown_type);
  out.builds(packed.content.size());
  std::string made;
  if (packed.json.empty())
    if (auto read = type->codec->transcode(format::binary, packed.content, made, {}); !read) return out.fail(read.error());
  const std::string_view content = packed.json.empty() ? made : packed.json;
  out.open_object();
  out.member("\"@type\":");
  out.text(packed.type_url);
  if (type->value_member) {
    out.member("\"value\":");
    out.raw(content);
    out.close_object();
  } else if (content == "{}") {
    out.close_object();
  } else {
    out.raw(",");
    out.raw(content.substr(1));
  }
}

namespace {

// Reads the object's "@type" and returns the reader to the first member.
bool read_type_url(reader& in, std::string& url) {
  const reader::place first = in.here();
  bool found = false;
  bool any_member = false;
  std::string_view name;
  while (in.next_member(name)) {
    any_member = true;
    if (name != "@type") {
      if (!in.skip()) return false;
      continue;
    }
    if (found) return in.fail("duplicate member `@type`");
    found = true;
    if (!in.read(url)) return in.within_member("@type");
  }
  if (in.failed()) return false;
  if (any_member && url.empty()) return in.fail("no @type");
  in.back_to(first);
  return true;
}

// Copies the content of the Any as a JSON text.
bool read_content(reader& in, bool value_member, std::string& content) {
  const std::size_t depth_left = in.options().max_depth - in.depth();
  writer out(content);
  if (!value_member) out.open_object();
  std::string_view name;
  std::string kept_name;
  while (in.next_member(name)) {
    kept_name = name;
    std::string_view text;
    if (!in.raw(text, depth_left)) return false;
    if (kept_name == "@type") continue;
    if (!value_member) {
      out.member_named(kept_name);
      out.raw(text);
    } else if (kept_name == "value") {
      if (!content.empty()) return in.fail("duplicate member `value`");
      out.raw(text);
    } else if (!in.options().ignore_unknown) {
      return in.fail("a member other than `@type` and `value`");
    }
  }
  if (in.failed()) return false;
  if (!value_member) out.close_object();
  return !content.empty() || in.fail("no value");
}

}  // namespace

bool read_json(reader& in, any& packed) {
  packed = any();
  if (!in.enter_object()) return false;
  const std::size_t depth = in.depth();
  if (!read_type_url(in, packed.type_url)) return false;
  std::string_view name;
  if (packed.type_url.empty()) return !in.next_member(name) && !in.failed();
  packed.type = find_any_type(packed.type_url, in.options());
  if (!packed.type) return in.fail(unknown_type);
  std::string content;
  if (!read_content(in, packed.type->value_member, content)) return false;
  std::string binary;
  const decode_options inner = options_within(in, packed.type->value_member ? depth : depth - 1);
  if (auto read = packed.type->codec->transcode(format::json, as_bytes(content), binary, inner); !read) return in.fail(read.error());
  packed.content.assign(as_bytes(binary).begin(), as_bytes(binary).end());
  return take_room(in, packed);
}

}  // namespace json

// ---------------------------------------------------------------------------------------------------------------------
// Binary

namespace flat {

bool read_binary(table from, any& packed) {
  reader& in = from.in();
  packed.json.clear();
  fields each(from);
  each.read(0, "@type", packed.type_url);
  each.read(1, "value", packed.content);
  if (in.failed()) return false;
  packed.type = packed.type_url.empty() ? nullptr : find_any_type(packed.type_url, in.options());
  if (in.options().known_types_only && !packed.type_url.empty()) {
    // The content is converted to JSON here, where it can still be refused.
    if (!packed.type) return in.fail(unknown_type);
    const decode_options inner = options_within(in, in.depth());
    if (auto read = packed.type->codec->transcode(format::binary, packed.content, packed.json, inner); !read) return in.fail(read.error());
  }
  if (const char* fault = fault_of(packed)) return in.fail(fault);
  return take_room(in, packed) && each.done();
}

}  // namespace flat
}  // namespace parley
