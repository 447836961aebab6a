// How a plain client learns the id that the server gave it, which no greeting tells. Without I/O; private to the peer room.
//
//   own_id_search search;                             // to send: an event own_id_question.name, search.payload(), to all
//   if (auto told = search.heard(envelope))           // each event of that name that arrives
//     if (told->certain) use(told->id);               // or else: the same event, to told->id alone
//
// The server stamps the sender's id on what it passes on, so the event that comes back names it. But everybody hears that event, and may
// send it again in his own name before it has come back here. What comes back is therefore only asked about: the same event is sent to that
// id alone. What is addressed to one id reaches its client and nobody else, so only the true one arrives. Others can delay the search
// (by making it ask about them, at most 64 times), and never mislead it.
#pragma once

#include "parley/wire/envelope.hpp"
#include "parley/wire/method.hpp"
#include "parley/wire/wkt_codec.hpp"

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

}  // namespace parley
