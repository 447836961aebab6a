#include "conversation.hpp"

#include "wschat/v1/wschat.client.hpp"

#include <parley/client.hpp>
#include <parley/dialects/wschat.hpp>

#include <utility>

namespace {

using namespace wschat::v1;

class family final : public conversation {
 public:
  family(const std::string& address, std::string name, listener to)
      : to_(std::move(to)), name_(std::move(name)), link_("ws://" + address + "/", parley::wschat::named(name_)) {
    chat_.on_say([this](const Line& line) {
      if (line.message) to_.line((line.user ? line.user->name : "somebody") + ": " + line.message->text);
    });
    link_.on_disconnected([this](const parley::error& why) { to_.lost(why.message); });
  }

  std::string connect(bool) override {
    link_.connect();
    return "you are " + name_;
  }
  parley::result<> reaches(const std::string& to) const override {
    if (to != "others" && to != "all") return parley::error{parley::errc::unknown_target, "this protocol cannot address single clients"};
    return {};
  }
  parley::result<> say(const std::string& text, const std::string& to) override {
    if (auto there = reaches(to); !there) return there;
    send(text, to == "all" ? Info::SEND_BACK : Info{});
    return {};
  }
  parley::result<> say_json(const std::string& line) override { return say(line, "others"); }
  void rename(const std::string& name) override {
    name_ = name;
    send("null", Info::CHANGE_USERNAME | Info::NO_BROADCAST);  // the text that the family's own programs send in this case
  }

 private:
  void send(const std::string& text, Info info) {
    chat_.say(
        {.user = User{.name = name_}, .message = Body{.text = text, .text_len = static_cast<std::uint32_t>(text.size()), .info = info}});
  }

  listener to_;
  std::string name_;
  parley::client link_;
  ChatClient chat_{link_};  // destroyed before the link, because handlers do not use it
};

}  // namespace

std::unique_ptr<conversation> speak_wschat(const std::string& address, std::string name, listener to) {
  return std::make_unique<family>(address, std::move(name), std::move(to));
}
