// The receivers of a target: members of this place, and the other places that have some.
//
// A place is where members are at home: one loop of a server. Members of this place are found in
// the indexes of the audience. Members of other places are asked for through a small type, so that
// this room has neither threads nor locks; with one place that type is `nowhere` and costs nothing.
//
// To add a kind of target, follow "Add a kind of target" in runtime/README.md.
//
// One thread at a time. An audience owns its members and nothing they point to.
#pragma once

#include "parley/core/core.hpp"
#include "parley/routing/table.hpp"
#include "parley/routing/users.hpp"
#include "parley/wire/target.hpp"

#include <algorithm>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <utility>
#include <vector>

namespace parley::routing {

// The forms of an event that members of other places need, one bit for each. The owner of the
// audience gives the bits their meaning.
using forms = std::uint32_t;

// What a walk found. The memory is reused by the next one.
template <class Member, class Place>
struct receivers {
  std::vector<Member> here;   // each once
  std::vector<Place> places;  // the other places with receivers, each once
  forms needed_there = 0;     // by the receivers at all of them

  void clear() noexcept {
    here.clear();
    places.clear();
    needed_there = 0;
  }
  void add(Place where, forms needed) {
    if (std::find(places.begin(), places.end(), where) == places.end()) places.push_back(where);
    needed_there |= needed;
  }
};

// What an audience asks about other places. `found` is called with a place and with what is needed
// there.
//
//   find(id, found)         one member. False: it is at no other place. Not asked for members that are here
//   find_user(name, found)  the members of one principal. False: none is at any other place
//   each(found)             every other place that has members
template <class T, class Place>
concept other_places = requires(const T& others, const std::string& id, void (*found)(Place, forms)) {
  { others.find(id, found) } -> std::same_as<bool>;
  { others.find_user(id, found) } -> std::same_as<bool>;
  others.each(found);
};

// There are no other places.
struct nowhere {
  template <class Found>
  bool find(const std::string&, Found) const noexcept {
    return false;
  }
  template <class Found>
  bool find_user(const std::string&, Found) const noexcept {
    return false;
  }
  template <class Found>
  void each(Found) const noexcept {}
};

// Calls the function of the visitor for the kind of `to`, and returns its result. No other switch
// over the kinds decides who receives.
template <class Visitor>
bool visit(const target& to, const std::string& subject, Visitor&& of) {
  switch (to.kind) {
    case target_kind::server:
      return of.server();
    case target_kind::sender:
      return of.sender(subject);
    case target_kind::client:
      return of.client(to.name);
    case target_kind::all:
      return of.all();
    case target_kind::others:
      return of.others(subject);
    case target_kind::several:
      return of.list(to.parts);
    case target_kind::user:
      return of.user(to.name);
    case target_kind::none:
    case target_kind::group:
    case target_kind::group_others:
      break;
  }
  return of.unknown();
}

template <class Member, class Place>
class audience {
 public:
  using found = receivers<Member, Place>;

  // If the id is already here, its member is kept. `user` is the name of the member's principal, or
  // empty, and the same when it is removed.
  void add(const std::string& id, Member member, const std::string& user = {}) {
    members_.add(id, std::move(member));
    users_.add(user, id);
  }
  void remove(const std::string& id, const std::string& user = {}) {
    members_.remove(id);
    users_.remove(user, id);
    if (chosen_.capacity() > kept && members_.size() * 4 < chosen_.capacity()) chosen_ = std::vector<position>();
  }
  std::size_t size() const noexcept { return members_.size(); }
  // Null if there is no member with this id here. Valid until the next add() or remove().
  const Member* find(const std::string& id) const { return members_.find(id); }

  // Finds the receivers here and the other places that have some. `subject` is the client that
  // OTHERS and SENDER relate to. Returns `unknown_target` if the named client is at no place, or
  // none of a list is. Then `out` is empty.
  //
  // `except` leaves out members that are here. Another place leaves out its own when it walks.
  // The union of several targets costs as much as its parts, plus sorting.
  template <other_places<Place> Elsewhere>
  result<> walk(const target& to, const std::string& subject, const Elsewhere& others, found& out) {
    out.clear();
    const auto take = [&](position from, position end) {
      if (to.except.empty()) return members_.append_to(out.here, from, end);
      for (; from != end; ++from)
        if (!contains(to.except, members_.id_of(from))) out.here.push_back(members_[from]);
    };
    if (to.kind != target_kind::several && to.kind != target_kind::user) {
      if (!visit(to, subject, walking(others, out, take))) return errc::unknown_target;
      return {};
    }
    chosen_.clear();
    const auto choose = [this](position from, position end) {
      for (; from != end; ++from) chosen_.push_back(from);
    };
    // The members of a principal are in no order, so they are sorted, as those of a list are.
    const std::span<const target> parts = to.kind == target_kind::user ? std::span(&to, 1) : std::span(to.parts);
    bool anybody = parts.empty();
    for (const target& part : parts)
      if (visit(part, subject, walking(others, out, choose))) anybody = true;
    if (!anybody) return errc::unknown_target;
    std::sort(chosen_.begin(), chosen_.end());
    // In runs, in which a member that several targets name is once.
    for (auto at = chosen_.begin(); at != chosen_.end();) {
      const position from = *at;
      position end = from + 1;
      while (++at != chosen_.end() && *at <= end) end = *at + 1;
      take(from, end);
    }
    // A peer may name everybody many times over. The memory of more than two such lists is not kept.
    if (chosen_.capacity() > kept && chosen_.capacity() > 4 * members_.size()) chosen_ = std::vector<position>();
    return {};
  }

  // Finds the receivers that are here now, for a target that another place has walked. It has found
  // somebody here, who may have left since: no receivers are not an error.
  void walk_here(const target& to, const std::string& subject, found& out) {
    [[maybe_unused]] const auto left = walk(to, subject, nowhere{}, out);
  }

  // Whether a handler is asked about an event for this target: not if it names only clients that
  // are at no place. Every set counts as there, as does a kind without an index: walk() refuses it.
  template <other_places<Place> Elsewhere>
  bool may_reach(const target& to, const Elsewhere& others) const {
    return visit(to, {}, presence<Elsewhere>{members_, users_, others});
  }

 private:
  using position = typename table<Member>::position;
  // Memory for this many positions is not worth releasing.
  static constexpr std::size_t kept = 64;

  static bool contains(const std::vector<std::string>& ids, const std::string& id) {
    return std::find(ids.begin(), ids.end(), id) != ids.end();
  }

  // Calls `take` with ranges of positions, in which each member here that one target names is once,
  // and adds other places to `out`. False: the target names nobody anywhere.
  template <class Elsewhere, class Take>
  struct walker {
    const table<Member>& members;
    const user_index& users;
    const Elsewhere& elsewhere;
    found& out;
    const Take& take;

    bool server() const { return true; }  // handled by the server, relayed to no client
    bool sender(const std::string& subject) const { return client(subject); }
    bool client(const std::string& id) const {
      if (const position at = members.at(id); at != table<Member>::none) {
        take(at, at + 1);
        return true;
      }
      return elsewhere.find(id, [this](Place where, forms needed) { out.add(where, needed); });
    }
    bool user(const std::string& name) const {
      const bool here = users.each(name, [this](const std::string& id) {
        if (const position at = members.at(id); at != table<Member>::none) take(at, at + 1);
      });
      return elsewhere.find_user(name, [this](Place where, forms needed) { out.add(where, needed); }) || here;
    }
    bool all() const { return everybody_but(table<Member>::none); }
    bool others(const std::string& subject) const { return everybody_but(members.at(subject)); }
    bool list(const std::vector<target>&) const { return false; }  // inside another list
    bool unknown() const { return false; }

   private:
    bool everybody_but(position left_out) const {
      const auto end = static_cast<position>(members.size());
      const position until = std::min(left_out, end);  // `none` is larger than every position
      take(0, until);
      if (until != end) take(until + 1, end);
      elsewhere.each([this](Place where, forms needed) { out.add(where, needed); });
      return true;
    }
  };
  template <class Elsewhere, class Take>
  walker<Elsewhere, Take> walking(const Elsewhere& others, found& out, const Take& take) const {
    return {members_, users_, others, out, take};
  }

  template <class Elsewhere>
  struct presence {
    const table<Member>& members;
    const user_index& users;
    const Elsewhere& elsewhere;

    bool server() const { return true; }
    bool sender(const std::string&) const { return true; }
    bool client(const std::string& id) const {
      return members.at(id) != table<Member>::none || elsewhere.find(id, [](const Place&, forms) {});
    }
    bool user(const std::string& name) const {
      return users.each(name, [](const std::string&) {}) || elsewhere.find_user(name, [](const Place&, forms) {});
    }
    bool all() const { return true; }
    bool others(const std::string&) const { return true; }
    bool list(const std::vector<target>& parts) const {
      return std::any_of(parts.begin(), parts.end(), [this](const target& part) { return visit(part, {}, *this); });
    }
    bool unknown() const { return true; }
  };

  table<Member> members_;
  user_index users_;
  std::vector<position> chosen_;  // scratch of walk(), for lists
};

}  // namespace parley::routing
