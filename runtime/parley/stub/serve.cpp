#include "parley/stub/serve.hpp"

#include <exception>
#include <string>
#include <string_view>

namespace parley {

std::string text_of_thrown(std::string_view handler, const std::exception_ptr& thrown) {
  std::string text = "the handler of " + std::string(handler) + " failed";
  try {
    std::rethrow_exception(thrown);
  } catch (const std::exception& e) { text.append(": ").append(e.what()); } catch (...) {
  }
  return text;
}

}  // namespace parley
