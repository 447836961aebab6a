// routing: who receives. First the target that an event takes, held against what its schema allows; then, from that target, the
// sessions that are there, each once.
//
// What it does not do: sending, running handlers (peer), reading targets from frames (wire). It asks no clock.
//
//   routing::table<member> all;                               // member: whatever the owner sends through
//   all.add(client_id, m);
//   auto to = routing::choose(method, envelope, false);       // denied, unknown_target, or where it goes
//   std::vector<member> receivers;
//   if (to) auto found = all.resolve(*to, sender_id, receivers);     // unknown_target: nobody receives
//
// One thread at a time for a table, any thread for the functions. A table owns its members and nothing they point to.
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

// The target that an event takes: the one in the envelope, or the first of the declaration. `denied` for a target that is not declared,
// `unknown_target` for one that does not parse, or for none where the first of the declaration needs a name.
// `lenient`: plain mode, whose original clients always write a `to`, with "others" for "the user said nothing": it counts as absent where
// OTHERS is not declared, and everything does for events to the server alone.
result<target> choose(const method& m, const wire::envelope& e, bool lenient);

// The same for a method whose payload names the receivers: the envelope's target must be absent or say the same, else `denied`.
// `bad_payload` if the payload cannot be read. Nobody named: a target of the kind `server`, declared or not.
result<target> choose_by_payload(const method& m, const wire::envelope& e, bool lenient, format f, bytes_view payload,
                                 const decode_options& options);

// Is every kind in it declared?
bool declared(std::span<const target_kind> kinds, const target& wanted);

// The members there are, by client id. Member: a copyable handle. Coming, going and being found take constant time however many there are;
// the memory follows their number up and down.
template <class Member>
class table {
 public:
  // An id that is in the table keeps its member.
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
  // Null: nobody of this id. Valid until the next add() or remove().
  const Member* find(const std::string& id) const {
    const flat_index::position at = find_at(id, hash_of(id));
    return at == flat_index::none ? nullptr : &members_[at].second;
  }

  // `subject`: whom OTHERS and SENDER speak of. Fills `out`, whose memory is reused; each receiver stands in it once, and in the same
  // order whenever the same members came and went. `unknown_target`: the client that is named is not there, or none of a list is.
  // The union of several targets costs what its parts cost, plus sorting.
  result<> resolve(const target& to, const std::string& subject, std::vector<Member>& out) const {
    return resolve(to, subject, absent::refused, out);
  }
  // For a table that holds some of the members there are: whoever is not in it is left out.
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

  static constexpr std::size_t kept = 64;  // a table as large as this is not worth shrinking

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

  // Calls `take` with the position of each member that one target names, each once.
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
        return {};  // handled there, relayed to nobody
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
  flat_index index_;  // of their positions
};

}  // namespace parley::routing
