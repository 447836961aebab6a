// Writing and reading one message type in both payload formats, through plain function pointers.
//
// For every message `M` of a schema the generator writes four functions into M's own namespace,
// declared in x.codec.hpp:
//   parley::result<> write_json(const M&, std::string& out);
//       appends the proto3 JSON mapping, compact, UTF-8 unescaped
//   parley::result<> write_binary(const M&, std::string& out);
//       appends one finished FlatBuffer, a multiple of 8 bytes long
//   parley::result<> read_json(std::string_view, M&, const parley::decode_options& = {});
//   parley::result<> read_binary(parley::bytes_view, M&, const parley::decode_options& = {});
//
// Readers overwrite every field of their argument and reuse its memory. After a failure the
// argument is valid but unspecified. The error is `bad_payload` with the path of the fault
// ("$.members[2].id: not an integer"). It never contains a piece of the input.
//
// Writers refuse every value that a reader would refuse. Both formats refuse the same values with
// the same errors and then leave `out` unchanged. The refused values are:
//   - well-known types that JSON cannot represent: a time after the year 9999, a duration whose
//     seconds and nanos differ in sign, NaN in a parley::value, and a field mask path that does
//     not survive the conversion to lowerCamelCase and back
//   - a map key that is not UTF-8
//   - a value that exceeds its max_len or max_count
//   - more than 64 nested messages, lists and maps
//   - more memory than a reader may allocate
// In a string value, bytes that are not UTF-8 are written as U+FFFD.
//
// parley/wire/wkt_codec.hpp has the same four functions for bare values of the well-known types
// (double for DoubleValue, ...).
#pragma once

#include "parley/core/core.hpp"
#include "parley/wire/format.hpp"
#include "parley/wire/wkt_codec.hpp"

#include <string>
#include <string_view>

namespace parley {

// The functions of one type. They have static storage and are compared by address. Empty content is
// the empty message in either format.
struct codec {
  result<> (*write)(format, const void* message, std::string& out);
  result<> (*read)(format, bytes_view content, void* message, const decode_options&);
  // Reads in one format and appends the other. It uses a new message each time and keeps nothing.
  result<> (*transcode)(format from, bytes_view content, std::string& out, const decode_options&);
};

// Throws no exceptions of its own. std::bad_alloc passes through.
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
      // An Any of a type that only this list knows is then converted to JSON while it is read.
      options.known_types_only = true;
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
