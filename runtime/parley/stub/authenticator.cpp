#include "parley/stub/authenticator.hpp"

#include "parley/core/ascii.hpp"
#include "parley/wire/limits.hpp"
#include "parley/wire/utf8.hpp"

#include <algorithm>

namespace parley {

bool is_principal_name(std::string_view name) {
  const auto control = [](char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7f; };
  return name.size() <= wire::max_name && is_utf8(name) && std::none_of(name.begin(), name.end(), control);
}

std::string_view showing::header(std::string_view lower_case_name) const {
  const auto same = [&](const std::pair<std::string, std::string>& one) { return same_ignoring_case(one.first, lower_case_name); };
  const auto found = std::find_if(headers.begin(), headers.end(), same);
  return found == headers.end() ? std::string_view() : std::string_view(found->second);
}

}  // namespace parley
