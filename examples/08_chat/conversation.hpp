// The operations of the chat, independent of the protocol on the wire.
#pragma once

#include <parley/core/core.hpp>

#include <functional>
#include <memory>
#include <string>

struct listener {
  std::function<void(std::string)> line;         // a line to show; called from any thread
  std::function<void(const std::string&)> lost;  // the connection is lost, with the reason; called from any thread
};

// To be used from one thread.
class conversation {
 public:
  virtual ~conversation() = default;
  // Blocks; throws parley::call_failed. Returns a text to show. With `stays` the client stays long
  // enough to learn the names of the others.
  virtual std::string connect(bool stays) = 0;
  // Whether lines can be sent to `to`: all, others, a name or an id. The error is to be shown.
  virtual parley::result<> reaches(const std::string& to) const = 0;
  virtual parley::result<> say(const std::string& text, const std::string& to) = 0;
  // Sends one line of JSON, in the form of datadivr's command line.
  virtual parley::result<> say_json(const std::string& line) = 0;
  virtual void rename(const std::string& name) = 0;
};

// The events of datadivr (schema/datadivr) in plain JSON. Names are sent as an event of this chat,
// "chat.name".
std::unique_ptr<conversation> speak_datadivr(const std::string& address, std::string name, listener);
// The protocol of the libwsclient family (schema/wschat).
std::unique_ptr<conversation> speak_wschat(const std::string& address, std::string name, listener);
