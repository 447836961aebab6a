// Calls that a server makes to its clients.
#include "parley/server/server_core.hpp"

#include <utility>

namespace parley {
namespace {

// Removes the entry of a call when the call has completed or was dropped with its loop.
class tracked_call final : public pending_call {
 public:
  tracked_call(std::unique_ptr<pending_call> inner, std::function<void()> over) : inner_(std::move(inner)), over_(std::move(over)) {}
  ~tracked_call() override { over_(); }
  void finish(result<encoded_answer> answer) override {
    const std::unique_ptr<tracked_call> self(this);
    inner_.release()->finish(std::move(answer));
  }
  void finish_late() override {
    const std::unique_ptr<tracked_call> self(this);
    inner_.release()->finish_late();
  }

 private:
  std::unique_ptr<pending_call> inner_;
  std::function<void()> over_;
};

}  // namespace

void server_core::start(ticket of, outgoing request, std::unique_ptr<pending_call> done) {
  server_loop* loop = loops_.front().get();
  if (has_several_loops())
    if (const auto known = directory_.find(request.to.name)) loop = known->loop;
  const std::size_t cost = request.cost();
  if (!admit(cost)) {
    post(*loop, std::move(done), [](server_core&, server_loop&, std::unique_ptr<pending_call> refused) {
      refused.release()->finish(error{errc::overloaded, "too much is waiting for the server's loop (server_options::max_posted)"});
    });
    return;
  }
  asked_.begin(of, *loop);
  std::unique_ptr<pending_call> tracked = std::make_unique<tracked_call>(std::move(done), [weak = weak_from_this(), of] {
    if (const auto server = weak.lock()) server->asked_.end(of);
  });
  // Always posted, because an operation never completes inside its own start.
  if (!post(*loop, std::move(tracked),
            [of, cost, request = std::move(request)](server_core& self, server_loop& where, std::unique_ptr<pending_call> call) {
              self.posted_ -= cost;
              self.ask(where, of, request, std::move(call));
            }))
    posted_ -= cost;
}

void server_core::ask(server_loop& loop, ticket of, const outgoing& request, std::unique_ptr<pending_call> done) {
  if (phase_ == phase::ended) return done.release()->finish(errc::cancelled);
  if (request.unwritable) return done.release()->finish(*request.unwritable);
  conversation* end = loop.client(request.to.name);
  if (!end) return done.release()->finish(error{errc::unknown_target, "this client is not connected"});
  if (!asked_.reach(of, end->shared_from_this())) return done.release()->finish(errc::cancelled);
  const time_point now = clock_->now();
  end->start_call(now, of, request, deadline_of(request, options_.deadline, now), std::move(done));
}

void server_core::cancel(ticket of) {
  const auto found = asked_.cancel(of);
  if (!found || found->end.expired()) return;  // ask() sees it if the call has not reached its loop yet
  on_loop(*found->loop, [of, where = found->end](server_core&, server_loop&) {
    if (const auto end = where.lock()) end->cancel_call(of);
  });
}

}  // namespace parley
