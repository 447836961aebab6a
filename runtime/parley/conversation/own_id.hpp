// How a plain client learns the id that the server gave it, which is in no greeting. Without I/O; private to conversation.
//
//   own_id id;
//   if (id.ask(ticket, deadline, std::move(done)))    // the first one: send an event own_id_question.name, id.question(), to all
//   if (auto told = id.heard(envelope))               // each event of that name that arrives
//     if (told->certain) id.know(told->id);           // or else: the same event, to told->id alone
//
// The server stamps the sender's id on what it passes on, so the event that comes back names it. But everybody hears that event, and may
// send it again in his own name before it has come back here. What comes back is therefore only asked about: the same event is sent to that
// id alone. What is addressed to one id reaches its client and nobody else, so only the true one arrives. Others can delay the search
// (by making it ask about them, at most 64 times), and never mislead it.
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

// Stands for the question among calls: no text in, the id out. Programs that know nothing of it ignore an event of this name.
inline constexpr method own_id_question{
    .name = "parley.own_id", .in = &codec_for<std::string>, .out = &codec_for<std::string>, .repeatable = true};

// The call id that the event carries, as JSON. A Parley server that relays no unknown events answers with it, addressed to the asker.
inline constexpr std::string_view own_id_call = "\"parley.own_id\"";

class own_id_search {
 public:
  // Draws a text that nobody can foretell. Throws std::system_error if the system has none.
  own_id_search();

  // JSON.
  const std::string& payload() const noexcept { return payload_; }

  struct finding {
    std::string id;
    bool certain = false;
  };
  // Nothing if the event is another client's search, or was heard before.
  std::optional<finding> heard(const wire::envelope& event);

 private:
  std::string payload_;
  std::vector<std::string> asked_;
};

// The id, and the calls that ask for it while it is not known.
class own_id {
 public:
  using given_up = rpc::outgoing_calls::given_up;

  // Empty until it is known.
  const std::string& known() const noexcept { return known_; }
  // Only while it is not known. True: a search begins with this call.
  bool ask(rpc::ticket, time_point deadline, std::unique_ptr<pending_call> done);
  // JSON. Only during a search.
  const std::string& question() const noexcept { return search_->event.payload(); }
  std::optional<own_id_search::finding> heard(const wire::envelope& event) { return search_ ? search_->event.heard(event) : std::nullopt; }
  // The search is over, and `asked` gets the calls that asked. False, and nothing happens: the id was known, or this is none.
  bool know(const std::string& id, std::vector<given_up>& asked);

  time_point next_deadline() const noexcept { return search_ ? search_->asked_for.next_deadline() : time_point::max(); }
  // Calls that are given up. A search without calls ends.
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
