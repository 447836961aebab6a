// Parley's bytes, compared with flatc's reading and writing of the generated schemas, and with
// flatc's verifier.
#include "codecs.hpp"
#include "oracle.hpp"

#include <flatbuffers/idl.h>
#include <flatbuffers/reflection.h>
#include <gtest/gtest.h>

#include <fstream>
#include <sstream>
#include <string>

namespace {

std::string file(const std::string& path) {
  std::ifstream in(path);
  std::ostringstream text;
  text << in.rdbuf();
  return text.str();
}

// The generated schema as flatc reads it.
class flatc {
 public:
  flatc() {
    flatbuffers::IDLOptions options;
    options.output_default_scalars_in_json = false;
    options.strict_json = true;
    options.require_explicit_ids = true;
    parser_ = std::make_unique<flatbuffers::Parser>(options);
    const char* folders[] = {PARLEY_GENERATED, PARLEY_SCHEMAS, nullptr};
    const std::string path = std::string(PARLEY_GENERATED) + "/all_types.fbs";
    loaded_ = parser_->Parse(file(path).c_str(), folders, path.c_str());
    parser_->Serialize();
    binary_schema_.assign(reinterpret_cast<const char*>(parser_->builder_.GetBufferPointer()), parser_->builder_.GetSize());
  }
  bool loaded() const { return loaded_; }
  std::string error() const { return parser_->error_; }

  bool verifies(const std::string& table, const std::string& bytes) {
    const reflection::Schema& schema = *reflection::GetSchema(binary_schema_.data());
    for (const reflection::Object* object : *schema.objects())
      if (object->name()->string_view() == table)
        return flatbuffers::Verify(schema, *object, reinterpret_cast<const std::uint8_t*>(bytes.data()), bytes.size());
    return false;
  }
  std::string to_json(const std::string& table, const std::string& bytes) {
    std::string out;
    parser_->SetRootType(table.c_str());
    return flatbuffers::GenerateText(*parser_, bytes.data(), &out) ? out : "no text";
  }
  std::string from_json(const std::string& table, const std::string& json) {
    parser_->SetRootType(table.c_str());
    if (!parser_->ParseJson(json.c_str())) return "";
    return {reinterpret_cast<const char*>(parser_->builder_.GetBufferPointer()), parser_->builder_.GetSize()};
  }

 private:
  std::unique_ptr<flatbuffers::Parser> parser_;
  bool loaded_ = false;
  std::string binary_schema_;
};

// "all.types.v1.Outer.Inner" -> "all.types.v1.fbs.Outer_Inner".
std::string table_of(std::string name) {
  const std::string package = "all.types.v1.";
  name = name.substr(package.size());
  for (char& c : name)
    if (c == '.') c = '_';
  return package + "fbs." + name;
}

class Flatc : public testing::TestWithParam<codecs::entry> {};

TEST_P(Flatc, ReadsOurBytesAndWritesBytesThatWeRead) {
  static flatc stock;
  static const oracle::schema schema;
  ASSERT_TRUE(stock.loaded()) << stock.error();
  const auto& [name, codec] = GetParam();
  const std::string table = table_of(name);
  for (std::uint64_t seed = 1; seed <= 60; ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    const auto message = schema.make(name);
    oracle::filler(seed, true).fill(*message, 3);
    const std::string ours = codecs::to_binary(*codec, schema.to_json(*message));
    ASSERT_FALSE(codecs::is_error(ours)) << ours;
    ASSERT_TRUE(stock.verifies(table, ours));

    // Through flatc's JSON and its own writer, which uses another layout, and back to the same
    // message.
    const std::string json = stock.to_json(table, ours);
    const std::string theirs = stock.from_json(table, json);
    ASSERT_FALSE(theirs.empty()) << stock.error() << json;
    const std::string back = codecs::to_json(*codec, theirs);
    ASSERT_FALSE(codecs::is_error(back)) << back << json;
    ASSERT_EQ(back, codecs::to_json(*codec, ours));
    ASSERT_EQ(codecs::to_binary(*codec, back), ours);
  }
}

INSTANTIATE_TEST_SUITE_P(Codec, Flatc, testing::ValuesIn(codecs::all()),
                         [](const auto& test) { return test.param.name.substr(test.param.name.rfind('.') + 1); });

}  // namespace
