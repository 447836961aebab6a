// What a writer could not write. A payload that no reader would take is refused where it is made, with a path as a reader gives it.
#pragma once

#include "parley/core/core.hpp"
#include "parley/wire/decode_memory.hpp"
#include "parley/wire/limits.hpp"
#include "parley/wire/payload_fault.hpp"

#include <cstddef>
#include <string>
#include <string_view>

namespace parley {

inline constexpr const char* nested_too_deeply = "nested too deeply";

// The base of json::writer and flat::writer. After a failure writing goes on, so that no step has to be checked; whoever began the
// document asks at its end.
class fallible_writer {
 public:
  // Records that a value cannot be written, unless a failure was recorded before. `what` must be a literal.
  void fail(const char* what) { fault_.set(what); }
  // Likewise what another codec said of a part.
  void fail(const parley::error& inner) { fault_.set_inner(inner); }
  bool failed() const noexcept { return fault_.failed(); }

  // Called on the way out of a failure, innermost first; write_part() sees to it.
  void within_member(std::string_view name) { fault_.within_member(name); }
  void within_entry(std::size_t number) { fault_.within_entry(number); }
  void within_element(std::size_t number) { fault_.within_element(number); }

  // Around a message, list or map that can nest (nesting.hpp); nesting_level sees to it. Fails where readers would.
  void enter() {
    if (++depth_ > wire::default_max_depth) fail(nested_too_deeply);
  }
  void leave() noexcept { --depth_; }
  std::size_t depth() const noexcept { return depth_; }

  // What a reader will pay for, see decode_memory.
  void builds(std::size_t size) noexcept { built_ += size; }

  // The end of the document that was appended to `out` from `start` on: bad_payload, and takes it off again, if something failed or a
  // reader would not build it.
  result<> finish_document(std::string& out, std::size_t start) {
    if (!failed() && built_ <= wire::least_memory) return {};
    return finish_doubtful(out, start);
  }

 protected:
  fallible_writer() = default;
  ~fallible_writer() = default;

 private:
  result<> finish_doubtful(std::string& out, std::size_t start);

  payload_fault fault_;
  std::size_t built_ = 0;
  std::size_t depth_ = 0;
};

}  // namespace parley
