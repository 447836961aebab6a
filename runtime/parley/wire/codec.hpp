// How one message type is written and read, in both payload formats, behind plain function pointers.
//
// For every message `M` of a schema the generator writes four functions into M's own namespace (x.codec.hpp declares them):
//   parley::result<> write_json(const M&, std::string& out);         appends the proto3 JSON mapping, compact, UTF-8 unescaped
//   parley::result<> write_binary(const M&, std::string& out);       appends one finished FlatBuffer, a multiple of 8 bytes long
//   parley::result<> read_json(std::string_view, M&, const parley::decode_options& = {});
//   parley::result<> read_binary(parley::bytes_view, M&, const parley::decode_options& = {});
// Readers overwrite every field of their argument and reuse its memory; on failure it is left valid but unspecified, and the error is
// `bad_payload` with the path of the fault ("$.members[2].id: not an integer"), never with a piece of the input.
// Writers refuse what no reader would take, in both formats the same, with the same errors, and leave `out` as it was: well-known types
// outside what JSON can carry (a time after the year 9999, a span whose seconds and nanos differ in sign, NaN in a parley::value, a path of
// a field mask that lowerCamelCase does not lead back to), a map's key that is not UTF-8, a value over its max_len or max_count, more
// than 64 messages, lists and maps inside each other, more memory than a reader may build. A value that is not UTF-8 is
// written with U+FFFD for what is not.
// parley/wire/wkt_codec.hpp has the same four for bare values of the well-known types (double for DoubleValue, ...).
#pragma once

#include "parley/core/core.hpp"
#include "parley/wire/format.hpp"
#include "parley/wire/wkt_codec.hpp"

#include <string>
#include <string_view>

namespace parley {

// The four functions of one type. Static storage; compared by address. No content at all is the empty message, in either format.
struct codec {
  result<> (*write)(format, const void* message, std::string& out);
  result<> (*read)(format, bytes_view content, void* message, const decode_options&);
  // Reads in one format and appends the other: a message of its own each time, nothing kept.
  result<> (*transcode)(format from, bytes_view content, std::string& out, const decode_options&);
};

// Throws nothing of its own; std::bad_alloc passes through.
template <class M>
inline constexpr codec codec_for{
    .write = [](format f, const void* message, std::string& out) -> result<> {
      const M& m = *static_cast<const M*>(message);
      return f == format::json ? write_json(m, out) : write_binary(m, out);
    },
    .read = [](format f, bytes_view content, void* message, const decode_options& options) -> result<> {
      M& m = *static_cast<M*>(message);
      if (content.empty()) {
        m = M{};
        return {};
      }
      return f == format::json ? read_json(as_text(content), m, options) : read_binary(content, m, options);
    },
    .transcode = [](format from, bytes_view content, std::string& out, const decode_options& given) -> result<> {
      M m{};
      decode_options options = given;
      options.known_types_only = true;  // so that an Any that only this list knows is made JSON while it is read
      if (from == format::json) {
        if (auto read = read_json(as_text(content), m, options); !read) return read;
        return write_binary(m, out);
      } else {
        if (auto read = read_binary(content, m, options); !read) return read;
        return write_json(m, out);
      }
    },
};

}  // namespace parley
