#include "parley/stub/authenticator.hpp"

#include <algorithm>

namespace parley {

std::string_view showing::header(std::string_view lower_case_name) const {
  const auto same = [&](const std::pair<std::string, std::string>& one) {
    return std::equal(one.first.begin(), one.first.end(), lower_case_name.begin(), lower_case_name.end(),
                      [](char a, char b) { return (a >= 'A' && a <= 'Z' ? a + 32 : a) == b; });
  };
  const auto found = std::find_if(headers.begin(), headers.end(), same);
  return found == headers.end() ? std::string_view() : std::string_view(found->second);
}

}  // namespace parley
