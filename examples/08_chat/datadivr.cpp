#include "conversation.hpp"

#include <parley/by_name.hpp>
#include <parley/client.hpp>

#include <map>
#include <mutex>
#include <string_view>
#include <utility>
#include <variant>

namespace {

using namespace std::chrono_literals;

template <class T>
const T* member(const parley::structure& object, const char* name) {
  const auto found = object.fields.find(name);
  return found == object.fields.end() ? nullptr : std::get_if<T>(&found->second.kind);
}
// Whether a user must not have this name, because lines would go elsewhere: a word for several
// receivers, or a text that looks like a client's id.
bool addresses(std::string_view name) {
  constexpr std::size_t id_size = 36;  // of a UUID in its usual form
  return name == "all" || name == "others" || name == "server" || name == "sender" || name.find(':') != name.npos ||
         (name.size() == id_size && name[8] == '-' && name[13] == '-');
}
parley::error unsent(std::string why) { return {parley::errc::invalid, "Error sending message: " + std::move(why)}; }

class datadivr final : public conversation {
 public:
  datadivr(const std::string& address, std::string name, listener to)
      : to_(std::move(to)),
        name_(std::move(name)),
        link_("ws://" + address + "/ws", {.encoding = parley::encoding::plain, .reconnect = {.attempts = 0}, .answers_in_order = true}) {
    names().on_event([this](const parley::named_event& e, const parley::origin& from) { hear(e, from.id); });
    link_.on_error(
        [this](const parley::error& e, std::string_view) { to_.line("! " + (e.message.empty() ? e.code.message() : e.message)); });
    link_.on_disconnected([this](const parley::error& why) { to_.lost(why.message); });
  }

  std::string connect(bool stays) override {
    link_.connect();
    introduce(parley::to::others, stays);
    if (!stays) return {};
    try {
      return "you are " + link_.learn_id({.deadline = 2s});
    } catch (const parley::call_failed&) { return "the server did not report your id"; }
  }

  parley::result<> reaches(const std::string& to) const override {
    if (const auto id = id_of(to); !id) return id.error();
    return {};
  }

  parley::result<> say(const std::string& text, const std::string& to) override {
    const auto id = id_of(to);
    if (!id) return id.error();
    const auto whom = parley::parse_target(*id);
    if (!whom) return unsent("not a valid client id");
    if (auto sent = names().send({.name = "msg", .message = text}, *whom); !sent) return unsent(sent.error().message);
    return {};
  }

  parley::result<> say_json(const std::string& line) override {
    const auto sent = names().send_json(line, "msg");
    if (sent) return {};
    if (sent.error().code == parley::errc::bad_frame) return parley::error{parley::errc::invalid, "Invalid JSON. Please try again."};
    return unsent(sent.error().message);
  }

  void rename(const std::string& name) override {
    {
      const std::lock_guard lock(mutex_);
      name_ = name;
    }
    introduce(parley::to::others, false);
  }

 private:
  // Built when it is used, so that the link can be the last member.
  parley::by_name names() const { return parley::by_name{link_}; }

  // With `asks`, the receivers send their names too.
  template <class Target>
  void introduce(const Target& to, bool asks) {
    const std::lock_guard lock(mutex_);
    parley::structure said{{{"name", name_}, {"asks", asks}}};
    parley::named_event event{.name = "chat.name", .payload = ""};
    write_json(said, event.payload);
    (void)names().send(std::move(event), to);
  }

  void hear(const parley::named_event& e, const std::string& from) {
    if (e.name == "chat.name") return learn_name(e, from);
    if (e.name == "msg") return to_.line(name_of(from) + ": " + e.message.value_or(""));
    to_.line("* " + name_of(from) + " sends " + e.name + " " + e.payload + (e.message ? " \"" + *e.message + '"' : ""));
  }

  void learn_name(const parley::named_event& e, const std::string& from) {
    parley::value read;
    if (!read_json(e.payload, read, {})) return;
    const auto* said = std::get_if<parley::structure>(&read.kind);
    const auto* name = said ? member<std::string>(*said, "name") : nullptr;
    if (!name || name->empty() || name->size() > 64 || addresses(*name)) return;
    const std::string before = name_of(from);
    {
      const std::lock_guard lock(mutex_);
      if (known_.size() >= 10'000) known_.clear();  // clients that speak again are shown by their id
      known_[from] = *name;
    }
    if (before != *name) to_.line("* " + before + " is called " + *name);
    if (const auto* asks = member<bool>(*said, "asks"); asks && *asks) introduce(parley::to::client(from), false);
  }

  std::string name_of(const std::string& id) const {
    if (id.empty()) return "server";
    const std::lock_guard lock(mutex_);
    if (id == link_.id()) return name_;
    const auto found = known_.find(id);
    return found == known_.end() ? id : found->second;
  }
  // The id of the client with this name, or `name` itself: an id, or a word for several.
  parley::result<std::string> id_of(const std::string& name) const {
    const std::lock_guard lock(mutex_);
    const std::string* found = nullptr;
    for (const auto& [id, known] : known_) {
      if (known != name) continue;
      if (found) return parley::error{parley::errc::unknown_target, "! several clients have this name: use the id"};
      found = &id;
    }
    return found ? *found : name;
  }

  listener to_;
  mutable std::mutex mutex_;  // for the next two, because handlers run on the link's thread
  std::string name_;
  std::map<std::string, std::string> known_;  // by id
  parley::client link_;                       // last, because its handlers use the other members until its thread has ended
};

}  // namespace

std::unique_ptr<conversation> speak_datadivr(const std::string& address, std::string name, listener to) {
  return std::make_unique<datadivr>(address, std::move(name), std::move(to));
}
