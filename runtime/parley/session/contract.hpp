// The methods that one end knows, by name and by id, and their comparison with those of the other
// end.
#pragma once

#include "parley/core/flat_index.hpp"
#include "parley/wire/hello.hpp"
#include "parley/wire/method.hpp"

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace parley::session {

// Filled during set-up and then only read. Methods are generated constants and outlive it. Not
// synchronised.
class contract {
 public:
  // Returns `invalid` if a wire name or a method id belongs to another service, if a second service
  // relays unknown events, or if there are more than 64 roles. Adding a service again changes nothing.
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
  // Roles. Each name in `may_send` and `may_receive` of any method has a bit. 0: every client may.
  std::uint64_t senders_of(number n) const noexcept { return n < roles_of_.size() ? roles_of_[n].send : 0; }
  std::uint64_t receivers_of(number n) const noexcept { return n < roles_of_.size() ? roles_of_[n].receive : 0; }
  // The bits of those that the schema knows.
  std::uint64_t bits_of(std::span<const std::string> names) const;
  // How many names have a bit. More have one when a service with further roles was added.
  std::size_t role_count() const noexcept { return roles_.size(); }

  // The largest payload limit of any method, and at least `floor`.
  std::size_t largest_payload(std::size_t floor) const;

  // The lists in a client's hello: each method, and the earlier shapes of each that still work.
  std::vector<wire::print> prints() const;
  std::vector<wire::print> accepted() const;

 private:
  struct roles {
    std::uint64_t send = 0;
    std::uint64_t receive = 0;
  };

  const service& owner_of(const method& known) const;
  std::uint64_t bits_for(std::span<const std::string_view> names);

  std::vector<const service*> services_;
  std::vector<const method*> methods_;
  flat_index by_name_;
  flat_index by_id_;
  std::vector<std::string_view> roles_;  // by bit
  std::vector<roles> roles_of_;          // by number; empty without roles
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
