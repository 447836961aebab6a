// Included by generated x.codec.hpp headers. It is light: code that only uses the types and the
// methods does not include the codec implementation.
#pragma once

#include "parley/wire/codec.hpp"
#include "parley/wire/method.hpp"
#include "parley/wire/nesting.hpp"

// Declared for function signatures. The definitions are for the sources
// (generated/codec_source.hpp).
// NOLINTBEGIN(bugprone-forward-declaration-namespace): each format has a writer of its own
namespace parley::json {
class reader;
class writer;
}  // namespace parley::json
namespace parley::flat {
class table;
class writer;
struct offset;
}  // namespace parley::flat
// NOLINTEND(bugprone-forward-declaration-namespace)
namespace parley::text {
class printer;
}  // namespace parley::text
