// The forms of one event: its payload in each format, and a frame in each envelope. Each form is
// made once, when the first receiver needs it. Private to the server room.
#pragma once

#include "parley/server/server_loop.hpp"

#include <array>
#include <optional>
#include <string>
#include <string_view>

namespace parley {

struct server_loop::delivery {
  const method* what = nullptr;  // null: an event that no service declares, JSON only
  std::string_view name;         // the name of such an event
  const target* to = nullptr;
  std::string_view to_written;               // plain mode: the target as the sender wrote it
  std::string_view from;                     // empty: the server
  const wire::envelope* received = nullptr;  // the received frame, whose other members a relay passes on
  std::optional<std::string_view> json;
  std::optional<std::string_view> binary;
  // The JSON payload that a sender wrote in addition to the text of a method with `body: MESSAGE`.
  bytes_view beside;
  bool no_text = false;  // the sender wrote no text for such a method
  const any_types* types = nullptr;
  bool for_many = false;  // frames include the transport's header
  std::size_t handed_to = 0;

  frames_made frames;
  std::array<bool, spoken_kinds> tried{};  // set even if no frame was made
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
