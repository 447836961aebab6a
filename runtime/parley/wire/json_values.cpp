#include "parley/wire/json_values.hpp"

namespace parley::json {

std::size_t find_member(std::span<const member_name> names, std::size_t hint, std::string_view name) noexcept {
  for (std::size_t i = hint; i < names.size(); ++i)
    if (names[i].json_name == name) return i;
  for (std::size_t i = 0; i < hint; ++i)
    if (names[i].json_name == name) return i;
  // A name of the schema counts only if it is not the JSON name of another member.
  for (std::size_t i = 0; i < names.size(); ++i)
    if (names[i].name == name) return i;
  return names.size();
}

}  // namespace parley::json
