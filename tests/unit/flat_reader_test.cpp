// The binary reader with every kind of malformed buffer, and the guarantees of the writer.
#include "parley/wire/flat_values.hpp"

#include "parley/wire/json_values.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <cstring>
#include <memory>
#include <random>
#include <string>
#include <vector>

namespace {

namespace flat = parley::flat;

// A message with a field of each kind. Its codec is written as the generator would write it.
struct node {
  std::string name{};
  std::int64_t number = 0;
  std::vector<node> children{};
  std::vector<std::string> tags{};
  std::vector<double> doubles{};
  std::vector<std::vector<std::byte>> blobs{};
  std::map<std::string, std::int32_t> counts{};
  std::optional<bool> truth{};
  parley::box<node> boxed{};
  bool operator==(const node& other) const {
    return name == other.name && number == other.number && children == other.children && tags == other.tags && doubles == other.doubles &&
           blobs == other.blobs && counts == other.counts && truth == other.truth && boxed == other.boxed;
  }
};

flat::offset write_binary(flat::writer& out, const node& m) {
  const flat::offset name = flat::write_member(out, m.name);
  const flat::offset children = flat::write_member(out, m.children);
  const flat::offset tags = flat::write_member(out, m.tags);
  const flat::offset doubles = flat::write_member(out, m.doubles);
  const flat::offset blobs = flat::write_member(out, m.blobs);
  const flat::offset counts = flat::write_member(out, m.counts);
  const flat::offset boxed = flat::write_member(out, m.boxed);
  out.begin_table();
  flat::add_member(out, 1, m.number);
  out.add(0, name);
  out.add(2, children);
  out.add(3, tags);
  out.add(4, doubles);
  out.add(5, blobs);
  out.add(6, counts);
  out.add(8, boxed);
  flat::add_member(out, 7, m.truth);
  return out.end_table();
}

bool read_binary(flat::table from, node& m) {
  flat::fields each(from);
  each.read(0, "name", m.name, {.max_len = 1000});
  each.read(1, "number", m.number);
  each.read(2, "children", m.children);
  each.read(3, "tags", m.tags, {.max_len = 4'000'000});
  each.read(4, "doubles", m.doubles);
  each.read(5, "blobs", m.blobs);
  each.read(6, "counts", m.counts, {.max_count = 1000});
  each.read(7, "truth", m.truth);
  each.read(8, "boxed", m.boxed);
  return each.done();
}

std::string written(const node& m) {
  std::string out;
  flat::write_document(m, out);
  return out;
}

// Returns an empty string if the message was read, and otherwise the error. The bytes are at the
// end of a separate block, so that a sanitizer detects a read past them.
std::string read(std::string_view bytes, node& m, const parley::decode_options& options = {}) {
  const std::unique_ptr<char[]> exact(new char[bytes.size()]);
  std::copy(bytes.begin(), bytes.end(), exact.get());
  const auto result = flat::read_document(parley::as_bytes({exact.get(), bytes.size()}), m, options);
  return result ? "" : result.error().message;
}
std::string read(std::string_view bytes, const parley::decode_options& options = {}) {
  node m;
  return read(bytes, m, options);
}

node sample() {
  node inner{.name = "inner", .number = -1, .tags = {"a", "", "gr\xC3\xBCn"}, .truth = false};
  return {.name = "outer",
          .number = 1LL << 60,
          .children = {inner, {}, inner},
          .doubles = {0.5, -0.0},
          .blobs = {{}, {std::byte{7}}},
          .counts = {{"", 0}, {"x", 5}},
          .truth = true,
          .boxed = node{.name = "boxed"}};
}

// Assembles buffers that no writer would make. Words are little-endian, and the position of each is
// known when it is written.
class raw_buffer {
 public:
  std::size_t here() const { return bytes_.size(); }
  std::size_t u32(std::uint32_t value) { return append(&value, sizeof value); }
  std::size_t u16(std::uint16_t value) { return append(&value, sizeof value); }
  std::size_t append(const void* from, std::size_t size) {
    const std::size_t at = here();
    bytes_.append(static_cast<const char*>(from), size);
    return at;
  }
  void align(std::size_t to) {
    while (here() % to != 0) bytes_ += '\0';
  }
  // Makes the word at `at` an offset to `target`.
  void point(std::size_t at, std::size_t target) {
    const auto distance = static_cast<std::uint32_t>(target - at);
    std::memcpy(bytes_.data() + at, &distance, sizeof distance);
  }
  const std::string& bytes() const { return bytes_; }

 private:
  std::string bytes_;
};

// A table whose only field has this id and is an offset that point() sets later. Returns the
// positions of table and field.
std::pair<std::size_t, std::size_t> table_with(raw_buffer& out, unsigned id) {
  out.align(4);
  const std::size_t vtable = out.here();
  out.u16(static_cast<std::uint16_t>(6 + 2 * id));
  out.u16(8);
  for (unsigned i = 0; i < id; ++i) out.u16(0);
  out.u16(4);
  out.align(4);
  const std::size_t table = out.here();
  out.u32(static_cast<std::uint32_t>(table - vtable));
  return {table, out.u32(0)};
}

std::size_t list_of(raw_buffer& out, std::size_t count) {
  const std::size_t at = out.u32(static_cast<std::uint32_t>(count));
  for (std::size_t i = 0; i < count; ++i) out.u32(0);
  return at;
}

TEST(FlatReader, ReadsWhatTheWriterWrote) {
  const node m = sample();
  const std::string bytes = written(m);
  EXPECT_EQ(bytes.size() % 8, 0u);
  node back = {.name = "old", .tags = {"old"}, .counts = {{"old", 1}}, .boxed = node{}};
  EXPECT_EQ(read(bytes, back), "");
  EXPECT_EQ(back, m);
  EXPECT_EQ(written(back), bytes);
}

TEST(FlatReader, AnEmptyBufferIsAnEmptyMessage) {
  node back = sample();
  EXPECT_EQ(read("", back), "");
  EXPECT_EQ(back, node{});
  EXPECT_EQ(read(written(node{}), back), "");
  EXPECT_EQ(back, node{});
}

TEST(FlatReader, TrailingZerosDoNoHarm) {
  node back;
  EXPECT_EQ(read(written(sample()) + std::string(8, '\0'), back), "");
  EXPECT_EQ(back, sample());
}

TEST(FlatReader, RefusesOrReadsEveryPieceOfABuffer) {
  const std::string bytes = written(sample());
  for (std::size_t length = 1; length < 4; ++length) EXPECT_NE(read(bytes.substr(0, length)), "");
  for (std::size_t length = 0; length < bytes.size(); ++length) read(bytes.substr(0, length));
  EXPECT_NE(read(bytes.substr(0, bytes.size() / 2)), "");
}

TEST(FlatReader, SurvivesEveryFlippedBit) {
  const std::string bytes = written(sample());
  for (std::size_t at = 0; at < bytes.size(); ++at)
    for (int bit = 0; bit < 8; ++bit) {
      std::string broken = bytes;
      broken[at] = static_cast<char>(broken[at] ^ (1 << bit));
      node back;
      if (read(broken, back).empty()) written(back);
    }
}

TEST(FlatReader, SurvivesRandomWordsInsideABuffer) {
  std::mt19937 random(20240501);
  const std::string bytes = written(sample());
  for (int i = 0; i < 50'000; ++i) {
    std::string broken = bytes;
    for (int n = static_cast<int>(random() % 4); n >= 0; --n) {
      const auto value = static_cast<std::uint32_t>(random() % 3 ? random() % 64 : random());
      std::memcpy(broken.data() + random() % (broken.size() - 3), &value, sizeof value);
    }
    node back;
    if (read(broken, back).empty()) written(back);
  }
}

TEST(FlatReader, TellsWhereTheFaultIs) {
  std::string bytes = written(sample());
  bytes[bytes.find("gr\xC3\xBCn") + 2] = 'x';
  EXPECT_EQ(read(bytes), "$.children[2].tags[2]: not UTF-8");  // the writer writes the last child first, so this one is found first
  node long_name;
  long_name.children.resize(2);
  long_name.children[1].name = std::string(1001, 'x');
  EXPECT_EQ(read(written(long_name)), "$.children[1].name: longer than its max_len");
  node many;
  for (int i = 0; i < 1001; ++i) many.counts[std::to_string(i)] = i;
  EXPECT_EQ(read(written(many)), "$.counts: more entries than its max_count");
}

TEST(FlatReader, WantsTheZeroAfterAString) {
  std::string bytes = written(node{.name = "abc"});
  bytes[bytes.find("abc") + 3] = 'd';
  EXPECT_EQ(read(bytes), "$.name: a string without its final zero");
}

TEST(FlatReader, RefusesAKeyThatComesTwice) {
  std::string bytes = written(node{.counts = {{"aa", 1}, {"ab", 2}}});
  bytes[bytes.find("ab") + 1] = 'a';
  EXPECT_EQ(read(bytes), "$.counts{1}: duplicate key");
}

TEST(FlatReader, BoundsTheDepth) {
  const auto nested = [](int depth) {
    node m;
    for (int i = 1; i < depth; ++i) {
      node outer;
      outer.boxed = std::move(m);
      m = std::move(outer);
    }
    return written(m);
  };
  EXPECT_EQ(read(nested(64)), "");
  EXPECT_NE(read(nested(65)).find("nested too deeply"), std::string::npos);
  EXPECT_EQ(read(nested(5), {.max_depth = 5}), "");
  EXPECT_NE(read(nested(6), {.max_depth = 5}), "");
}

// 120,000 offsets to one table, whose list holds 120,000 offsets to one string: 1.44e10 strings in a megabyte. To read them all would take
// longer than a test may.
TEST(FlatReader, RefusesSharedListsOfSharedStringsAtOnce) {
  constexpr std::size_t many = 120'000;
  raw_buffer out;
  const std::size_t root = out.u32(0);
  const auto [top, top_field] = table_with(out, 2);
  out.point(root, top);
  const std::size_t children = list_of(out, many);
  out.point(top_field, children);
  const auto [child, child_field] = table_with(out, 3);
  for (std::size_t i = 0; i < many; ++i) out.point(children + 4 + 4 * i, child);
  const std::size_t tags = list_of(out, many);
  out.point(child_field, tags);
  const std::size_t text = out.u32(3);
  out.append("abc", 4);
  for (std::size_t i = 0; i < many; ++i) out.point(tags + 4 + 4 * i, text);

  EXPECT_NE(read(out.bytes()).find("refers to the same bytes more than once"), std::string::npos) << read(out.bytes());
}

// Each list refers to the next table twice: 2^25 tables in a kilobyte.
TEST(FlatReader, RefusesATowerOfSharedTables) {
  raw_buffer out;
  std::vector<std::size_t> offsets{out.u32(0)};
  for (int i = 0; i < 25; ++i) {
    const auto [table, field] = table_with(out, 2);
    for (const std::size_t at : offsets) out.point(at, table);
    const std::size_t list = list_of(out, 2);
    out.point(field, list);
    offsets = {list + 4, list + 8};
  }
  const auto [last, name] = table_with(out, 0);
  for (const std::size_t at : offsets) out.point(at, last);
  out.point(name, out.u32(0));
  out.u32(0);
  EXPECT_NE(read(out.bytes()).find("refers to the same bytes more than once"), std::string::npos) << read(out.bytes());
}

// A type that is large in memory but has eight bytes in the buffer: an offset and an empty table.
struct large {
  std::string texts[16];
};
flat::offset write_binary(flat::writer& out, const large&) {
  out.begin_table();
  return out.end_table();
}
bool read_binary(flat::table from, large&) { return flat::fields(from).done(); }

TEST(FlatReader, BoundsTheMemoryOfWhatItBuilds) {
  const auto read_list = [](std::size_t count) {
    flat::writer out;
    const flat::offset items = flat::write_list(out, std::vector<large>(count));
    out.begin_table();
    out.add(0, items);
    std::string bytes;
    out.finish(out.end_table(), bytes);
    flat::reader in(parley::as_bytes(bytes));
    std::vector<large> back;
    flat::read_field(in.root(), 0, back, {});
    return in.failed() ? in.error().message : "";
  };
  EXPECT_EQ(read_list(parley::wire::least_memory / sizeof(large)), "");
  EXPECT_EQ(read_list(parley::wire::least_memory / sizeof(large) + 1), "$: would take too much memory");
}

TEST(FlatReader, RefusesAFieldOutsideItsTable) {
  raw_buffer out;
  const std::size_t root = out.u32(0);
  const std::size_t vtable = out.here();
  for (const int word : {8, 8, 0, 4}) out.u16(static_cast<std::uint16_t>(word));  // field 1 needs eight bytes and has four
  const std::size_t table = out.u32(static_cast<std::uint32_t>(out.here() - vtable));
  out.u32(7);
  out.point(root, table);
  EXPECT_EQ(read(out.bytes()), "$.number: a field outside its table");
}

TEST(FlatWriter, WritesNothingTwiceButVtables) {
  node twins;
  twins.tags = {"same", "same"};
  const std::string bytes = written(twins);
  EXPECT_NE(bytes.find("same"), bytes.rfind("same"));
}

TEST(FlatWriter, ReplacesWhatIsNotUtf8) {
  node back;
  EXPECT_EQ(read(written(node{.name = "a\xFF"}), back), "");
  EXPECT_EQ(back.name, "a\xEF\xBF\xBD");
}

// The builder searches all vtables for an equal one. A list of tables that all differ must not take
// quadratic time: 5e10 comparisons would take longer than a test may.
TEST(FlatWriter, TakesLinearTimeForTablesThatAllDiffer) {
  flat::writer out;
  const std::size_t list = out.begin_list();
  for (std::uint32_t i = 0; i < 300'000; ++i) {
    out.begin_table();
    for (unsigned bit = 0; bit < 19; ++bit)
      if (i >> bit & 1) out.add_present(bit, std::uint8_t{1});
    out.add_item(out.end_table());
  }
  const flat::offset items = out.end_list(list);
  out.begin_table();
  out.add(0, items);
  std::string bytes;
  out.finish(out.end_table(), bytes);
  EXPECT_GT(bytes.size(), 300'000u);
}

TEST(FlatWriter, SeveralWorkAtTheSameTime) {
  flat::writer first;
  const flat::offset text = first.text("first");
  const std::string second = written(sample());
  first.begin_table();
  first.add(0, text);
  std::string bytes;
  first.finish(first.end_table(), bytes);
  node back;
  EXPECT_EQ(read(bytes, back), "");
  EXPECT_EQ(back.name, "first");
  EXPECT_EQ(read(second, back), "");
  EXPECT_EQ(back, sample());
}

}  // namespace
