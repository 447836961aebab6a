// What generated x.codec.hpp headers include. Light: no codec machinery reaches who only uses the types and the methods.
#pragma once

#include "parley/wire/codec.hpp"
#include "parley/wire/method.hpp"

// Named in declarations, defined for the sources (generated/codec_source.hpp).
namespace parley::json {
class reader;
class writer;
}  // namespace parley::json
namespace parley::flat {
class table;
class writer;
struct offset;
}  // namespace parley::flat
namespace parley::text {
class printer;
}  // namespace parley::text
