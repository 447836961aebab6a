#include "parley/conversation/own_id.hpp"

#include "parley/wire/hello.hpp"
#include "parley/wire/target_text.hpp"

#include <algorithm>
#include <utility>

namespace parley {
namespace {

constexpr std::size_t most_candidates = 64;

}  // namespace

// 122 random bits in the form of a client id.
own_id_search::own_id_search() : payload_('"' + wire::make_client_id(wire::make_node_id()) + '"') {}

std::optional<own_id_search::finding> own_id_search::heard(const wire::envelope& event) {
  if (as_text(event.payload) != payload_ || event.from.empty()) return std::nullopt;
  const target sender{.kind = target_kind::client, .name = event.from};
  if (event.to == sender) return finding{event.from, true};
  if (event.to.kind != target_kind::all || asked_.size() == most_candidates || !wire::has_plain_text(sender)) return std::nullopt;
  if (std::find(asked_.begin(), asked_.end(), event.from) != asked_.end()) return std::nullopt;
  asked_.push_back(event.from);
  return finding{event.from, false};
}

bool own_id::ask(rpc::ticket of, time_point deadline, std::unique_ptr<pending_call> done) {
  const bool first = !search_;
  if (first) search_ = std::make_unique<search>();
  search_->asked_for.open(of, own_id_question, deadline, std::move(done));
  return first;
}

bool own_id::know(const std::string& id, std::vector<given_up>& asked) {
  if (!known_.empty() || id.empty()) return false;
  known_ = id;
  asked = take_all();
  return true;
}

void own_id::forget(const given_up& call) {
  search_->asked_for.forget(call.id);
  if (search_->asked_for.in_flight() == 0) search_.reset();
}

std::optional<own_id::given_up> own_id::cancel(rpc::ticket of) {
  if (!search_) return std::nullopt;
  auto call = search_->asked_for.cancel(of);
  if (call) forget(*call);
  return call;
}

std::vector<own_id::given_up> own_id::expire(time_point now) {
  if (!search_) return {};
  auto late = search_->asked_for.expire(now);
  for (const given_up& call : late) forget(call);
  return late;
}

std::vector<own_id::given_up> own_id::take_all() {
  const auto over = std::move(search_);
  return over ? over->asked_for.take_all() : std::vector<given_up>();
}

}  // namespace parley
