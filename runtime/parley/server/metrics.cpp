#include "parley/server/metrics.hpp"

#include "parley/server/server_core.hpp"
#include "parley/transport/tls/context.hpp"
#include "parley/version.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <chrono>
#include <optional>
#include <type_traits>
#include <utility>

namespace parley {
namespace {

using kind = metrics_writer::kind;

// In the order of `spoken`. All dialects have one value.
constexpr std::array<std::string_view, 5> formats{"binary", "json", "plain", "binary", "json"};
constexpr std::string_view any_dialect = "dialect";

std::string_view format_of(std::size_t spoken) { return spoken < formats.size() ? formats[spoken] : any_dialect; }

}  // namespace

void metrics_writer::family(std::string_view name, kind what, std::string_view help) {
  name_ = name;
  ((((out_ += "# HELP ") += name) += ' ') += help) += '\n';
  ((((out_ += "# TYPE ") += name) += ' ') += what == kind::counter ? "counter" : "gauge") += '\n';
}

void metrics_writer::begin_value(std::string_view label, std::string_view of) {
  out_ += name_;
  if (!label.empty()) ((((out_ += '{') += label) += "=\"") += of) += "\"}";
  out_ += ' ';
}

void metrics_writer::value(std::uint64_t number, std::string_view label, std::string_view of) {
  begin_value(label, of);
  (out_ += std::to_string(number)) += '\n';
}

void metrics_writer::value(double number, std::string_view label, std::string_view of) {
  begin_value(label, of);
  std::array<char, 32> room{};
  const auto end = std::to_chars(room.data(), room.data() + room.size(), number).ptr;
  out_.append(room.data(), end) += '\n';
}

std::string metrics_of(const server_core& server) {
  metrics_writer to;
  const server_counters now = server.counters();
  const auto one = [&](std::string_view name, kind what, std::string_view help, std::uint64_t number) {
    to.family(name, what, help);
    to.value(number);
  };
  // Adds up a counter of the loops.
  const auto sum = [&](auto counter) {
    std::uint64_t all = 0;
    for (const auto& loop : server.loops()) all += counter(loop->counts());
    return all;
  };

  to.family("parley_build_info", kind::gauge, "The version of Parley.");
  to.value(std::uint64_t{1}, "version", version);
  one("parley_ready", kind::gauge, "1 if /readyz answers 200.", server.pages().ready() ? 1 : 0);

  to.family("parley_connections", kind::gauge, "Open clients, by what they speak.");
  for (const std::string_view format : {std::string_view("binary"), std::string_view("json"), std::string_view("plain"), any_dialect}) {
    to.value(sum([&](const loop_counts& counts) {
               std::uint64_t all = 0;
               for (std::size_t i = 0; i < counts.population.size(); ++i)
                 if (format_of(i) == format) all += counts.population[i];
               return all;
             }),
             "format", format);
  }
  one("parley_connections_opened_total", kind::counter, "Clients that have connected.", now.accepted);
  // One value for each number that is listed, and one for all others.
  const auto each = [&](std::string_view label, auto counter) {
    using counted = std::remove_cvref_t<decltype(counter(std::declval<const loop_counts&>()))>;
    for (std::size_t i = 0; i <= counted::listed.size(); ++i)
      to.value(sum([&](const loop_counts& counts) { return counter(counts).at(i); }), label, counted::text(i));
  };
  to.family("parley_connections_closed_total", kind::counter, "Clients that have disconnected, by close code.");
  each("code", [](const loop_counts& counts) -> auto& { return counts.closed; });
  to.family("parley_handshake_rejected_total", kind::counter, "Clients refused before the upgrade, by HTTP status. 0: without an answer.");
  each("status", [](const loop_counts& counts) -> auto& { return counts.refusals; });
  to.family("parley_pages_total", kind::counter, "Answers to requests for pages, by HTTP status.");
  each("status", [](const loop_counts& counts) -> auto& { return counts.pages; });

  to.family("parley_server_started_total", kind::counter, "Calls of clients that were received.");
  to.value(now.calls, "type", "unary");
  to.family("parley_server_msg_received_total", kind::counter, "Events of clients that were received.");
  to.value(now.events, "type", "event");
  to.family("parley_server_msg_sent_total", kind::counter, "Events that were handed to a receiver.");
  to.value(now.deliveries, "type", "event");
  one("parley_frames_refused_total", kind::counter, "Frames that were answered with an error.", now.refused);
  to.family("parley_dropped_total", kind::counter, "Deliveries that were skipped.");
  to.value(now.left_out, "reason", "left_out");
  one("parley_send_queue_bytes", kind::gauge, "Bytes that wait for clients.", now.queued);
  to.family("parley_limited_total", kind::counter, "How often a limit was reached, by its name in limit_options.");
  for (std::size_t i = 0; i < limit_names.size(); ++i) to.value(server.limited().of(static_cast<limit>(i)), "limit", limit_names[i]);
  one("parley_accept_failures_total", kind::counter, "How often the system had no descriptor or memory for a client.", now.accept_failures);

  to.family("parley_auth_total", kind::counter, "Outcomes of auth_options::check.");
  to.value(now.auth_accepted, "result", "accepted");
  to.value(now.auth_refused, "result", "refused");
  to.value(now.auth_broken, "result", "broken");

  const auto& ports = server.ports().all();
  std::optional<std::chrono::system_clock::time_point> expires;
  for (const entrance& at : ports)
    if (at.tls) expires = std::min(expires.value_or(at.tls->expires()), at.tls->expires());
  if (!expires) return to.take();
  to.family("parley_tls_handshakes_total", kind::counter, "Clients that sent a request over TLS, by whether a ticket was used.");
  to.value(sum([](const loop_counts& counts) { return std::uint64_t(counts.tls_full); }), "resumed", "false");
  to.value(sum([](const loop_counts& counts) { return std::uint64_t(counts.tls_resumed); }), "resumed", "true");
  one("parley_tls_failures_total", kind::counter, "TLS handshakes that failed or were too slow.",
      sum([](const loop_counts& counts) { return counts.refusals.of(0); }));
  to.family("parley_certificate_expires_seconds", kind::gauge, "When the first certificate expires, in seconds since 1970.");
  to.value(std::chrono::duration<double>(expires->time_since_epoch()).count());
  return to.take();
}

}  // namespace parley
