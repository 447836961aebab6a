// google.protobuf.Any: packing, unpacking, and the list of types a decoder may meet inside.
//
//   parley::any detail = parley::pack(Line{.text = "hello"});
//   if (auto line = parley::unpack<Line>(detail)) std::cout << line->text;
//
//   parley::any_types types;
//   types.add<Line>();
//   read_json(text, message, {.types = &types});
//
// Binary carries an Any as it is. JSON shows its content, so both directions of JSON need to know the type: what pack() made knows its
// own; a decoder knows the well-known types and those of decode_options::types. JSON with another type fails to decode; writing a
// binary Any of another type as JSON fails, as does one that holds such an Any further inside (codec::transcode, which is given the list,
// manages that one).
#pragma once

#include "parley/wire/codec.hpp"
#include "parley/wkt.hpp"

#include <map>
#include <string>
#include <string_view>
#include <type_traits>

namespace parley {

inline constexpr std::string_view any_prefix = "type.googleapis.com/";

// One type as an Any sees it. Static storage; its address stands for the type.
struct any_type {
  std::string_view name;  // "lobby.v1.Line"
  const parley::codec* codec;
  bool value_member;  // in JSON its content is not an object of its own and stands in "value"
};

// The schema's name of a message type, by overloads that generated code defines in the message's namespace.
constexpr std::string_view type_name(const empty*) { return "google.protobuf.Empty"; }
constexpr std::string_view type_name(const timestamp*) { return "google.protobuf.Timestamp"; }
constexpr std::string_view type_name(const duration*) { return "google.protobuf.Duration"; }
constexpr std::string_view type_name(const field_mask*) { return "google.protobuf.FieldMask"; }
constexpr std::string_view type_name(const value*) { return "google.protobuf.Value"; }
constexpr std::string_view type_name(const structure*) { return "google.protobuf.Struct"; }
constexpr std::string_view type_name(const list_value*) { return "google.protobuf.ListValue"; }
constexpr std::string_view type_name(const any*) { return "google.protobuf.Any"; }
constexpr std::string_view type_name(const double*) { return "google.protobuf.DoubleValue"; }
constexpr std::string_view type_name(const float*) { return "google.protobuf.FloatValue"; }
constexpr std::string_view type_name(const std::int64_t*) { return "google.protobuf.Int64Value"; }
constexpr std::string_view type_name(const std::uint64_t*) { return "google.protobuf.UInt64Value"; }
constexpr std::string_view type_name(const std::int32_t*) { return "google.protobuf.Int32Value"; }
constexpr std::string_view type_name(const std::uint32_t*) { return "google.protobuf.UInt32Value"; }
constexpr std::string_view type_name(const bool*) { return "google.protobuf.BoolValue"; }
constexpr std::string_view type_name(const std::string*) { return "google.protobuf.StringValue"; }
constexpr std::string_view type_name(const std::vector<std::byte>*) { return "google.protobuf.BytesValue"; }

template <class M>
inline constexpr bool any_value_member =
    type_name(static_cast<const M*>(nullptr)).starts_with("google.protobuf.") && !std::is_same_v<M, empty>;

template <class M>
inline constexpr any_type any_type_for{
    .name = type_name(static_cast<const M*>(nullptr)), .codec = &codec_for<M>, .value_member = any_value_member<M>};

// What an Any may hold besides the well-known types. Fill it before it is used; then any thread may read it.
class any_types {
 public:
  template <class M>
  void add() {
    types_.insert_or_assign(std::string(any_type_for<M>.name), &any_type_for<M>);
  }
  // By the full name or a URL that ends in it; nullptr: unknown.
  const any_type* find(std::string_view type_url) const;

 private:
  std::map<std::string, const any_type*, std::less<>> types_;
};

// Of the options' types and the well-known ones.
const any_type* find_any_type(std::string_view type_url, const decode_options&);

// Throws call_failed (`bad_payload`) for a message that cannot be written, see wire/codec.hpp.
template <class M>
any pack(const M& message) {
  any packed;
  packed.type_url = std::string(any_prefix) + std::string(any_type_for<M>.name);
  packed.type = &any_type_for<M>;
  std::string bytes;
  write_binary(message, bytes).value();
  packed.content.assign(as_bytes(bytes).begin(), as_bytes(bytes).end());
  return packed;
}

template <class M>
bool holds(const any& packed) {
  const std::string_view url = packed.type_url;
  return !url.empty() && url.substr(url.rfind('/') + 1) == any_type_for<M>.name;
}

// `invalid` if it holds another type, bad_payload if its content is damaged.
template <class M>
result<M> unpack(const any& packed, const decode_options& options = {}) {
  if (!holds<M>(packed)) return error{errc::invalid, "the Any holds another type"};
  M message{};
  if (auto read = codec_for<M>.read(format::binary, packed.content, &message, options); !read) return std::move(read).error();
  return message;
}

}  // namespace parley
