// key=value arguments, which every program of the bench takes.
#pragma once

#include <cstddef>
#include <cstdlib>
#include <map>
#include <string>
#include <string_view>

namespace bench {

class arguments {
 public:
  arguments(int argc, char** argv) {
    for (int i = 1; i < argc; ++i) {
      const std::string_view one = argv[i];
      const std::size_t equals = one.find('=');
      if (equals != one.npos) values_.emplace(one.substr(0, equals), one.substr(equals + 1));
    }
  }
  std::string text(const std::string& key, std::string otherwise = {}) const {
    const auto found = values_.find(key);
    return found == values_.end() ? otherwise : found->second;
  }
  std::size_t count(const std::string& key, std::size_t otherwise) const {
    const std::string value = text(key);
    return value.empty() ? otherwise : std::strtoull(value.c_str(), nullptr, 10);
  }
  double seconds(const std::string& key, double otherwise) const {
    const std::string value = text(key);
    return value.empty() ? otherwise : std::strtod(value.c_str(), nullptr);
  }

 private:
  std::map<std::string, std::string> values_;
};

}  // namespace bench
