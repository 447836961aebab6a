// Events between the loops of a server. They are put into the inbox of each loop that has
// receivers, and are delivered there.
#include "parley/server/delivery.hpp"
#include "parley/server/server_core.hpp"

#include <asio/post.hpp>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace parley {

result<> server_loop::cross(const delivery& d, const std::string& subject, const std::vector<server_loop*>& loops) {
  const std::size_t bytes = crossing::cost_of(d.frames);
  for (const server_loop* loop : loops)
    if (!loop->inbox_.has_room(bytes)) return error{errc::overloaded, "other threads of the server have too much to do"};
  const std::optional<std::uint32_t> method = d.what ? std::optional(d.what->id) : std::nullopt;
  const auto shared = std::make_shared<const crossing>(crossing{method, *d.to, subject, d.frames, bytes});
  for (server_loop* loop : loops) loop->put(shared);
  return {};
}

void server_loop::put(std::shared_ptr<const crossing> one) {
  if (!inbox_.put(std::move(one))) return;
  // One wake-up serves all events that arrive until the loop handles it. A loop that has ended does
  // nothing.
  asio::post(home_.executor(), [this, weak = server_.weak_from_this()] {
    if (const auto server = weak.lock(); server && !inbox_.at_work()) empty_inbox();
  });
}

void server_loop::empty_inbox() {
  inbox_.empty([this](const crossing& one) { deliver_crossed(one); },
               [this] {
                 asio::post(home_.executor(), [this, weak = server_.weak_from_this()] {
                   if (const auto server = weak.lock()) empty_inbox();
                 });
               });
}

void server_loop::deliver_crossed(const crossing& one) {
  // The contract of a server with several loops does not change after the start, so every loop
  // knows the methods of the others.
  const method* const what = one.method ? server_.contract().find(*one.method) : nullptr;
  lent to(found_);
  clients_.walk_here(one.to, one.subject, *to);
  if (what && !what->may_receive.empty()) keep_those_with_a_role(*what, to->here);
  hand_out(what, one.frames, to->here);
}

}  // namespace parley
