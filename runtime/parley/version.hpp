// Which Parley this is: `parley::version`.
#pragma once

#include <string_view>

namespace parley {

// The version of these headers, by the rules of semver.org: before 1.0 a minor version may break the interface, a patch never does.
inline constexpr int version_major = 0;
inline constexpr int version_minor = 1;
inline constexpr int version_patch = 0;
inline constexpr std::string_view version = "0.1.0";

// Whether code that protoc-gen-parley <Major>.<Minor> wrote compiles against these headers. Every generated x.types.hpp asserts it, so
// that a mismatch is reported in one sentence and not in a page of errors.
template <int Major, int Minor>
inline constexpr bool accepts_generated = Major == version_major && Minor == version_minor;

}  // namespace parley
