// Records what a writer could not write. A payload that every reader would refuse is refused where
// it is created, with the path that a reader would report.
#pragma once

#include "parley/core/core.hpp"
#include "parley/wire/decode_memory.hpp"
#include "parley/wire/limits.hpp"
#include "parley/wire/payload_fault.hpp"

#include <cstddef>
#include <string>
#include <string_view>

namespace parley {

// The base of json::writer and flat::writer. Writing continues after a failure, so the steps need
// no checks. The caller that began the document checks once at its end.
class fallible_writer {
 public:
  // Records that a value cannot be written, unless an earlier failure was recorded. `what` must be
  // a literal.
  void fail(const char* what) { fault_.set(what); }
  // The same for an error from another codec that wrote a part.
  void fail(const parley::error& inner) { fault_.set_inner(inner); }
  bool failed() const noexcept { return fault_.failed(); }

  // Add the location of a failure to its path. Called while unwinding, innermost first, by
  // write_part().
  void within_member(std::string_view name) { fault_.within_member(name); }
  void within_entry(std::size_t number) { fault_.within_entry(number); }
  void within_element(std::size_t number) { fault_.within_element(number); }

  // Called around a message, list or map that can nest (nesting.hpp), by nesting_level. Fails at
  // the depth at which readers fail.
  void enter() {
    if (++depth_ > wire::default_max_depth) fail(nested_too_deeply);
  }
  void leave() noexcept { --depth_; }
  std::size_t depth() const noexcept { return depth_; }

  // Counts the memory that a reader will need; see decode_memory.
  void builds(std::size_t size) noexcept { built_ += size; }

  // Ends the document that begins at `start` in `out`. If something failed, or a reader would
  // refuse it for its memory, the document is removed from `out` and the result is bad_payload.
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
