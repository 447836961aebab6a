// What a server has counted, in the text format of Prometheus (version 0.0.4). Private to the server
// room.
//
// Names have base units, counters end with _total, and every label has a fixed set of values, so
// that a peer cannot make the text grow. docs/operations.md lists the names.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>

namespace parley {

class server_core;

inline constexpr std::string_view metrics_type = "text/plain; version=0.0.4; charset=utf-8";

// Writes one family after the other: its head, and then its values.
class metrics_writer {
 public:
  enum class kind : std::uint8_t { counter, gauge };

  void family(std::string_view name, kind, std::string_view help);
  // A value of the last family. `label` is empty, or has the value `of`.
  void value(double number, std::string_view label = {}, std::string_view of = {});
  void value(std::uint64_t number, std::string_view label = {}, std::string_view of = {});
  std::string take() { return std::move(out_); }

 private:
  void begin_value(std::string_view label, std::string_view of);

  std::string out_;
  std::string name_;
};

// Any thread.
std::string metrics_of(const server_core&);

}  // namespace parley
