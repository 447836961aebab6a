// What the chat says and hears, whatever is spoken on the wire.
#pragma once

#include <parley/core/core.hpp>

#include <functional>
#include <memory>
#include <string>

struct listener {
  std::function<void(std::string)> line;         // something to show; any thread
  std::function<void(const std::string&)> lost;  // the connection is gone, and why; any thread
};

// One thread.
class conversation {
 public:
  virtual ~conversation() = default;
  // Blocks; throws parley::call_failed. Returns what there is to say about it. `stays`: long enough to care who else is there.
  virtual std::string connect(bool stays) = 0;
  // Whether lines can be for `to`: all, others, a name or an id. Why not, to be shown.
  virtual parley::result<> reaches(const std::string& to) const = 0;
  virtual parley::result<> say(const std::string& text, const std::string& to) = 0;
  // One line of JSON, as datadivr's command line takes it.
  virtual parley::result<> say_json(const std::string& line) = 0;
  virtual void rename(const std::string& name) = 0;
};

// The events of datadivr (schema/datadivr), in plain JSON; names travel as an event of this chat's own, "chat.name".
std::unique_ptr<conversation> speak_datadivr(const std::string& address, std::string name, listener);
// The protocol of the libwsclient family (schema/wschat).
std::unique_ptr<conversation> speak_wschat(const std::string& address, std::string name, listener);
