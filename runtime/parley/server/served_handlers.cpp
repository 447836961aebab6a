#include "parley/server/served_handlers.hpp"

namespace parley {

void served_handlers::add(std::uint64_t id, handler& h, std::span<const binding> bindings) {
  const auto replies = std::make_shared<running_replies>();
  for (const binding& b : bindings) {
    const session::contract::number number = contract_.number_of(b.what->id);
    if (number >= bound_.size()) bound_.resize(std::size_t{number} + 1);
    bound_[number] = {&h, b, replies};
  }
  registered_.push_back({id, &h, replies});
}

void served_handlers::remove(std::uint64_t id, std::function<void()> ended) {
  const auto found = std::find_if(registered_.begin(), registered_.end(), [id](const registered& one) { return one.id == id; });
  if (found == registered_.end()) return ended();
  const auto replies = std::move(found->replies);
  registered_.erase(found);
  for (bound& one : bound_)
    if (one.replies == replies) one = {};
  replies->stop(std::move(ended));
}

}  // namespace parley
