// The methods one end knows, found by name or by id, and how they compare with those of the other end.
#pragma once

#include "parley/core/flat_index.hpp"
#include "parley/wire/hello.hpp"
#include "parley/wire/method.hpp"

#include <cstdint>
#include <string_view>
#include <vector>

namespace parley::session {

// Filled while a program sets up; read afterwards. Methods are generated constants and outlive it. Not synchronised.
class contract {
 public:
  // `invalid` if a wire name or a method id is taken by another service, or a second service relays unknown events.
  // Adding the same service again changes nothing.
  result<> add(const service& added);
  bool knows(const service&) const;

  const method* find(std::string_view name) const;
  const method* find(std::uint32_t id) const;

  bool relays_unknown() const noexcept { return relays_unknown_; }
  // The largest payload any method asks for, or `floor` if none asks for more.
  std::size_t largest_payload(std::size_t floor) const;

  // What a client's hello lists: each method, and the earlier shapes of each that still work.
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

// Do two shapes of a method understand each other: equal, or an ancestor that lint proved compatible?
bool agrees(const method& mine, std::uint64_t theirs);

// What a server finds in a client's lists. Names are filled in wherever this end knows them.
struct comparison {
  std::uint64_t contract = 0;           // this end's own value over the same methods
  std::vector<wire::print> mismatched;  // with this end's fingerprint
  std::vector<wire::print> missing;
};
comparison compare(const contract& mine, const wire::hello& theirs);

}  // namespace parley::session
