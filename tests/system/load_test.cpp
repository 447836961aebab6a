// Many clients at once, in every encoding. Between any two of them no event is lost, doubled or
// reordered, and the memory does not grow.
#include "system/world.hpp"

#include <asio/executor_work_guard.hpp>
#include <asio/io_context.hpp>

#include <sys/resource.h>

#include <unistd.h>
#include <atomic>
#include <cstdio>
#include <thread>
#include <unordered_map>

namespace talk::v1 {
namespace {

// AddressSanitizer keeps up to 256 MiB of released memory, so memory is not measured with it.
#if defined(__SANITIZE_ADDRESS__)
constexpr bool memory_can_be_judged = false;
#elif defined(__has_feature)
constexpr bool memory_can_be_judged = !__has_feature(address_sanitizer) && !__has_feature(thread_sanitizer);
#else
constexpr bool memory_can_be_judged = true;
#endif

std::size_t resident_bytes() {
  std::size_t total = 0, resident = 0;
  if (std::FILE* f = std::fopen("/proc/self/statm", "r")) {
    if (std::fscanf(f, "%zu %zu", &total, &resident) != 2) resident = 0;
    std::fclose(f);
  }
  return resident * static_cast<std::size_t>(::sysconf(_SC_PAGESIZE));
}

// One client. It sends numbered lines to all, makes calls in between, and checks the lines that it
// receives from every other client.
struct talker {
  talker(asio::any_io_executor on, world& w, parley::encoding encoding, bool is_speaker)
      : link(on, w.url(), w.client_options(encoding)), talk(link), speaks(is_speaker) {
    talk.on_whisper([this](const Line& line, const parley::origin& from) {
      auto& next = expected[from.id];
      if (line.number != next) ++out_of_order;
      next = line.number + 1;
      ++heard;
    });
    link.on_disconnected([this](const parley::error&) { ++lost; });
  }
  parley::client link;
  TalkClient talk;
  bool speaks;
  std::uint64_t said = 0;
  std::uint64_t heard = 0;
  std::uint64_t answered = 0;
  std::uint64_t failed = 0;
  std::uint64_t out_of_order = 0;
  int lost = 0;
  std::unordered_map<std::string, std::uint64_t> expected;
};

class Load : public testing::TestWithParam<carrier> {};

INSTANTIATE_TEST_SUITE_P(Over, Load, testing::Values(carrier::websocket, carrier::threads),
                         [](const auto& chosen) { return chosen.param == carrier::threads ? "three_loops" : "one_loop"; });

TEST_P(Load, Five_hundred_clients_of_every_encoding_for_ten_seconds) {
  constexpr std::size_t clients = 500;
  constexpr std::size_t speakers = 10;
  rlimit files{};
  ::getrlimit(RLIMIT_NOFILE, &files);
  files.rlim_cur = files.rlim_max;
  ::setrlimit(RLIMIT_NOFILE, &files);

  world w({GetParam(), parley::encoding::binary});
  w.start();
  asio::io_context loop;
  std::vector<std::unique_ptr<talker>> all;
  constexpr parley::encoding encodings[] = {parley::encoding::binary, parley::encoding::json, parley::encoding::plain};
  std::size_t connected = 0;
  for (std::size_t i = 0; i < clients; ++i) {
    all.push_back(std::make_unique<talker>(loop.get_executor(), w, encodings[i % 3], i < speakers));
    all.back()->link.async_connect([&](parley::result<> r) { connected += r.has_value(); });
  }
  while (connected < clients) loop.run_one();

  // Each client sends its next line after its last call was answered, so the load adapts to the
  // machine.
  bool over = false;
  std::uint64_t total_said = 0;
  std::function<void(talker&)> turn = [&](talker& t) {
    if (over) return;
    if (t.talk.whisper({.text = "a line of an ordinary length, said to everybody", .number = t.said}, parley::to::all) ==
        parley::sent::queued) {
      ++t.said;
      ++total_said;
    }
    t.talk.async_echo("still there?", [&](parley::result<std::string> r) {
      if (r && *r == "still there?") ++t.answered;
      else ++t.failed;
      turn(t);
    });
  };
  for (auto& t : all)
    if (t->speaks) turn(*t);

  const auto start = std::chrono::steady_clock::now();
  std::size_t early = 0;
  while (std::chrono::steady_clock::now() - start < 10s) {
    loop.run_one();
    if (early == 0 && std::chrono::steady_clock::now() - start > 4s) early = resident_bytes();
  }
  const std::size_t late = resident_bytes();
  over = true;

  // Every client receives every line, including its own.
  const auto everything_heard = [&] {
    for (auto& t : all)
      if (t->heard < total_said && t->lost == 0) return false;
    return true;
  };
  while (!everything_heard()) loop.run_one();

  std::uint64_t answered = 0, deliveries = 0;
  for (auto& t : all) {
    EXPECT_EQ(t->heard, total_said);
    EXPECT_EQ(t->out_of_order, 0u);
    EXPECT_EQ(t->failed, 0u);
    EXPECT_EQ(t->lost, 0);
    answered += t->answered;
    deliveries += t->heard;
  }
  EXPECT_GT(total_said, 100u);
  if (memory_can_be_judged) { EXPECT_LT(late, early + 24 * 1024 * 1024) << "memory grew from " << early << " to " << late; }
  std::cout << total_said << " lines said, " << deliveries << " heard, " << answered << " calls answered; resident " << early / 1024 / 1024
            << " MiB after 4 s, " << late / 1024 / 1024 << " MiB after 10 s\n";
  w.server->stop();
  all.clear();
  loop.run();
}

}  // namespace
}  // namespace talk::v1
