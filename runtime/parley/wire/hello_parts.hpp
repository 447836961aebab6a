// Code shared by both forms of the greeting. Private to hello*.cpp.
#pragma once

#include "parley/wire/hello.hpp"

#include <array>
#include <string>
#include <string_view>

namespace parley::wire {

// In the order of their ids in the table Limits. The JSON names include quotes and colon.
struct limit_row {
  std::string_view name;
  std::string_view member;
  std::uint32_t limits::*value;
};
inline constexpr std::array limit_rows{
    limit_row{"max_message", "\"max_message\":", &limits::max_message},
    limit_row{"max_calls", "\"max_calls\":", &limits::max_calls},
    limit_row{"max_streams", "\"max_streams\":", &limits::max_streams},
    limit_row{"stream_window", "\"stream_window\":", &limits::stream_window},
    limit_row{"max_groups", "\"max_groups\":", &limits::max_groups},
    limit_row{"replay_bytes", "\"replay_bytes\":", &limits::replay_bytes},
    limit_row{"replay_frames", "\"replay_frames\":", &limits::replay_frames},
    limit_row{"resume_ms", "\"resume_ms\":", &limits::resume_ms},
    limit_row{"max_depth", "\"max_depth\":", &limits::max_depth},
    limit_row{"ack_bytes", "\"ack_bytes\":", &limits::ack_bytes},
    limit_row{"ack_frames", "\"ack_frames\":", &limits::ack_frames},
    limit_row{"ack_ms", "\"ack_ms\":", &limits::ack_ms},
};

// Words by number, starting at 1.
inline constexpr std::array<std::string_view, 4> outcome_words{"new", "exact", "partial", "fresh"};
inline constexpr std::array<std::string_view, 3> policy_words{"refuse", "degrade", "warn"};
inline constexpr std::array<std::string_view, 3> goaway_words{"restart", "shutdown", "overloaded"};

inline constexpr std::array<std::string_view, 8> feature_words{"resume", "streams", "groups", "server_calls",
                                                               "parts",  "gap",     "multi",  "idempotency"};
// The JSON reader maps an unknown name in `required` to this bit, which no revision defines.
inline constexpr std::uint64_t unknown_feature = std::uint64_t{1} << 63;

// Close codes for a refused greeting: 4002 for a hello, 4001 for a welcome.
inline constexpr std::uint16_t bad_hello = 4002;
inline constexpr std::uint16_t bad_welcome = 4001;
inline fault refused(std::uint16_t close, std::string text) { return {.code = errc::bad_frame, .text = std::move(text), .close = close}; }

// The checks that both forms share, after the fields have been read.
std::optional<fault> check_hello(const hello&);
std::optional<fault> check_welcome(const welcome&);

void write_hello_json(const hello&, std::string& out);
void write_hello_fbs(const hello&, std::string& out);
void write_welcome_json(const welcome&, std::string& out);
void write_welcome_fbs(const welcome&, std::string& out);
void write_auth_json(const auth&, std::string& out);
void write_auth_fbs(const auth&, std::string& out);
void write_goaway_json(const goaway&, std::string& out);
void write_goaway_fbs(const goaway&, std::string& out);
// `out` must be default constructed.
std::optional<fault> read_hello_json(std::string_view, hello& out);
std::optional<fault> read_hello_fbs(bytes_view, hello& out);
std::optional<fault> read_welcome_json(std::string_view, welcome& out);
std::optional<fault> read_welcome_fbs(bytes_view, welcome& out);
std::optional<fault> read_auth_json(std::string_view, auth& out);
std::optional<fault> read_auth_fbs(bytes_view, auth& out);
std::optional<fault> read_goaway_json(std::string_view, goaway& out);
std::optional<fault> read_goaway_fbs(bytes_view, goaway& out);

}  // namespace parley::wire
