// The two encodings of a payload, and what bounds their decoders.
#pragma once

#include <cstddef>
#include <cstdint>
#include <limits>

namespace parley {

class any_types;

enum class format : std::uint8_t { json, binary };

// Where the tokens of a JSON value are known: it is part of a text that was read before (json::reader::raw). The runtime sets it.
struct known_tokens {
  const void* index = nullptr;  // nowhere
  std::uint32_t reading = 0;    // tells the texts apart that were read with this index
  std::uint32_t first = 0;      // tokens
  std::uint32_t past = 0;
  std::uint32_t size = 0;  // of the value's text, in bytes
};

struct decode_options {
  std::size_t max_depth = 64;        // of nested objects, lists and tables, from the payload's root
  bool ignore_unknown = false;       // JSON members the schema does not know; the runtime sets it, so that peers can be upgraded one by one
  bool accept_nan_tokens = false;    // bare NaN, Infinity, -Infinity as Python's peers write them; plain mode only
  const any_types* types = nullptr;  // what google.protobuf.Any may hold, see wire/any.hpp; not owned, must outlive the call
  bool known_types_only = false;     // an Any of another type fails also in binary; set where the message is to be written as JSON
  // Of what is built, if that is less than the rule for every payload (wire/limits.hpp): what an Any holds shares with what is around it.
  std::size_t most_memory = std::numeric_limits<std::size_t>::max();
  // If not null, the bytes that the value had to take anew are added, also on failure. For whoever reads into one value again and again:
  // the value holds at most the sum.
  std::size_t* grown = nullptr;
  known_tokens tokens{};  // of the whole text, so that they need not be found again; not looked at where they are of another
};

// (parley.field).max_len and max_count of one field, 0: none. Readers and writers check them.
struct field_limits {
  std::uint32_t max_len = 0;    // bytes of a string or bytes value, of each element of a list or map
  std::uint32_t max_count = 0;  // elements of a list or map
};

}  // namespace parley
