#include "parley/wire/fallible_writer.hpp"

namespace parley {

payload_fault& fallible_writer::fault() {
  if (!fault_) fault_ = std::make_unique<payload_fault>();
  return *fault_;
}

void fallible_writer::fail(const char* what) { fault().set(what); }
void fallible_writer::fail(const parley::error& inner) { fault().set_inner(inner); }

void fallible_writer::within_member(std::string_view name) { fault().within_member(name); }
void fallible_writer::within_entry(std::size_t number) { fault().within_entry(number); }
void fallible_writer::within_element(std::size_t number) { fault().within_element(number); }

result<> fallible_writer::finish_doubtful(std::string& out, std::size_t start) {
  if (!failed() && built_ > wire::memory_budget(out.size() - start)) fail(too_much_memory);
  if (!failed()) return {};
  out.resize(start);
  return fault().error();
}

}  // namespace parley
