#include "parley/stub/core.hpp"

#include "parley/stub/block.hpp"
#include "parley/stub/completion.hpp"
#include "parley/stub/serve.hpp"

#include <exception>
#include <memory>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>

namespace parley {

time_point deadline_of(const outgoing& request, std::chrono::steady_clock::duration otherwise, time_point now) {
  auto wait = otherwise;
  if (request.what->deadline_ms != 0) wait = std::chrono::milliseconds(request.what->deadline_ms);
  if (request.options.deadline) wait = *request.options.deadline;
  return saturating_add(now, wait);
}

outgoing encode_for(const endpoint& to, const method& what, const void* payload, target where) {
  outgoing out{.what = &what, .to = std::move(where), .options = to.options};
  const formats_in_use wanted = to.core->formats();
  const auto write = [&](format f, std::string& made) {
    if (auto written = what.in->write(f, payload, made); !written)
      out.unwritable = std::make_shared<const error>(std::move(written).error());
  };
  if (wanted.json) write(format::json, out.json.emplace());
  if (wanted.binary && !out.unwritable) write(format::binary, out.binary.emplace());
  return out;
}

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

error call::refuse(std::string_view reason, std::string text) {
  if (!what_ || !what_->names_refusal || !what_->names_refusal(reason))
    throw std::invalid_argument("call.fail: not a value of the enum that the schema gives in `errors` of " +
                                std::string(what_ ? what_->name : "this method"));
  error e{errc::failed, std::move(text)};
  e.reason_name = reason;
  return fail(std::move(e));
}

std::string text_of_thrown(std::string_view handler, const std::exception_ptr& thrown) {
  std::string text = "the handler of " + std::string(handler) + " failed";
  try {
    std::rethrow_exception(thrown);
  } catch (const std::exception& e) { text.append(": ").append(e.what()); } catch (...) {
  }
  return text;
}

void wait_for_answer(const endpoint& to, outgoing request, void* value) {
  if (to.core->runs_here()) throw would_never_end();
  waiting_room<void> room;
  const method& what = *request.what;
  to.core->start(to.core->reserve(), std::move(request), std::make_unique<blocked_call>(room, what, value));
  room.wait().value();
}

}  // namespace parley
