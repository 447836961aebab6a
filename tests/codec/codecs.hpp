// The generated codecs by the names of their messages.
#pragma once

#include "all_types.codec.hpp"
#include "limits.codec.hpp"

#include <string>
#include <vector>

namespace codecs {

struct entry {
  std::string name;
  const parley::codec* codec;
};

template <class... Messages>
std::vector<entry> table() {
  return {{std::string(type_name(static_cast<const Messages*>(nullptr))), &parley::codec_for<Messages>}...};
}

inline std::vector<entry> all() {
  using namespace all::types::v1;
  return table<Nothing, Scalars, Optionals, Lists, Maps, Choice, Tree, Leaf, Ping, Pong, Outer, Outer::Inner, WellKnown, Names, Keywords,
               Wide, Everything>();
}

// The content converted to the other format, or "error: ...".
inline std::string transcoded(const parley::codec& codec, parley::format from, std::string_view content,
                              parley::decode_options options = {}) {
  std::string out;
  const auto result = codec.transcode(from, parley::as_bytes(content), out, options);
  return result ? out : "error: " + result.error().message;
}
inline std::string to_binary(const parley::codec& codec, std::string_view json, parley::decode_options options = {}) {
  return transcoded(codec, parley::format::json, json, options);
}
inline std::string to_json(const parley::codec& codec, std::string_view binary, parley::decode_options options = {}) {
  return transcoded(codec, parley::format::binary, binary, options);
}
inline bool is_error(std::string_view text) { return text.starts_with("error: "); }

}  // namespace codecs
