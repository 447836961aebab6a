// Protobuf as the judge: loads the schemas of this folder at run time, creates random messages, and
// converts them with its JSON in both directions.
//
// It uses dynamic messages, because protoc's C++ classes would have the same names as Parley's
// generated types.
#pragma once

#include <google/protobuf/compiler/importer.h>
#include <google/protobuf/dynamic_message.h>

#include <cstdint>
#include <memory>
#include <optional>
#include <random>
#include <string>
#include <string_view>

namespace oracle {

namespace pb = google::protobuf;

class schema {
 public:
  schema();
  const pb::Descriptor& message(const std::string& full_name) const;
  std::unique_ptr<pb::Message> make(const std::string& full_name) const;

  // Converts a message to Protobuf's JSON. The opposite function returns nullptr if Protobuf
  // refuses the text.
  std::string to_json(const pb::Message&) const;
  std::unique_ptr<pb::Message> from_json(const std::string& full_name, std::string_view json, bool ignore_unknown = false) const;

 private:
  pb::compiler::DiskSourceTree tree_;
  std::unique_ptr<pb::compiler::Importer> importer_;
  mutable pb::DynamicMessageFactory factory_;
};

// Returns the same bytes for the same content, including NaN.
std::string bytes_of(const pb::Message&);

// Fills a message of any type with values that JSON can express: extremes, unknown enum numbers,
// awkward text.
class filler {
 public:
  // `tame`: only floating point numbers that stay the same when printed with a few decimals, as
  // flatc prints them.
  explicit filler(std::uint64_t seed, bool tame = false) : random_(seed), tame_(tame) {}
  // `depth` limits nested messages.
  void fill(pb::Message&, int depth);

 private:
  bool chance(unsigned percent) { return random_() % 100 < percent; }
  std::uint64_t number();
  double floating();
  std::string text();
  std::string path();
  bool fill_well_known(pb::Message&, int depth);
  void fill_value(pb::Message&, int depth);
  void fill_one(pb::Message&, const pb::FieldDescriptor&, int depth);
  void set(pb::Message&, const pb::FieldDescriptor&, bool add, int depth);

  std::mt19937_64 random_;
  bool tame_;
};

}  // namespace oracle
