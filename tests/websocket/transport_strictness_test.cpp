// RFC 6455 point by point in both roles: the cases of Autobahn's test suite for servers and
// clients, with the strict outcome. The end under test echoes. Every conversation runs three times:
// at once, frame by frame, and byte by byte.
#include "transport_bytes_server.hpp"
#include "transport_support.hpp"

#include <gmock/gmock.h>

#include <optional>
#include <ostream>
#include <string>
#include <string_view>
#include <vector>

namespace parley::transport::testing {
namespace {

using namespace std::string_literals;
using ::testing::ElementsAre;

enum class role { server, client };
enum class pace { at_once, by_frame, by_byte };
constexpr pace paces[] = {pace::at_once, pace::by_frame, pace::by_byte};
constexpr std::size_t largest = 1024 * 1024;

struct piece {
  unsigned first;  // the first byte of the head
  std::string payload;
  bool operator==(const piece&) const = default;
};
std::ostream& operator<<(std::ostream& out, const piece& one) {
  return out << std::hex << one.first << std::dec << ':' << one.payload.substr(0, 40) << '(' << one.payload.size() << ')';
}
using pieces = std::vector<piece>;

std::string code(unsigned number) { return {static_cast<char>(number >> 8), static_cast<char>(number)}; }
piece closing(unsigned number, std::string_view why = {}) { return {0x88, code(number).append(why)}; }

// The other end of the tested end. Each conversation has a new one.
struct opposite {
  explicit opposite(role tested) : server_is_tested(tested == role::server) {
    if (server_is_tested) {
      listen_options options;
      options.limits.max_message = largest;
      server.emplace(io, options);
      server->prepare = [](recorder& one) { echo(one); };
      as_client.emplace(io, server->door->port());
      as_client->upgrade();
      EXPECT_TRUE(run_until(io, [&] { return !server->ends.empty() && server->ends[0]->opened == 1; }));
      end = server->ends.at(0);
    } else {
      end = std::make_shared<recorder>();
      echo(*end);
      as_server.emplace(io);
      as_server->take(end, {}, {.max_message = largest});
    }
  }
  static void echo(recorder& one) {
    one.when_message = [&one](const recorder::message& m) { one.send(m.content, m.kind); };
  }

  std::string bytes(const piece& one) const { return frame(one.first, one.payload, server_is_tested); }
  void write(std::string_view some) {
    do {
      const std::string_view part = some.substr(0, 16 * 1024);  // fits into a socket without waiting
      some.remove_prefix(part.size());
      if (server_is_tested) as_client->write(part);
      else as_server->write(part);
      settle(io);
    } while (!some.empty());
  }
  void say(const pieces& all, pace how) {
    std::string together;
    for (const piece& one : all) {
      if (how == pace::at_once) {
        together += bytes(one);
      } else if (how == pace::by_frame) {
        write(bytes(one));
      } else {
        for (const char byte : bytes(one)) write({&byte, 1});
      }
    }
    write(together);
  }

  const std::string& received() const { return server_is_tested ? as_client->received : as_server->received; }
  std::error_code ended() const { return server_is_tested ? as_client->ended : as_server->ended; }

  // Whole frames of the tested end. A wrong mask fails the test. For a close frame after a
  // violation, the code without the text.
  pieces heard() const {
    pieces all;
    std::string_view rest = received();
    while (rest.size() >= 2) {
      const auto byte = [&](std::size_t at) { return static_cast<unsigned char>(rest[at]); };
      const bool masked = (byte(1) & 0x80) != 0;
      EXPECT_EQ(masked, !server_is_tested);
      std::size_t size = byte(1) & 0x7F, head = 2;
      if (size > 125) {
        const std::size_t more = size == 126 ? 2 : 8;
        if (rest.size() < head + more) break;
        size = 0;
        for (; head < 2 + more; ++head) size = size << 8 | byte(head);
      }
      if (masked) head += 4;
      if (rest.size() < head + size) break;
      piece one{byte(0), std::string(rest.substr(head, size))};
      for (std::size_t i = 0; masked && i < size; ++i) one.payload[i] = static_cast<char>(one.payload[i] ^ rest[head - 4 + i % 4]);
      all.push_back(std::move(one));
      rest.remove_prefix(head + size);
    }
    return all;
  }
  template <class Done>
  void read_until(Done done) {
    if (server_is_tested) as_client->read_until([&](std::string_view) { return done(); });
    else ASSERT_TRUE(run_until(io, [&] { return as_server->ended || done(); }));
  }
  bool has_heard_close() const {
    const pieces all = heard();
    return !all.empty() && all.back().first == 0x88;
  }

  // All frames of the tested end until it has closed, and the close that it reports.
  pieces to_the_end() {
    read_until([] { return false; });
    EXPECT_EQ(ended(), asio::error::eof);
    return over();
  }
  // The same after a close frame of this end. A server then ends the stream, and a client leaves
  // that to the server (section 7.1.1).
  pieces to_its_answer() {
    if (server_is_tested) return to_the_end();
    read_until([this] { return has_heard_close(); });
    settle(io);
    EXPECT_FALSE(ended());
    return over();
  }
  pieces over() {
    if (server_is_tested) as_client->socket.close();
    else as_server->socket.close();
    EXPECT_TRUE(run_until(io, [&] { return end->closed == 1; }));
    return heard();
  }

  asio::io_context io;
  const bool server_is_tested;
  std::optional<served> server;
  std::optional<raw_client> as_client;
  std::optional<bytes_server> as_server;
  std::shared_ptr<recorder> end;
};

struct strictness : ::testing::TestWithParam<role> {
  // The given frames are answered with the expected frames, and the connection lives until it is
  // closed.
  static void answered(const pieces& says, pieces hears) {
    for (const pace how : paces) {
      SCOPED_TRACE(::testing::PrintToString(says) + " at pace " + std::to_string(static_cast<int>(how)));
      opposite other(GetParam());
      pieces all = says;
      all.push_back({0x89, "still there?"});
      all.push_back(closing(1000));
      other.say(all, how);
      pieces expected = hears;
      expected.push_back({0x8A, "still there?"});
      expected.push_back(closing(1000));
      EXPECT_EQ(other.to_its_answer(), expected);
      EXPECT_EQ(other.end->why.code, 1000);
      EXPECT_EQ(other.end->how.code, errc::disconnected);
    }
  }
  // The given frames end the connection with the code `with`, after the expected answers. Nothing
  // is read afterwards.
  static void fails(const pieces& says, unsigned with, const pieces& hears = {}) {
    for (const pace how : paces) {
      SCOPED_TRACE(::testing::PrintToString(says) + " at pace " + std::to_string(static_cast<int>(how)));
      opposite other(GetParam());
      other.say(says, how);
      failed(other, with, hears);
    }
  }
  static void failed(opposite& other, unsigned with, const pieces& hears = {}) {
    pieces got = other.to_the_end();
    ASSERT_FALSE(got.empty());
    EXPECT_EQ(got.back().first, 0x88u);
    EXPECT_EQ(got.back().payload.substr(0, 2), code(with));
    got.pop_back();
    EXPECT_EQ(got, hears);
    EXPECT_EQ(other.end->why.code, with);
    EXPECT_EQ(other.end->how.code, with == 1009 ? errc::too_large : errc::bad_frame);
    EXPECT_FALSE(other.end->how.from_peer);
  }
};

INSTANTIATE_TEST_SUITE_P(Of, strictness, ::testing::Values(role::server, role::client),
                         [](const auto& one) { return one.param == role::server ? "server" : "client"; });

// ---- Framing.

TEST_P(strictness, Messages_of_every_form_of_length_come_back) {
  for (const unsigned first : {0x81u, 0x82u}) {
    const std::string byte = first == 0x81 ? "*" : "\xFE";
    for (const std::size_t size : {0u, 1u, 125u, 126u, 127u, 128u, 300u}) {
      std::string content;
      while (content.size() < size) content += byte;
      answered({{first, content}}, {{first, content}});
    }
    for (const std::size_t size : {65535u, 65536u}) {
      opposite other(GetParam());
      const std::string content(size, byte[0]);
      const std::string all = other.bytes({first, content}) + other.bytes(closing(1000));
      for (std::size_t at = 0; at < all.size(); at += 997) other.write(std::string_view(all).substr(at, 997));
      EXPECT_EQ(other.to_its_answer(), (pieces{{first, content}, closing(1000)}));
    }
  }
}

TEST_P(strictness, Pings_are_answered_with_what_they_hold_and_pongs_are_passed_over) {
  answered({{0x89, ""}}, {{0x8A, ""}});
  answered({{0x89, "Hello, world!"}}, {{0x8A, "Hello, world!"}});
  answered({{0x89, "\x00\xFF\xFE\xFD\x00"s}}, {{0x8A, "\x00\xFF\xFE\xFD\x00"s}});
  answered({{0x89, std::string(125, '\xFE')}}, {{0x8A, std::string(125, '\xFE')}});
  answered({{0x8A, ""}, {0x8A, "unasked"}}, {});
  answered({{0x8A, "unasked"}, {0x89, "asked"}}, {{0x8A, "asked"}});
  pieces pings, pongs;
  for (int i = 0; i < 10; ++i) {
    pings.push_back({0x89, "payload " + std::to_string(i)});
    pongs.push_back({0x8A, "payload " + std::to_string(i)});
  }
  answered(pings, pongs);
  fails({{0x89, std::string(126, 'x')}}, 1002);
  fails({{0x8A, std::string(126, 'x')}}, 1002);
}

TEST_P(strictness, Reserved_bits_fail_the_connection_behind_what_was_whole) {
  for (const unsigned bits : {0x10u, 0x20u, 0x30u, 0x40u, 0x50u, 0x60u, 0x70u})
    for (const unsigned first : {0x81u, 0x82u, 0x89u, 0x8Au, 0x88u}) {
      const piece bad = first == 0x88 ? closing(1000) : piece{first, "bad"};
      fails({{0x81, "good"}, {first | bits, bad.payload}, {0x89, "late"}}, 1002, {{0x81, "good"}});
    }
  fails({{0x01, "good"}, {0xC0, "bad"}}, 1002);
}

TEST_P(strictness, Reserved_opcodes_fail_the_connection_behind_what_was_whole) {
  for (const unsigned opcode : {3u, 4u, 5u, 6u, 7u, 11u, 12u, 13u, 14u, 15u})
    for (const std::string payload : {"", "payload"})
      fails({{0x81, "good"}, {0x80 | opcode, payload}, {0x89, "late"}}, 1002, {{0x81, "good"}});
  fails({{0x03, "a part"}}, 1002);
}

TEST_P(strictness, Lengths_are_in_their_shortest_form_and_of_63_bits) {
  const bool masked = GetParam() == role::server;
  const auto head = [&](std::string_view length) {
    std::string out = "\x81"s;
    out += static_cast<char>((masked ? 0x80 : 0) | (length.size() == 2 ? 126 : 127));
    return out.append(length).append(masked ? "\0\0\0\0"s : "");
  };
  for (const std::string& length : {"\0\x05"s, "\0\x7D"s, "\0\0\0\0\0\0\0\x05"s, "\0\0\0\0\0\0\xFF\xFF"s}) {
    opposite other(GetParam());
    other.write(head(length) + "hello");
    failed(other, 1002);
  }
  for (const std::string& length : {"\x7F\xFF\xFF\xFF\xFF\xFF\xFF\xFF"s, "\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF"s, "\x80\0\0\0\0\0\0\0"s}) {
    opposite other(GetParam());
    other.write(head(length));
    failed(other, 1009);
  }
}

TEST_P(strictness, The_wrong_mask_fails_the_connection_whatever_the_frame) {
  for (const unsigned first : {0x81u, 0x82u, 0x89u, 0x8Au, 0x88u, 0x01u}) {
    opposite other(GetParam());
    other.write(other.bytes({0x81, "good"}) + frame(first, first == 0x88 ? code(1000) : "bad", GetParam() == role::client));
    failed(other, 1002, {{0x81, "good"}});
  }
}

// ---- Fragments.

TEST_P(strictness, Fragments_are_one_message_and_control_frames_come_between) {
  answered({{0x01, "frag"}, {0x80, "ment"}}, {{0x81, "fragment"}});
  answered({{0x02, "\xFF"}, {0x80, "\xFE"}}, {{0x82, "\xFF\xFE"}});
  answered({{0x01, ""}, {0x00, ""}, {0x80, ""}}, {{0x81, ""}});
  answered({{0x01, ""}, {0x00, "middle"}, {0x80, ""}}, {{0x81, "middle"}});
  answered({{0x01, "one"}, {0x89, "ping"}, {0x80, "two"}}, {{0x8A, "ping"}, {0x81, "onetwo"}});
  answered({{0x01, "1"}, {0x00, "2"}, {0x89, "ping"}, {0x00, "3"}, {0x00, "4"}, {0x8A, ""}, {0x89, "pong"}, {0x80, "5"}},
           {{0x8A, "ping"}, {0x8A, "pong"}, {0x81, "12345"}});
  pieces bytes;
  std::string all;
  for (char c = 'a'; c <= 'z'; ++c) {
    bytes.push_back({c == 'a' ? 0x01u : c == 'z' ? 0x80u : 0x00u, std::string(1, c)});
    all += c;
  }
  answered(bytes, {{0x81, all}});
}

TEST_P(strictness, Fragments_out_of_their_order_fail_the_connection) {
  fails({{0x09, "ping"}, {0x80, "fragment"}}, 1002);
  fails({{0x0A, "pong"}, {0x80, "fragment"}}, 1002);
  fails({{0x08, code(1000)}}, 1002);
  for (const unsigned last : {0x80u, 0x00u}) {
    fails({{last, "continues nothing"}, {0x81, "late"}}, 1002);
    fails({{0x01, "one"}, {0x80, "two"}, {last, "continues nothing"}, {0x81, "late"}}, 1002, {{0x81, "onetwo"}});
    fails({{last, "one"}, {0x01, "two"}, {0x80, "three"}, {last, "one"}, {0x01, "two"}, {0x80, "three"}}, 1002);
  }
  for (const unsigned second : {0x01u, 0x02u, 0x81u, 0x82u}) fails({{0x01, "one"}, {second, "another message"}, {0x80, "late"}}, 1002);
}

// ---- Text.

pieces in_single_bytes(const std::string& text) {
  pieces cut{{0x01, ""}};
  for (const char byte : text) cut.push_back({0x00, std::string(1, byte)});
  cut.push_back({0x80, ""});
  return cut;
}

TEST_P(strictness, Text_is_any_UTF_8_however_it_is_cut) {
  const std::string valid[] = {
      "Hello-\xC2\xB5@\xC3\x9F\xC3\xB6\xC3\xA4\xC3\xBC\xC3\xA0\xC3\xA1-UTF-8!!",
      "\xCE\xBA\xE1\xBD\xB9\xCF\x83\xCE\xBC\xCE\xB5",
      "\0"s + "\x7F",                          // the first and the last character of one byte,
      "\xC2\x80\xDF\xBF",                      // two,
      "\xE0\xA0\x80\xEF\xBF\xBF",              // three,
      "\xF0\x90\x80\x80\xF4\x8F\xBF\xBF",      // and four
      "\xED\x9F\xBF\xEE\x80\x80\xEF\xBF\xBD",  // next to the surrogates; the replacement character
      // Code points that are not characters, but are valid UTF-8.
      "\xEF\xB7\x90\xEF\xBF\xBE\xF0\x9F\xBF\xBE\xF0\x9F\xBF\xBF\xF1\xAF\xBF\xBE\xF4\x8F\xBF\xBE",
  };
  for (const std::string& text : valid) {
    answered({{0x81, text}}, {{0x81, text}});
    answered(in_single_bytes(text), {{0x81, text}});
  }
}

const std::string invalid[] = {
    "\xCE\xBA\xE1\xBD\xB9\xCF\x83\xCE\xBC\xCE\xB5\xED\xA0\x80"
    "edited",
    "\x80",
    "\xBF",
    "\x80\xBF",
    "\x80\xBF\x80\xBF\x80\xBF",  // continuation bytes without a beginning
    "\xF8\x88\x80\x80\x80",
    "\xFC\x84\x80\x80\x80\x80",
    "\xFE",
    "\xFF",
    "\xFE\xFE\xFF\xFF",  // bytes that never occur
    "\xF4\x90\x80\x80",
    "\xF7\xBF\xBF\xBF",
    "\xFB\xBF\xBF\xBF\xBF",
    "\xFD\xBF\xBF\xBF\xBF\xBF",  // above U+10FFFF
    "\xC3",
    "\xE2\x82",
    "\xE2",
    "\xF0\x9F\x98",
    "\xF0\x9F",
    "\xF0",
    "\xC3\xE2\x82\xF0\x9F\x98",  // incomplete
    "\xC3 ",
    "\xE2\x82 ",
    "\xF0\x9F\x98 ",  // incomplete, followed by a space
    "\xC0\xAF",
    "\xE0\x80\xAF",
    "\xF0\x80\x80\xAF",
    "\xF8\x80\x80\x80\xAF",  // not the shortest form
    "\xC1\xBF",
    "\xE0\x9F\xBF",
    "\xF0\x8F\xBF\xBF",
    "\xC0\x80",
    "\xE0\x80\x80",
    "\xF0\x80\x80\x80",  // the longest of these forms, and NUL
    "\xED\xA0\x80",
    "\xED\xAD\xBF",
    "\xED\xAE\x80",
    "\xED\xAF\xBF",
    "\xED\xB0\x80",
    "\xED\xBF\xBF",  // surrogates,
    "\xED\xA0\x80\xED\xB0\x80",
    "\xED\xAF\xBF\xED\xBF\xBF",  // also in pairs
};

TEST_P(strictness, Text_that_is_not_UTF_8_fails_the_connection_behind_what_was_whole) {
  for (const std::string& text : invalid) fails({{0x81, "good"}, {0x81, text}, {0x89, "late"}}, 1007, {{0x81, "good"}});
}

TEST_P(strictness, Text_that_is_not_UTF_8_fails_the_connection_though_it_is_cut_between_all_bytes) {
  for (const std::string& text : invalid) fails(in_single_bytes(text), 1007);
}

TEST_P(strictness, Bytes_that_are_not_UTF_8_are_no_text_and_come_back) {
  for (const std::string& bytes : invalid) answered({{0x82, bytes}}, {{0x82, bytes}});
}

// The error is reported as soon as the text can no longer become valid. The rest of the frame or
// message is not awaited.
TEST_P(strictness, Text_that_cannot_become_UTF_8_fails_at_once) {
  const std::string good = "\xCE\xBA\xE1\xBD\xB9\xCF\x83\xCE\xBC\xCE\xB5";
  for (const std::string bad : {"\xF4\x90", "\xED\xA0", "\xE0\x9F", "\xF0\x8F", "\xC0", "\xF5", "\xFF", "\xC3\xC3", "\xE2\x82\x41"}) {
    SCOPED_TRACE(::testing::PrintToString(bad));
    const std::string before = good + bad.substr(0, bad.size() - 1), last = bad.substr(bad.size() - 1);
    {
      opposite other(GetParam());  // in fragments
      other.say({{0x01, before}, {0x89, ""}, {0x00, last}}, pace::by_frame);
      failed(other, 1007, {{0x8A, ""}});
    }
    for (const std::size_t size : {100u, 1000u, 70'000u}) {  // in one frame without an end
      opposite other(GetParam());
      const std::string whole = other.bytes({0x81, before + last + std::string(size, 'x')});
      const std::size_t upto = whole.size() - size;
      other.write(std::string_view(whole).substr(0, upto - 1));
      EXPECT_EQ(other.end->closed, 0);
      other.write(std::string_view(whole).substr(upto - 1, 1));
      failed(other, 1007);
    }
    {
      opposite other(GetParam());  // in the second fragment, which has no end
      const std::string whole = other.bytes({0x00, last + std::string(100, 'x')});
      other.write(other.bytes({0x01, before}) + whole.substr(0, whole.size() - 100));
      failed(other, 1007);
    }
  }
}

// ---- The close.

TEST_P(strictness, A_close_is_answered_with_its_code_and_words) {
  for (const unsigned number :
       {1000u, 1001u, 1002u, 1003u, 1007u, 1008u, 1009u, 1010u, 1011u, 1012u, 1013u, 1014u, 3000u, 3999u, 4000u, 4999u})
    for (const std::string& why : {""s, "Hello World!"s, std::string(123, '*'), "\xC3\xBC"s})
      for (const pace how : paces) {
        opposite other(GetParam());
        other.say({{0x81, "before"}, closing(number, why), {0x81, "late"}, {0x89, "late"}, closing(4000)}, how);
        EXPECT_EQ(other.to_its_answer(), (pieces{{0x81, "before"}, closing(number, why)}));
        EXPECT_EQ(other.end->why.code, number);
        EXPECT_EQ(other.end->why.text, why);
        EXPECT_TRUE(other.end->how.from_peer);
      }
}

TEST_P(strictness, A_close_without_a_code_is_answered_with_1000) {
  opposite other(GetParam());
  other.say({{0x88, ""}}, pace::by_byte);
  EXPECT_EQ(other.to_its_answer(), pieces{closing(1000)});
  EXPECT_EQ(other.end->why.code, 1005);
}

TEST_P(strictness, A_close_amid_fragments_ends_the_message_unheard) {
  for (const pace how : paces) {
    opposite other(GetParam());
    other.say({{0x01, "begun"}, closing(1000), {0x80, "ended"}}, how);
    EXPECT_EQ(other.to_its_answer(), pieces{closing(1000)});
    EXPECT_EQ(other.end->messages.size(), 0u);
  }
}

TEST_P(strictness, A_close_that_must_not_be_sent_is_1002) {
  for (const unsigned number : {0u, 1u, 999u, 1004u, 1005u, 1006u, 1015u, 1016u, 1100u, 2000u, 2999u, 5000u, 65535u})
    for (const std::string& why : {""s, "why"s}) fails({{0x81, "before"}, closing(number, why), {0x81, "late"}}, 1002, {{0x81, "before"}});
  fails({{0x88, "\x03"}}, 1002);
  fails({closing(1000, std::string(124, '*'))}, 1002);
  for (const std::string why : {"\xFF", "ab\xC3", "\xED\xA0\x80", "\xC0\xAF", "\xCE\xBA\xF4\x90\x80\x80"})
    fails({closing(1000, why)}, 1002);
}

// ---- Limits.

TEST_P(strictness, The_largest_message_comes_back_and_one_byte_more_is_1009) {
  const std::string content(largest, '\xC2'), more = "x";
  {
    opposite other(GetParam());
    other.say({{0x82, content}, closing(1000)}, pace::by_frame);
    EXPECT_TRUE(other.to_its_answer() == (pieces{{0x82, content}, closing(1000)}));
  }
  for (const pieces& all :
       {pieces{{0x82, content + more}}, pieces{{0x02, content}, {0x80, more}}, pieces{{0x02, content}, {0x00, ""}, {0x00, more}}}) {
    opposite other(GetParam());
    other.say(all, pace::by_frame);
    failed(other, 1009);
  }
}

TEST_P(strictness, Thousands_of_fragments_are_one_message) {
  std::string content, said;
  opposite other(GetParam());
  for (int i = 0; i < 4096; ++i) {
    const std::string part(64, static_cast<char>('a' + i % 26));
    said += other.bytes({i == 0 ? 0x01u : 0x00u, part});
    content += part;
  }
  other.write(said + other.bytes({0x80, ""}) + other.bytes(closing(1000)));
  EXPECT_TRUE(other.to_its_answer() == (pieces{{0x81, content}, closing(1000)}));
}

}  // namespace
}  // namespace parley::transport::testing
