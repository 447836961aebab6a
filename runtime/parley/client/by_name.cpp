#include "parley/client/by_name.hpp"

#include "parley/client/client_core.hpp"
#include "parley/client/named_method.hpp"
#include "parley/wire/json.hpp"
#include "parley/wire/kinds.hpp"
#include "parley/wire/limits.hpp"
#include "parley/wire/utf8.hpp"

#include <stdexcept>

namespace parley {
namespace {

result<> sound(std::string_view name, std::string_view payload) {
  if (!wire::is_method_name(name) || name.size() > wire::max_name || !is_utf8(name)) return error{errc::invalid, "not a valid method name"};
  json::reader in(payload);
  if (!in.skip() || !in.finish()) return error{errc::invalid, "the payload is not JSON"};
  return {};
}

}  // namespace

const codec json_text_codec{
    .write = [](format, const void* text, std::string& out) -> result<> {
      out += *static_cast<const std::string*>(text);
      return {};
    },
    .read = [](format from, bytes_view content, void* text, const decode_options&) -> result<> {
      if (from != format::json) return error{errc::invalid, "without a schema only JSON can be read"};
      *static_cast<std::string*>(text) = content.empty() ? std::string_view("null") : as_text(content);
      return {};
    },
    .transcode = [](format, bytes_view, std::string&, const decode_options&) -> result<> {
      return error{errc::invalid, "without a schema only JSON can be sent"};
    },
};

by_name::by_name(const client& link) : core_(link.core_), client_(link.client_), calls_(link.calls_) {
  if (!client_->speaks_json_only()) throw std::invalid_argument("by_name: the client must speak JSON");
}

by_name by_name::with(call_options other) const {
  by_name changed = *this;
  changed.calls_ = other;
  return changed;
}

result<> by_name::send(named_event event, target to) const {
  if (auto fine = sound(event.name, event.payload); !fine) return fine;
  if (event.message && !is_utf8(*event.message)) return error{errc::invalid, "the message is not UTF-8"};
  outgoing out{.json = std::move(event.payload), .to = std::move(to), .options = calls_};
  out.named = std::make_shared<const named_method>(event);
  out.what = &out.named->what;
  if (out.named->message) out.text = &*out.named->message;
  const std::size_t size = out.size();
  switch (core_->send(std::move(out))) {
    case sent::queued:
      return {};
    case sent::dropped:
      return error{errc::overloaded, "too much is waiting to be sent"};
    case sent::closed:
      return error{errc::disconnected, "not connected"};
    case sent::too_large:
      return error{errc::too_large, "the event has " + std::to_string(size) +
                                        " bytes, more than the server accepts (server_options::max_message; without a greeting: "
                                        "client_options::peer_max_message)"};
    case sent::mismatched:
      return error{errc::version_mismatch};
    case sent::unwritable:  // cannot happen by name, because the payload is text already
      return error{errc::bad_payload};
  }
  return {};
}

result<> by_name::send_json(std::string_view object, std::string_view unnamed) const {
  named_event event{.name = std::string(unnamed)};
  std::optional<std::string> to;
  bool all_strings = true;
  json::reader in(object);
  const bool is_object = in.kind() == json::kind::object;
  const auto read_string = [&](auto& out) {
    if (in.kind() == json::kind::null) return in.skip();
    if (in.kind() == json::kind::string) return in.read(out.emplace());
    all_strings = false;
    return in.skip();
  };
  std::optional<std::string> name;
  std::string_view payload;
  if (!is_object) in.skip();
  else if (in.enter_object())
    for (std::string_view member; in.next_member(member);) {
      if (member == "event_name") read_string(name);
      else if (member == "message") read_string(event.message);
      else if (member == "to") read_string(to);
      else if (member == "payload") in.raw(payload, in.options().max_depth);
      else in.skip();
    }
  if (!in.finish()) return error{errc::bad_frame, "not JSON"};
  if (!is_object) return error{errc::invalid, "not an object"};
  if (!all_strings) return error{errc::invalid, "event_name, to and message are strings"};
  if (name) event.name = *std::move(name);
  if (!payload.empty()) event.payload = payload;
  target whom;
  if (to) {
    auto read = parse_target(*to);
    if (!read) return error{errc::unknown_target, "`to` is not a valid target"};
    whom = *std::move(read);
  }
  return send(std::move(event), std::move(whom));
}

result<outgoing> by_name::request_for(named_request request) const {
  if (auto fine = sound(request.name, request.payload); !fine) return std::move(fine).error();
  const method* what = client_->named_call(request.name, request.reply);
  if (!what) return error{errc::invalid, "too many different calls"};
  return outgoing{.what = what, .json = std::move(request.payload), .options = calls_};
}

std::string by_name::call(named_request request) const { return async_call(std::move(request), block); }

subscription by_name::on_event(std::function<void(const named_event&, const origin&)> handler) const {
  return {core_, client_->watch(std::move(handler))};
}

}  // namespace parley
