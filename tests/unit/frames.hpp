// Functions with which tests write, read and print frames.
#pragma once

#include "parley/wire/wire.hpp"

#include <cstddef>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace frames {

std::string from_hex(std::string_view digits);  // ignores spaces
std::string to_hex(std::string_view bytes);

// A copy in a block of exactly its size, so that a sanitizer detects every read outside of it.
class exact {
 public:
  explicit exact(std::string_view content);
  parley::bytes_view bytes() const { return {memory_.get(), size_}; }

 private:
  std::unique_ptr<std::byte[]> memory_;
  std::size_t size_;
};

// Limits with all features agreed, so that their members can be read.
parley::wire::read_limits every_feature();

// The description of a frame: "kind=call method=3600357f id=7 counted". Absent members are omitted.
std::string describe(const parley::wire::envelope&);
std::string describe(const parley::wire::hello&);
std::string describe(const parley::wire::welcome&);
// The description of a fault: "bad_frame", "bad_frame re=7", "bad_payload re=\"a\"", "close 4001".
std::string describe(const parley::wire::fault&);

// Reads a frame and describes it or the fault.
std::string reading(const parley::wire::envelope_format&, std::string_view frame, parley::side reader,
                    const parley::wire::read_limits& = every_feature());

// The files of tests/vectors: records of "name: value" lines, separated by empty lines; '#' begins a comment.
struct record {
  std::string file;
  std::size_t line = 0;
  std::vector<std::pair<std::string, std::string>> members{};
  bool has(std::string_view name) const;
  const std::string& operator[](std::string_view name) const;  // fails the test if the member is missing
};
std::vector<record> read_records(const std::string& file);
std::string read_file(const std::string& file);

}  // namespace frames
