#include "parley/wire/fallible_writer.hpp"

namespace parley {

result<> fallible_writer::finish_doubtful(std::string& out, std::size_t start) {
  if (!failed() && built_ > wire::memory_budget(out.size() - start)) fail(too_much_memory);
  if (!failed()) return {};
  out.resize(start);
  return fault_.error();
}

}  // namespace parley
