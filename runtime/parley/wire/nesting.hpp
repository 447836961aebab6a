// The depth of a value while it is written. Readers refuse values nested deeper than
// default_max_depth, so writers do too. As in JSON, messages, lists and maps count. Only types that
// can hold values of any depth are counted during the writing, so that others cost nothing.
#pragma once

#include "parley/box.hpp"

#include <map>
#include <optional>
#include <vector>

namespace parley {

struct value;
struct structure;
struct list_value;

// Whether a type contains itself, directly or indirectly. Generated code specialises it for
// messages.
template <class T>
inline constexpr bool can_nest = false;
template <class T>
inline constexpr bool can_nest<std::optional<T>> = can_nest<T>;
template <class T>
inline constexpr bool can_nest<box<T>> = can_nest<T>;
template <class T>
inline constexpr bool can_nest<std::vector<T>> = can_nest<T>;
template <class T>
inline constexpr bool can_nest<late_vector<T>> = can_nest<T>;
template <class Key, class T>
inline constexpr bool can_nest<std::map<Key, T>> = can_nest<T>;
template <>
inline constexpr bool can_nest<value> = true;
template <>
inline constexpr bool can_nest<structure> = true;
template <>
inline constexpr bool can_nest<list_value> = true;

}  // namespace parley
