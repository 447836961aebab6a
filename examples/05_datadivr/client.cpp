// A client of datadivr's own servers, and of Parley's:
//   datadivr_client [--url URL] [--to all|others|ID] [--say TEXT] [--wait N] [--node N]
//
// Asks for its id, for sums and, with --node, for a node. Sends TEXT (default: hello) to the target
// (default: all), and exits when it has received N lines (default 0).
#include "datadivr/v1/datadivr.client.hpp"

#include <parley/client.hpp>

#include <asio/use_future.hpp>

#include <future>
#include <iostream>
#include <semaphore>
#include <string>
#include <string_view>
#include <vector>

using namespace datadivr::v1;

int main(int argc, char** argv) try {
  std::string url = "ws://127.0.0.1:8765/ws";
  std::string to = "all";
  std::string text = "hello";
  int wait = 0;
  int node = -1;
  for (int i = 1; i + 1 < argc; i += 2) {
    const std::string_view key = argv[i];
    if (key == "--url") url = argv[i + 1];
    if (key == "--to") to = argv[i + 1];
    if (key == "--say") text = argv[i + 1];
    if (key == "--node") node = std::stoi(argv[i + 1]);
    if (key == "--wait") wait = std::stoi(argv[i + 1]);
  }
  const auto whom = DatadivrClient::MsgTarget::from(parley::parse_target(to).value());

  // Declared before the link, which runs handlers until it is destroyed.
  std::counting_semaphore heard{0};
  parley::client link{url, {.encoding = parley::encoding::plain, .answers_in_order = true}};
  DatadivrClient hub{link};
  hub.on_msg([&](const std::string& line, const parley::origin& from) {
    std::cout << from.id << ": " << line << std::endl;
    heard.release();
  });
  hub.on_client_overview([](const Overview& there) { std::cout << there.client_ids.size() << " are there" << std::endl; });

  link.connect();
  std::cout << "I am " << link.learn_id() << std::endl;

  // One after the other, and then three at the same time.
  std::cout << "391 + 29 = " << hub.sum({.numbers = {391, 29}}) << std::endl;
  std::vector<std::future<parley::result<double>>> sums;
  for (int n = 1; n <= 3; ++n) sums.push_back(hub.async_sum({.numbers = {n, "0.5", true}}, asio::use_future));
  for (auto& sum : sums) std::cout << "and " << sum.get().value() << std::endl;

  try {
    hub.sum({.numbers = {"many"}});
  } catch (const parley::call_failed& refused) {
    std::cout << "refused: " << refused.error().message << std::endl;  // the text of the server
  }
  if (node >= 0) std::cout << "node " << node << ": " << parley::value(hub.get_node_info({.index = node})) << std::endl;

  hub.msg(text, whom.value());
  for (int i = 0; i < wait; ++i) heard.acquire();
} catch (const parley::call_failed& failed) {
  std::cerr << "datadivr_client: " << failed.what() << '\n';
  return 1;
}
