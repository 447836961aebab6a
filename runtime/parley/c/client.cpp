#include "parley/c/handles.hpp"

#include <algorithm>
#include <chrono>
#include <stdexcept>
#include <utility>

using namespace parley;
using c::guarded;
using c::tell;

namespace {

call_options with_timeout(int64_t milliseconds) {
  if (milliseconds == 0) return {};
  if (milliseconds < 0 || milliseconds > c::longest) return {.deadline = std::chrono::steady_clock::duration::max()};
  return {.deadline = std::chrono::milliseconds(milliseconds)};
}

std::string payload_of(const char* payload, size_t size) { return payload ? std::string(payload, size) : std::string("null"); }

parley_message message_of(parley_kind kind, const error& why, std::string_view name = {}) {
  return {.kind = kind,
          .name = std::string(name),
          .text = why.message,
          .code = c::code_of(why.code),
          .from_peer = why.from_peer,
          .maybe_done = why.maybe_done,
          .close_code = why.close_code};
}

parley_message answer_of(result<std::string> answer, const std::string& name) {
  if (!answer) return message_of(PARLEY_REFUSAL, answer.error(), name);
  return {.kind = PARLEY_ANSWER, .name = name, .payload = std::move(*answer)};
}

named_request request_of(const char* name, const char* payload, size_t size, const char* reply) {
  return {.name = name, .payload = payload_of(payload, size), .reply = reply ? reply : ""};
}

// A wait on the link's own thread would never end.
bool would_wait_for_itself(const parley_client& client) { return parley::endpoint(client.link).core->runs_here(); }

constexpr const char* null_argument = "an argument is NULL";

}  // namespace

parley_client* parley_client_new(const char* url, const parley_options* options, parley_error* error) {
  if (!url) {
    tell(error, PARLEY_INVALID, null_argument);
    return nullptr;
  }
  std::unique_ptr<parley_client> made;
  const parley_code outcome = guarded(error, [&] {
    try {
      made = std::make_unique<parley_client>(url, options ? *options : parley_options{});
    } catch (const std::invalid_argument& wrong) { return tell(error, PARLEY_INVALID, wrong.what()); }
    const auto box = made->box;
    made->names.on_event([box](const named_event& e, const origin& from) {
      box->put({.kind = PARLEY_EVENT, .name = e.name, .payload = e.payload, .from = from.id, .text = e.message});
    });
    made->link.on_error([box](const parley::error& why, std::string_view event) { box->put(message_of(PARLEY_REFUSAL, why, event)); });
    made->link.on_disconnected([box](const parley::error& why) { box->put(message_of(PARLEY_LOST, why)); });
    return tell(error, PARLEY_OK);
  });
  return outcome == PARLEY_OK ? made.release() : nullptr;
}

parley_code parley_client_on_message(parley_client* client, parley_on_message handler, void* user) {
  if (!client || !handler) return PARLEY_INVALID;
  return guarded(nullptr, [&] {
    std::lock_guard lock(client->setting_up);
    return !client->started && client->box->take_all(handler, user) ? PARLEY_OK : PARLEY_INVALID;
  });
}

namespace {

void start(parley_client& client) {
  std::lock_guard lock(client.setting_up);
  client.started = true;
}

}  // namespace

parley_code parley_client_connect(parley_client* client, parley_error* error) {
  if (!client) return tell(error, PARLEY_INVALID, null_argument);
  return guarded(error, [&] {
    start(*client);
    client->link.connect();
    return tell(error, PARLEY_OK);
  });
}

int parley_client_connected(const parley_client* client) { return client && client->link.connected() ? 1 : 0; }

namespace {

parley_status status_of(const link_status& now) {
  parley_status out{};
  out.state = static_cast<int32_t>(now.state);
  out.fresh = now.state == link_state::open && now.outcome == outcome::fresh ? 1 : 0;
  out.attempt = now.attempt;
  if (now.state == link_state::waiting)
    out.next_try = std::max<std::int64_t>(0, std::chrono::ceil<std::chrono::milliseconds>(now.next_try - steady::now()).count());
  out.calls_lost = now.calls_lost;
  out.unconfirmed = now.unconfirmed;
  if (now.why) tell(&out.why, *now.why);
  else tell(&out.why, PARLEY_OK);
  return out;
}

}  // namespace

static_assert(PARLEY_IDLE == static_cast<int>(link_state::idle) && PARLEY_CONNECTING == static_cast<int>(link_state::connecting) &&
              PARLEY_OPEN == static_cast<int>(link_state::open) && PARLEY_WAITING == static_cast<int>(link_state::waiting) &&
              PARLEY_CLOSED == static_cast<int>(link_state::closed));

parley_code parley_client_status(const parley_client* client, parley_status* status) {
  if (!client || !status) return PARLEY_INVALID;
  return guarded(nullptr, [&] {
    *status = status_of(client->link.status());
    return PARLEY_OK;
  });
}

parley_code parley_client_on_status(parley_client* client, parley_on_status handler, void* user) {
  if (!client || !handler) return PARLEY_INVALID;
  return guarded(nullptr, [&] {
    std::lock_guard lock(client->setting_up);
    if (client->started || std::exchange(client->tells_status, true)) return PARLEY_INVALID;
    client->link.on_status([handler, user](const link_status& now) {
      const parley_status status = status_of(now);
      handler(user, &status);
    });
    return PARLEY_OK;
  });
}

parley_code parley_client_reconnect_now(parley_client* client) {
  if (!client) return PARLEY_INVALID;
  return guarded(nullptr, [&] {
    client->link.reconnect_now();
    return PARLEY_OK;
  });
}

size_t parley_client_id(const parley_client* client, char* id, size_t size) {
  std::string known;
  if (client) guarded(nullptr, [&] { return known = client->link.id(), PARLEY_OK; });
  if (id && size > 0) {
    const std::size_t length = std::min(known.size(), size - 1);
    std::copy_n(known.data(), length, id);
    id[length] = '\0';
  }
  return known.size();
}

parley_code parley_client_learn_id(parley_client* client, int64_t timeout, parley_error* error) {
  if (!client) return tell(error, PARLEY_INVALID, null_argument);
  return guarded(error, [&] {
    start(*client);
    client->link.learn_id(with_timeout(timeout));
    return tell(error, PARLEY_OK);
  });
}

parley_code parley_client_send(parley_client* client, const char* name, const char* payload, size_t size, const char* to,
                               const char* message, parley_error* error) {
  if (!client || !name) return tell(error, PARLEY_INVALID, null_argument);
  return guarded(error, [&] {
    start(*client);
    target whom;
    if (to) {
      auto read = parse_target(to);
      if (!read) return tell(error, read.error());
      whom = std::move(*read);
    }
    named_event event{.name = name, .payload = payload_of(payload, size)};
    if (message) event.message = message;
    const auto sent = client->names.send(std::move(event), std::move(whom));
    return sent ? tell(error, PARLEY_OK) : tell(error, sent.error());
  });
}

parley_code parley_client_call(parley_client* client, const char* name, const char* payload, size_t size, const char* reply,
                               int64_t timeout, parley_message** answer, parley_error* error) {
  if (answer) *answer = nullptr;
  if (!client || !name || !answer) return tell(error, PARLEY_INVALID, null_argument);
  return guarded(error, [&] {
    start(*client);
    auto text = client->names.with(with_timeout(timeout)).call(request_of(name, payload, size, reply));
    *answer = new parley_message(answer_of(std::move(text), name));
    return tell(error, PARLEY_OK);
  });
}

parley_code parley_client_start_call(parley_client* client, const char* name, const char* payload, size_t size, const char* reply,
                                     int64_t timeout, parley_on_message handler, void* user, parley_error* error) {
  if (!client || !name || !handler) return tell(error, PARLEY_INVALID, null_argument);
  return guarded(error, [&] {
    start(*client);
    client->names.with(with_timeout(timeout))
        .async_call(request_of(name, payload, size, reply), [handler, user, name = std::string(name)](result<std::string> outcome) {
          const parley_message message = answer_of(std::move(outcome), name);
          handler(user, &message);
        });
    return tell(error, PARLEY_OK);
  });
}

parley_code parley_client_poll(parley_client* client, int64_t timeout, parley_message** message) {
  if (message) *message = nullptr;
  if (!client || !message) return PARLEY_INVALID;
  if (timeout != 0 && would_wait_for_itself(*client)) return PARLEY_WOULD_DEADLOCK;
  return guarded(nullptr, [&] {
    std::unique_ptr<parley_message> got;
    const auto outcome = client->box->wait(std::chrono::milliseconds(std::clamp(timeout, std::int64_t{0}, c::longest)), timeout < 0, got);
    *message = got.release();
    return outcome;
  });
}

void parley_client_close(parley_client* client) {
  if (!client) return;
  guarded(nullptr, [&] {
    client->box->close();
    client->link.close();
    return PARLEY_OK;
  });
}

void parley_client_free(parley_client* client) {
  if (!client) return;
  client->box->close();
  client->box->forget_client();
  delete client;
}
