// google.protobuf.Any: packing, unpacking, and the list of types that a decoder accepts inside.
//
//   parley::any detail = parley::pack(Line{.text = "hello"});
//   if (auto line = parley::unpack<Line>(detail)) std::cout << line->text;
//
//   parley::any_types types;
//   types.add<Line>();
//   read_json(text, message, {.types = &types});
//
// Binary carries an Any unchanged. JSON shows its content, so reading and writing JSON requires the
// type. An Any from pack() knows its own type. A decoder knows the well-known types and those of
// decode_options::types. Decoding JSON fails if the Any has another type. Writing an Any that was
// read from binary as JSON fails if it has another type, or if it contains an Any that does.
// codec::transcode gets the list and can convert these nested ones.
#pragma once

#include "parley/wire/codec.hpp"
#include "parley/wkt.hpp"

#include <map>
#include <string>
#include <string_view>
#include <type_traits>

namespace parley {

inline constexpr std::string_view any_prefix = "type.googleapis.com/";

// One type of an Any. Static storage; its address identifies the type.
struct any_type {
  std::string_view name;  // "lobby.v1.Line"
  const parley::codec* codec;
  // The JSON form of the type is not an object of its own and is placed in the member "value".
  bool value_member;
};

// The schema's name of a message type. Generated code defines such overloads in the message's
// namespace.
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

// The types that an Any may hold besides the well-known ones. Fill it before use. Afterwards any
// thread may read it.
class any_types {
 public:
  template <class M>
  void add() {
    types_.insert_or_assign(std::string(any_type_for<M>.name), &any_type_for<M>);
  }
  // Finds a type by its full name or by a URL that ends in it. nullptr if it is unknown.
  const any_type* find(std::string_view type_url) const;

 private:
  std::map<std::string, const any_type*, std::less<>> types_;
};

// Searches the options' types and the well-known types.
const any_type* find_any_type(std::string_view type_url, const decode_options&);

// Throws call_failed (`bad_payload`) for a message that cannot be written; see wire/codec.hpp.
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

// `invalid` if the Any holds another type, `bad_payload` if its content is damaged.
template <class M>
result<M> unpack(const any& packed, const decode_options& options = {}) {
  if (!holds<M>(packed)) return error{errc::invalid, "the Any holds another type"};
  M message{};
  if (auto read = codec_for<M>.read(format::binary, packed.content, &message, options); !read) return std::move(read).error();
  return message;
}

}  // namespace parley
