// How a plain client finds the id that the server gave it, because there is no greeting. Without
// I/O. Private to conversation.
//
//   own_id id;
//   if (id.ask(ticket, deadline, std::move(done)))    // the first one: send an event own_id_question.name, id.question(), to all
//   if (auto told = id.heard(envelope))               // each event of that name that arrives
//     if (told->certain) id.know(told->id);           // or else: the same event, to told->id alone
//
// The server stamps the sender's id on every event that it relays, so the event that comes back
// contains the id. But every client receives that event, and may send it again under its own id
// before the original comes back. The client therefore verifies an id: it sends the same event to
// that id alone. An event that is addressed to one id reaches that client only, so only the true id
// is confirmed. Other clients can delay the search, by causing at most 64 verifications, but they
// cannot make the client accept a wrong id.
#pragma once

#include "parley/rpc/outgoing_calls.hpp"
#include "parley/wire/envelope.hpp"
#include "parley/wire/method.hpp"
#include "parley/wire/wkt_codec.hpp"

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace parley {

// Represents the search among the calls: no text in, the id out. Programs that do not know this
// event ignore it.
inline constexpr method own_id_question{
    .name = "parley.own_id", .in = &codec_for<std::string>, .out = &codec_for<std::string>, .repeatable = true};

// The call id of the event, as JSON. A Parley server that does not relay unknown events answers
// with this id, and addresses the answer to the sender.
inline constexpr std::string_view own_id_call = "\"parley.own_id\"";

class own_id_search {
 public:
  // Creates a text that nobody can predict. Throws std::system_error if the system has no random
  // numbers.
  own_id_search();

  // JSON text.
  const std::string& payload() const noexcept { return payload_; }

  struct finding {
    std::string id;
    bool certain = false;
  };
  // Empty if the event belongs to the search of another client, or if this id was found before.
  std::optional<finding> heard(const wire::envelope& event);

 private:
  std::string payload_;
  std::vector<std::string> asked_;
};

// The id, and the calls that wait for it.
class own_id {
 public:
  using given_up = rpc::outgoing_calls::given_up;

  // Empty until it is known.
  const std::string& known() const noexcept { return known_; }
  // Call it only while the id is not known. Returns true if this call starts a search.
  bool ask(rpc::ticket, time_point deadline, std::unique_ptr<pending_call> done);
  // JSON text. Only during a search.
  const std::string& question() const noexcept { return search_->event.payload(); }
  std::optional<own_id_search::finding> heard(const wire::envelope& event) { return search_ ? search_->event.heard(event) : std::nullopt; }
  // Ends the search and moves the waiting calls to `asked`. Returns false and does nothing if an id
  // was known before or `id` is empty.
  bool know(const std::string& id, std::vector<given_up>& asked);

  time_point next_deadline() const noexcept { return search_ ? search_->asked_for.next_deadline() : time_point::max(); }
  // These return the calls that are given up. A search without calls ends.
  std::optional<given_up> cancel(rpc::ticket);
  std::vector<given_up> expire(time_point now);
  std::vector<given_up> take_all();

 private:
  void forget(const given_up&);

  struct search {
    own_id_search event;
    rpc::outgoing_calls asked_for;  // never empty
  };
  std::string known_;
  std::unique_ptr<search> search_;
};

}  // namespace parley
