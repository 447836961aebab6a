// The two encodings of a payload, and the limits of their decoders.
#pragma once

#include <cstddef>
#include <cstdint>
#include <limits>

namespace parley {

class any_types;

enum class format : std::uint8_t { json, binary };

// The known positions of the tokens of a JSON value that is part of a text read earlier
// (json::reader::raw). Set by the runtime.
struct known_tokens {
  const void* index = nullptr;  // null: not known
  std::uint32_t reading = 0;    // identifies the text among those read with this index
  std::uint32_t first = 0;      // positions in the index
  std::uint32_t past = 0;
  std::uint32_t size = 0;  // size of the value's text in bytes
};

struct decode_options {
  std::size_t max_depth = 64;  // limit on nested objects, lists and tables, from the payload's root
  // Ignores JSON members that the schema does not know. The runtime sets it, so that peers can be
  // upgraded one by one.
  bool ignore_unknown = false;
  // Accepts bare NaN, Infinity and -Infinity, which Python peers write. Plain mode only.
  bool accept_nan_tokens = false;
  // The types that a google.protobuf.Any may hold (wire/any.hpp). Not owned; must outlive the call.
  const any_types* types = nullptr;
  // An Any of another type fails in binary too. Set if the message will be written as JSON.
  bool known_types_only = false;
  // Limits the memory further than the rule for every payload (wire/limits.hpp). The content of an
  // Any shares the budget of the message around it.
  std::size_t most_memory = std::numeric_limits<std::size_t>::max();
  // If not null, the bytes that the value had to allocate are added, also on failure. For a value
  // that is read into repeatedly: it holds at most the sum.
  std::size_t* grown = nullptr;
  // The token positions of the whole text, to avoid finding them again. Ignored if they belong to
  // another text.
  known_tokens tokens{};
};

// (parley.field).max_len and max_count of one field. 0 means no limit. Readers and writers check
// them.
struct field_limits {
  // Bytes of a string or bytes value, or of each element of a list or map.
  std::uint32_t max_len = 0;
  std::uint32_t max_count = 0;  // elements of a list or map
};

}  // namespace parley
