// A protocol of lines, as the program of a user would implement it. A frame consists of a word and
// its arguments:
//
//   client: say <text>           add <number> ...        later
//   server: said <id> <text>     add_result <sum>        Talk.Later <sum>
#pragma once

#include "talk.types.hpp"

#include <parley/wire/envelope.hpp>
#include <parley/wire/json.hpp>
#include <parley/wire/json_writer.hpp>

#include <optional>
#include <string>
#include <string_view>

namespace talk::v1 {

class lines_dialect final : public parley::wire::envelope_format {
 public:
  bool binary() const override { return false; }
  parley::format payload_format() const override { return parley::format::json; }
  bool has_session() const override { return false; }

  std::optional<parley::wire::fault> read(parley::bytes_view frame, parley::side reader, const parley::wire::read_limits&,
                                          parley::wire::envelope& out) const override {
    out.clear();
    std::string_view rest = parley::as_text(frame);
    const std::string_view word = take_word(rest);
    parley::json::writer json(out.text);
    if (reader == parley::side::server && word == "say") {
      out.name = "Talk.Say";
      write_member(json, "\"text\":", rest);
    } else if (reader == parley::side::server && (word == "add" || word == "later")) {
      out.name = word == "add" ? "Talk.Add" : "Talk.Later";
      out.text = R"({"numbers":[)" + comma_separated(rest) + "]}";
    } else if (reader == parley::side::client && word == "said") {
      out.name = "Talk.Say";
      out.from = take_word(rest);
      write_member(json, "\"text\":", rest);
    } else if (reader == parley::side::client && (word == "add_result" || word == "Talk.Later")) {
      out.name = word;
      out.from = "server";
      out.text = R"({"value":)" + std::string(rest) + "}";
    } else {
      return parley::wire::fault{.code = parley::errc::bad_frame, .text = "no such word"};
    }
    out.payload = parley::as_bytes(out.text);
    out.has_payload = true;
    return std::nullopt;
  }

  bool write(const parley::wire::envelope& e, parley::side writer, parley::bytes_view payload, std::string& out) const override {
    if (e.kind == parley::wire::kind::error) return false;
    const std::string_view json = parley::as_text(payload);
    if (e.name == "Talk.Say")
      out += (writer == parley::side::server ? "said " + (e.from.empty() ? "server" : e.from) : "say") + ' ' + member(json, "text");
    else if (e.name == "Talk.Add") out += "add" + numbers(json);
    else if (e.name == "add_result" || e.name == "Talk.Later") out += e.name + ' ' + member(json, "value");
    else return false;
    return true;
  }

 private:
  static std::string_view take_word(std::string_view& rest) {
    const std::string_view word = rest.substr(0, rest.find(' '));
    rest.remove_prefix(word.size() == rest.size() ? word.size() : word.size() + 1);
    return word;
  }
  static void write_member(parley::json::writer& json, std::string_view name, std::string_view text) {
    json.open_object();
    json.member(name);
    json.text(text);
    json.close_object();
    json.end();
  }
  static std::string comma_separated(std::string_view words) {
    std::string list(words);
    for (char& c : list)
      if (c == ' ') c = ',';
    return list;
  }
  static std::string member(std::string_view json, std::string_view name) {
    parley::json::reader in(json);
    std::string found;
    if (in.enter_object())
      for (std::string_view one; in.next_member(one);) {
        double number = 0;
        if (one != name) in.skip();
        else if (in.kind() == parley::json::kind::string) in.read(found);
        else if (in.read(number)) parley::json::writer(found).number(number);
      }
    return found;
  }
  static std::string numbers(std::string_view json) {
    parley::json::reader in(json);
    std::string all;
    if (in.enter_object())
      for (std::string_view one; in.next_member(one);) {
        if (!in.enter_array()) continue;
        for (double number = 0; in.next_element() && in.read(number);) parley::json::writer(all += ' ').number(number);
      }
    return all;
  }
};

}  // namespace talk::v1
