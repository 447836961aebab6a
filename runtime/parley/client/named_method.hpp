// A method of which only the name is known, with JSON text as payload. Private to the client room.
#pragma once

#include "parley/client/by_name.hpp"
#include "parley/wire/method.hpp"

#include <optional>
#include <string>
#include <string_view>

namespace parley {

// The payload of such a method is a std::string with JSON text. It has no binary form.
extern const codec json_text_codec;

// Must not be moved, because `what` refers to the strings.
struct named_method {
  explicit named_method(named_event& event) : name(std::move(event.name)), message(std::move(event.message)) {
    what = {.name = name, .event = true, .in = &json_text_codec};
  }
  named_method(std::string_view call, std::string_view answer) : name(call), reply(answer) {
    what = {.name = name, .in = &json_text_codec, .out = &json_text_codec, .reply = reply};
  }
  named_method(const named_method&) = delete;
  named_method& operator=(const named_method&) = delete;

  std::string name;
  std::string reply{};
  std::optional<std::string> message{};
  method what;
};

}  // namespace parley
