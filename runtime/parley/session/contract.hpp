// The methods that one end knows, by name and by id, and their comparison with those of the other
// end.
#pragma once

#include "parley/core/flat_index.hpp"
#include "parley/wire/hello.hpp"
#include "parley/wire/method.hpp"

#include <cstdint>
#include <string_view>
#include <vector>

namespace parley::session {

// Filled during set-up and then only read. Methods are generated constants and outlive it. Not
// synchronised.
class contract {
 public:
  // Returns `invalid` if a wire name or a method id belongs to another service, or if a second
  // service relays unknown events. Adding a service again changes nothing.
  result<> add(const service& added);
  bool knows(const service&) const;

  // A method's number in this contract: 0 for the first that was added, and so on. Tables about methods are vectors with these indexes.
  using number = flat_index::position;
  static constexpr number none = flat_index::none;
  number number_of(std::string_view name) const;
  number number_of(std::uint32_t id) const;
  const method& at(number n) const { return *methods_[n]; }
  const method* at_or_null(number n) const { return n == none ? nullptr : methods_[n]; }
  const method* find(std::string_view name) const { return at_or_null(number_of(name)); }
  const method* find(std::uint32_t id) const { return at_or_null(number_of(id)); }

  bool relays_unknown() const noexcept { return relays_unknown_; }
  // The largest payload limit of any method, and at least `floor`.
  std::size_t largest_payload(std::size_t floor) const;

  // The lists in a client's hello: each method, and the earlier shapes of each that still work.
  std::vector<wire::print> prints() const;
  std::vector<wire::print> accepted() const;

 private:
  const service& owner_of(const method& known) const;

  std::vector<const service*> services_;
  std::vector<const method*> methods_;
  flat_index by_name_;
  flat_index by_id_;
  bool relays_unknown_ = false;
};

// Whether two shapes of a method are compatible: they are equal, or one is an ancestor that the
// linter proved compatible.
bool agrees(const method& mine, std::uint64_t theirs);

// The result of a server's comparison with a client's lists. Contains the names that this end
// knows.
struct comparison {
  std::uint64_t contract = 0;           // this end's value over the same methods
  std::vector<wire::print> mismatched;  // with this end's fingerprint
  std::vector<wire::print> missing;
};
comparison compare(const contract& mine, const wire::hello& theirs);

}  // namespace parley::session
