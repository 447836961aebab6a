// The server that datadivr's own programs expect: datadivr_server [--port N] [--project]
//
//   datadivr start-client                       talks with it, as does any program that speaks datadivr's JSON
//
// Answers sums, and describes nodes of the open project (--project opens a small one). Every other
// event is relayed to the receivers that it names. That needs no code here, because the schema
// declares it.
#include "datadivr/v1/datadivr.server.hpp"

#include <parley/server.hpp>

#include <charconv>
#include <csignal>
#include <cstdlib>
#include <iostream>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

using namespace datadivr::v1;

namespace {

// A number as Python's float() reads it, except "1_000", which is not a number here.
std::optional<double> number_in(const parley::value& element) {
  if (const auto* number = std::get_if<double>(&element.kind)) return *number;
  if (const auto* truth = std::get_if<bool>(&element.kind)) return *truth ? 1 : 0;
  const auto* text = std::get_if<std::string>(&element.kind);
  if (!text) return std::nullopt;
  constexpr std::string_view space = " \t\n\r\v\f";
  std::string_view digits = *text;
  digits.remove_prefix(std::min(digits.find_first_not_of(space), digits.size()));
  digits.remove_suffix(digits.size() - (digits.find_last_not_of(space) + 1));
  if (digits.starts_with('+') && !digits.starts_with("+-")) digits.remove_prefix(1);
  double number = 0;
  const auto [end, failed] = std::from_chars(digits.data(), digits.data() + digits.size(), number);
  if (failed != std::errc() || end != digits.data() + digits.size()) return std::nullopt;
  return number;
}

using nodes = std::vector<parley::structure>;

struct Hub final : DatadivrHandler {
  explicit Hub(std::optional<nodes> opened) : project(std::move(opened)) {}

  parley::reply<double> sum(const Numbers& request, parley::call&) override {
    // The original accepts an empty list as 0. Here it looks like a missing list, because a payload
    // without "numbers" has an empty list too. An error about that is more useful, and the original
    // refuses the empty list of Parley's clients as well.
    if (request.numbers.empty()) return parley::error{parley::errc::failed, "Payload must contain a list of numbers"};
    double sum = 0;
    for (const parley::value& element : request.numbers) {
      const auto number = number_in(element);
      if (!number) return parley::error{parley::errc::failed, "Error: could not convert to float"};
      sum += *number;
    }
    return sum;
  }

  parley::reply<parley::structure> get_node_info(const Node& node, parley::call&) override {
    if (!project) return problem("No project is currently open");
    if (!node.index) return problem("Node index not provided");
    const auto index = static_cast<std::size_t>(*node.index);  // a negative index is far past the end
    if (index >= project->size()) return problem("Node data not found");
    return (*project)[index];
  }

 private:
  static parley::structure problem(const char* text) { return {{{"error", text}}}; }

  std::optional<nodes> project;
};

parley::server* running = nullptr;
void stop(int) { running->stop(); }

}  // namespace

int main(int argc, char** argv) try {
  // The original's clients accept a mebibyte.
  parley::server_options options{.port = 8765, .max_message = 1'000'000};
  std::optional<nodes> project;
  for (int i = 1; i < argc; ++i) {
    const std::string_view word = argv[i];
    if (word == "--port" && i + 1 < argc) options.port = static_cast<std::uint16_t>(std::atoi(argv[++i]));
    if (word == "--project") project = {{{{"name", "Anna"}, {"x", 0.5}}}, {{{"name", "Boris"}, {"x", -0.25}}}};
  }
  parley::server server{options};
  Hub hub{std::move(project)};
  server.add(hub);
  server.start();
  running = &server;
  for (const int number : {SIGINT, SIGTERM}) std::signal(number, stop);
  std::cout << "listening on ws://127.0.0.1:" << server.port() << "/ws" << std::endl;
  server.join();
  for (const int number : {SIGINT, SIGTERM}) std::signal(number, SIG_DFL);  // the server is gone
} catch (const parley::call_failed& failed) {
  std::cerr << "datadivr_server: " << failed.what() << '\n';
  return 1;
}
