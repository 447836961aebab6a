// Protobuf as the judge: loads the schemas of this folder at run time, creates random messages, and
// converts them with its JSON in both directions.
//
// Dynamic messages, because protoc's C++ would have the names that our generated types have.
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

  // Protobuf's JSON of a message; the other way round nothing if Protobuf refuses the text.
  std::string to_json(const pb::Message&) const;
  std::unique_ptr<pb::Message> from_json(const std::string& full_name, std::string_view json, bool ignore_unknown = false) const;

 private:
  pb::compiler::DiskSourceTree tree_;
  std::unique_ptr<pb::compiler::Importer> importer_;
  mutable pb::DynamicMessageFactory factory_;
};

// The same bytes for the same content, NaN included.
std::string bytes_of(const pb::Message&);

// Fills a message of any type with values that JSON can carry: extremes, unknown enum numbers, awkward text.
class filler {
 public:
  // Tame: only floating point numbers that survive being printed with a few decimals, as flatc prints them.
  explicit filler(std::uint64_t seed, bool tame = false) : random_(seed), tame_(tame) {}
  // `depth`: of messages inside messages.
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
