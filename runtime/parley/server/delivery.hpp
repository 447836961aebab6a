// The forms of one event: its payload in each format, and a frame in each envelope. Each is made once, when the first receiver needs it.
// Private to the server room.
#pragma once

#include "parley/server/server_loop.hpp"

#include <array>
#include <optional>
#include <string>
#include <string_view>

namespace parley {

struct server_loop::delivery {
  const method* what = nullptr;  // null: an event that no service knows, JSON only
  std::string_view name;         // of an unknown event
  const target* to = nullptr;
  std::string_view to_written;               // plain: what the sender wrote
  std::string_view from;                     // empty: the server
  const wire::envelope* received = nullptr;  // what a relay passes on beside the payload
  std::optional<std::string_view> json;
  std::optional<std::string_view> binary;
  bytes_view beside;     // JSON that a sender wrote beside the text of a method with `body: MESSAGE`
  bool no_text = false;  // that sender wrote no text
  const any_types* types = nullptr;
  bool for_many = false;  // frames are made with the transport's head
  std::size_t handed_to = 0;

  frames_made frames;
  std::array<bool, spoken_kinds> tried{};  // also where no frame came of it
  std::string transcoded;

  // Makes no frame if no client of this kind can read the event, or if this dialect has no form for it. Returns `bad_payload` if the
  // payload does not fit the schema.
  result<> make(spoken kind, const server_core&);
  std::optional<std::string_view>& payload_in(format f) noexcept { return f == format::json ? json : binary; }

 private:
  result<> make_payload(format);
  result<> readable(spoken, const char* payload, bytes_view rest, const server_core&) const;
};

}  // namespace parley
