// routing: selects the receivers. First it determines the target of an event and checks it against
// the schema. Then it finds the connected sessions of that target, each once.
//
// It does not send, run handlers (peer), read targets from frames (wire) or use a clock.
//
//   routing::table<member> all;                          // member: the owner's handle for sending
//   all.add(client_id, m);
//   auto to = routing::choose(method, envelope, false);  // denied, unknown_target, or the target
//   std::vector<member> receivers;
//   if (to) auto found = all.resolve(*to, sender_id, receivers);  // unknown_target: no receivers
//
// One thread at a time for a table, any thread for the functions. A table owns its members and
// nothing they point to.
#pragma once

#include "parley/core/core.hpp"
#include "parley/core/flat_index.hpp"
#include "parley/wire/envelope.hpp"
#include "parley/wire/method.hpp"
#include "parley/wire/target.hpp"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <iterator>
#include <span>
#include <string>
#include <utility>
#include <vector>

namespace parley::routing {

// The target of an event: the one in the envelope, or else the first declared one. Returns `denied`
// for a target that is not declared. Returns `unknown_target` for one that cannot be parsed, or if
// there is none and the first declared one needs a name.
//
// `lenient` is for plain mode, whose original clients always write a `to` and use "others" when the
// user chose none. "others" then counts as absent if OTHERS is not declared. Every target counts as
// absent for events that go to the server alone.
result<target> choose(const method& m, const wire::envelope& e, bool lenient);

// The same for a method whose payload names the receivers. The envelope's target must be absent or
// equal, otherwise the result is `denied`. Returns `bad_payload` if the payload cannot be read. If
// the payload names no receivers, the target has the kind `server`, even if that is not declared.
result<target> choose_by_payload(const method& m, const wire::envelope& e, bool lenient, format f, bytes_view payload,
                                 const decode_options& options);

// Whether every kind in `wanted` is declared.
bool declared(std::span<const target_kind> kinds, const target& wanted);

// The connected members by client id. Member is a copyable handle. Adding, removing and finding
// take constant time. The memory grows and shrinks with the number of members.
template <class Member>
class table {
 public:
  // If the id is already in the table, its member is kept.
  void add(const std::string& id, Member member) {
    const std::uint32_t hash = hash_of(id);
    if (find_at(id, hash) != flat_index::none) return;
    index_.add(hash, static_cast<flat_index::position>(members_.size()));
    members_.push_back({id, std::move(member)});
  }

  void remove(const std::string& id) {
    const std::uint32_t hash = hash_of(id);
    const flat_index::position hole = find_at(id, hash);
    if (hole == flat_index::none) return;
    index_.remove(hash, hole);
    const auto last = static_cast<flat_index::position>(members_.size() - 1);
    if (hole != last) {
      index_.move(hash_of(members_[last].first), last, hole);
      members_[hole] = std::move(members_[last]);
    }
    members_.pop_back();
    if (members_.capacity() > kept && members_.size() * 4 < members_.capacity()) shrink();
  }

  std::size_t size() const noexcept { return members_.size(); }
  // Null if there is no member with this id. Valid until the next add() or remove().
  const Member* find(const std::string& id) const {
    const flat_index::position at = find_at(id, hash_of(id));
    return at == flat_index::none ? nullptr : &members_[at].second;
  }

  // Finds the receivers. `subject` is the client that OTHERS and SENDER relate to. Fills `out`,
  // whose memory is reused. Each receiver appears once. The order depends only on the order in
  // which members were added and removed. Returns `unknown_target` if the named client is not
  // connected, or none of a list is. The union of several targets costs as much as its parts, plus
  // sorting.
  result<> resolve(const target& to, const std::string& subject, std::vector<Member>& out) const {
    return resolve(to, subject, absent::refused, out);
  }
  // For a table that holds only some of the members. Members that are not in it are left out.
  void resolve_present(const target& to, const std::string& subject, std::vector<Member>& out) const {
    [[maybe_unused]] const auto always = resolve(to, subject, absent::left_out, out);
  }

 private:
  enum class absent { refused, left_out };

  result<> resolve(const target& to, const std::string& subject, absent how, std::vector<Member>& out) const {
    out.clear();
    const auto receives = [&](std::size_t at) { return to.except.empty() || !contains(to.except, members_[at].first); };
    if (to.kind != target_kind::several) {
      return each(to, subject, how, [&](std::size_t at) {
        if (receives(at)) out.push_back(members_[at].second);
      });
    }
    std::vector<std::size_t> chosen;
    bool anybody = how == absent::left_out || to.parts.empty();
    for (const target& part : to.parts)
      if (each(part, subject, absent::refused, [&](std::size_t at) { chosen.push_back(at); })) anybody = true;
    if (!anybody) return errc::unknown_target;
    std::sort(chosen.begin(), chosen.end());
    chosen.erase(std::unique(chosen.begin(), chosen.end()), chosen.end());
    for (const std::size_t at : chosen)
      if (receives(at)) out.push_back(members_[at].second);
    return {};
  }

  // A table of this size is not worth shrinking.
  static constexpr std::size_t kept = 64;

  static std::uint32_t hash_of(const std::string& id) noexcept { return flat_index::hash_of(std::hash<std::string>()(id)); }
  flat_index::position find_at(const std::string& id, std::uint32_t hash) const {
    return index_.find(hash, [&](flat_index::position at) { return members_[at].first == id; });
  }
  void shrink() {
    std::vector<std::pair<std::string, Member>> fewer;
    fewer.reserve(members_.size() * 2);
    std::move(members_.begin(), members_.end(), std::back_inserter(fewer));
    members_ = std::move(fewer);
  }

  static bool contains(const std::vector<std::string>& ids, const std::string& id) {
    return std::find(ids.begin(), ids.end(), id) != ids.end();
  }

  // Calls `take` once with the position of each member that the target names.
  template <class Take>
  result<> each(const target& to, const std::string& subject, absent how, Take take) const {
    const auto one = [&](const std::string& id) -> result<> {
      const flat_index::position at = find_at(id, hash_of(id));
      if (at != flat_index::none) take(at);
      else if (how == absent::refused) return errc::unknown_target;
      return {};
    };
    switch (to.kind) {
      case target_kind::server:
        return {};  // handled by the server, relayed to no client
      case target_kind::sender:
        return one(subject);
      case target_kind::client:
        return one(to.name);
      case target_kind::all:
      case target_kind::others: {
        const std::size_t left_out = to.kind == target_kind::all ? members_.size() : find_at(subject, hash_of(subject));
        for (std::size_t at = 0; at < members_.size(); ++at)
          if (at != left_out) take(at);
        return {};
      }
      default:
        return errc::unknown_target;
    }
  }

  std::vector<std::pair<std::string, Member>> members_;
  flat_index index_;  // maps ids to positions in members_
};

}  // namespace parley::routing
