#include "parley/stub/block.hpp"

#include "parley/stub/send.hpp"

#include <memory>
#include <utility>

namespace parley {
namespace {

// Completes inline on the thread that finishes it, because it has no handler and no executor of its
// own.
class blocked_call final : public pending_call {
 public:
  blocked_call(waiting_room<void>& room, const method& what, void* value) : room_(&room), what_(what), value_(value) {}
  ~blocked_call() override {
    if (room_) room_->put(dropped_with_its_loop());
  }
  void finish(result<encoded_answer> answer) override {
    const std::unique_ptr<blocked_call> self(this);
    result<> outcome;
    if (!answer) outcome = std::move(answer).error();
    else if (value_) outcome = what_.out->read(answer->format, answer->payload, value_, answer->options);
    if (answer && !outcome) outcome = unreadable_answer(std::move(outcome).error());
    std::exchange(room_, nullptr)->put(std::move(outcome));
  }
  void finish_late() override { finish(errc::cancelled); }

 private:
  waiting_room<void>* room_;
  const method& what_;
  void* value_;
};

}  // namespace

void wait_for_answer(const endpoint& to, outgoing request, void* value) {
  if (to.core->runs_here()) throw would_never_end();
  waiting_room<void> room;
  const method& what = *request.what;
  to.core->start(to.core->reserve(), std::move(request), std::make_unique<blocked_call>(room, what, value));
  room.wait().value();
}

}  // namespace parley
