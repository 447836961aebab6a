// routing: from a target to the sessions that receive, each once. Knows who is there; sends nothing itself.
//
//   routing::table<member> all;
//   all.add(peer_id, member);
//   auto receivers = all.resolve({.kind = target_kind::others}, sender_id);      // unknown_target if a named client is not there
//
// Before that, `check` holds an event against what its schema allows. No I/O, no clock; one thread at a time.
#pragma once

#include "parley/core/core.hpp"
#include "parley/wire/envelope.hpp"
#include "parley/wire/method.hpp"
#include "parley/wire/target.hpp"

#include <algorithm>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

namespace parley::routing {

// The target that an event takes: the one in the envelope, or the first of the declaration. `denied` for a target that is not declared,
// `unknown_target` for one that does not parse. `lenient`: plain mode, whose original clients always write a `to`, with "others" for
// "the user said nothing": it counts as absent where OTHERS is not declared, and everything does for events to the server alone.
result<target> choose(const method& m, const wire::envelope& e, bool lenient);

// The same for a method whose payload names the receivers: the envelope's target must be absent or say the same, else `denied`.
// `bad_payload` if the payload cannot be read. Nobody named: a target of the kind `server`.
result<target> choose_by_payload(const method& m, const wire::envelope& e, bool lenient, format f, bytes_view payload,
                                 const decode_options& options);

// Is every kind in it declared?
bool declared(std::span<const target_kind> kinds, const target& wanted);

// The members there are, by client id. Member: a copyable handle that can be compared.
template <class Member>
class table {
 public:
  void add(const std::string& id, Member member) {
    positions_.emplace(id, members_.size());
    members_.push_back({id, std::move(member)});
  }

  void remove(const std::string& id) {
    const auto it = positions_.find(id);
    if (it == positions_.end()) return;
    const std::size_t hole = it->second;
    positions_.erase(it);
    if (hole + 1 != members_.size()) {
      members_[hole] = std::move(members_.back());
      positions_[members_[hole].first] = hole;
    }
    members_.pop_back();
  }

  std::size_t size() const noexcept { return members_.size(); }
  const Member* find(const std::string& id) const {
    const auto it = positions_.find(id);
    return it == positions_.end() ? nullptr : &members_[it->second].second;
  }

  // `subject`: whom OTHERS and SENDER speak of. Fills `out`; its memory is reused.
  result<> resolve(const target& to, const std::string& subject, std::vector<Member>& out) const {
    out.clear();
    if (to.kind != target_kind::several) return append(to, subject, out);
    for (const target& part : to.parts)
      if (auto found = append(part, subject, out); !found) return found;
    std::sort(out.begin(), out.end());
    out.erase(std::unique(out.begin(), out.end()), out.end());
    return {};
  }

 private:
  result<> append(const target& to, const std::string& subject, std::vector<Member>& out) const {
    switch (to.kind) {
      case target_kind::server:
        return {};  // handled there, relayed to nobody
      case target_kind::sender:
        if (const Member* m = find(subject)) out.push_back(*m);
        return {};
      case target_kind::client:
        if (const Member* m = find(to.name)) {
          out.push_back(*m);
          return {};
        }
        return errc::unknown_target;
      case target_kind::all:
      case target_kind::others:
        for (const auto& [id, member] : members_) {
          if (to.kind == target_kind::others && id == subject) continue;
          if (std::find(to.except.begin(), to.except.end(), id) != to.except.end()) continue;
          out.push_back(member);
        }
        return {};
      default:
        return errc::unknown_target;
    }
  }

  std::vector<std::pair<std::string, Member>> members_;
  std::unordered_map<std::string, std::size_t> positions_;
};

}  // namespace parley::routing
