// Texts that JSON readers interpret differently, each with the expected result: its meaning, or the
// error and its place.
#include "codecs.hpp"

#include <gtest/gtest.h>

#include <string>
#include <string_view>

namespace {

using namespace all::types::v1;

// The message that was read, written again, or the text of the error.
template <class Message>
std::string read(std::string_view text, parley::decode_options options = {}) {
  Message m{};
  if (auto result = read_json(text, m, options); !result) return result.error().message;
  std::string out;
  write_json(m, out);
  return out;
}

TEST(NastyJson, NumbersOfAllKinds) {
  EXPECT_EQ(read<Scalars>(R"({"anInt32":1e5,"aUint32":100000.000,"anInt64":"7","aSint64":-0})"),
            R"({"anInt32":100000,"anInt64":"7","aUint32":100000})");
  EXPECT_EQ(read<Scalars>(R"({"aDouble":123456789012345678901234567890,"aFloat":"Infinity"})"),
            R"({"aDouble":1.2345678901234568e+29,"aFloat":"Infinity"})");
  EXPECT_EQ(read<Scalars>(R"({"anInt64":9007199254740993,"aUint64":18446744073709551615})"),
            R"({"anInt64":"9007199254740993","aUint64":"18446744073709551615"})");
  EXPECT_EQ(read<Scalars>(R"({"aDouble":1e400})"), "$.aDouble: not a number of this size");
  EXPECT_EQ(read<Scalars>(R"({"aFloat":3.502823e+38})"), "$.aFloat: not a number of this size");
  EXPECT_EQ(read<Scalars>(R"({"anInt32":2147483648})"), "$.anInt32: not an integer of this size");
  EXPECT_EQ(read<Scalars>(R"({"anInt32":0.5})"), "$.anInt32: not an integer of this size");
  EXPECT_EQ(read<Scalars>(R"({"anInt32":012})"), "$.anInt32: not an integer of this size");
  EXPECT_EQ(read<Scalars>(R"({"anInt32":true})"), "$.anInt32: not an integer of this size");
  EXPECT_EQ(read<Scalars>(R"({"anInt32":""})"), "$.anInt32: not an integer of this size");
  EXPECT_EQ(read<Scalars>(R"({"aDouble":NaN})"), "$.aDouble: not a number");
  EXPECT_EQ(read<Scalars>(R"({"aDouble":NaN})", {.accept_nan_tokens = true}), R"({"aDouble":"NaN"})");
  EXPECT_EQ(read<Scalars>(R"({"aBool":1})"), "$.aBool: not true or false");
  EXPECT_EQ(read<Scalars>(R"({"aBool":"true"})"), "$.aBool: not true or false");
}

TEST(NastyJson, NamesOfMembers) {
  EXPECT_EQ(read<Names>(R"({"snakeCaseName":1,"camelCase":2,"Leading":3,"UPPER":5,"with1Digit":6})"),
            R"({"snakeCaseName":1,"camelCase":2,"Leading":3,"with1Digit":6,"UPPER":5})");
  EXPECT_EQ(read<Names>(R"({"snake_case_name":1,"_leading":3,"trailing_":4,"renamed":5})"),
            R"({"snakeCaseName":1,"Leading":3,"trailing":4,"quo\"ted\\back/slash":5})");
  EXPECT_EQ(read<Names>(R"({"quo\"ted\\back\/slash":1,"gr\u00f6\u00dfe":2})"),
            "{\"quo\\\"ted\\\\back/slash\":1,\"gr\xC3\xB6\xC3\x9F"
            "e\":2}");
  EXPECT_EQ(read<Names>(R"({"pl\u0061in":1})"), R"({"plain":1})");
  EXPECT_EQ(read<Names>(R"({"Plain":1})"), "${0}: a member that is not in the schema");
  EXPECT_EQ(read<Names>(R"({"plain":1,"secret":2})"), "${1}: a member that is not in the schema");
  EXPECT_EQ(read<Names>(R"({"plain":1,"other":[{"a":[1,"x",null]}],"UPPER":2})", {.ignore_unknown = true}), R"({"plain":1,"UPPER":2})");
  EXPECT_EQ(read<Names>(R"({"other":[}],"UPPER":2})", {.ignore_unknown = true}), "${0}: not a value");
  EXPECT_EQ(read<Names>(R"({"other":"\ud800"})", {.ignore_unknown = true}), "${0}: half of a surrogate pair");
}

TEST(NastyJson, MembersGivenTwice) {
  EXPECT_EQ(read<Names>(R"({"plain":1,"plain":1})"), "$.plain: duplicate member");
  EXPECT_EQ(read<Names>(R"({"snakeCaseName":1,"snake_case_name":1})"), "$.snakeCaseName: duplicate member");
  EXPECT_EQ(read<Names>(R"({"plain":null,"plain":1})"), "$.plain: duplicate member");
  EXPECT_EQ(read<Names>(R"({"plain":1,"pl\u0061in":1})"), "$.plain: duplicate member");
  EXPECT_EQ(read<Names>(R"({"other":1,"other":2})", {.ignore_unknown = true}), "{}");
  EXPECT_EQ(read<Maps>(R"({"byInt32":{"1":1,"1":2}})"), "$.byInt32{1}: duplicate key");
  EXPECT_EQ(read<Maps>(R"({"byString":{"a":{},"\u0061":{}}})"), "$.byString{1}: duplicate key");
  EXPECT_EQ(read<WellKnown>(R"({"object":{"a":1,"a":2}})"), "$.object{1}: duplicate key");
}

TEST(NastyJson, Nulls) {
  EXPECT_EQ(read<Scalars>(R"({"aDouble":null,"anInt64":null,"aBool":null,"aString":null,"someBytes":null,"mood":null})"), "{}");
  EXPECT_EQ(read<Lists>(R"({"doubles":null,"strings":null,"scalars":null})"), "{}");
  EXPECT_EQ(read<Maps>(R"({"byInt32":null})"), "{}");
  EXPECT_EQ(read<Tree>(R"({"left":null,"right":null})"), "{}");
  EXPECT_EQ(read<WellKnown>(R"({"time":null,"aDouble":null,"any":null,"object":null,"mask":null})"),
            "${2}: a member that is not in the schema");
  EXPECT_EQ(read<WellKnown>(R"({"value":null,"maybeNull":null,"null":null,"nulls":[null],"values":[null]})"),
            R"({"value":null,"values":[null],"maybeNull":null,"nulls":[null]})");
  EXPECT_EQ(read<Lists>(R"({"doubles":[1,null]})"), "$.doubles[1]: not a number");
  EXPECT_EQ(read<Lists>(R"({"scalars":[null]})"), "$.scalars[0]: not an object");
  EXPECT_EQ(read<WellKnown>(R"({"doubles":[null]})"), "$.doubles[0]: not a number");
  EXPECT_EQ(read<Maps>(R"({"byInt32":{"1":null}})"), "$.byInt32{0}: not an integer of this size");
  EXPECT_EQ(read<Maps>(R"({"values":{"a":null}})"), R"({"values":{"a":null}})");
  EXPECT_EQ(read<Scalars>("null"), "$: not an object");
  EXPECT_EQ(read<Scalars>(R"({"aDouble":nul})"), "$.aDouble: not null");
}

TEST(NastyJson, KeysOfMaps) {
  EXPECT_EQ(read<Maps>(R"({"byInt32":{"-5":1,"0":2},"byBool":{"true":{}}})"), R"({"byInt32":{"-5":1,"0":2},"byBool":{"true":{}}})");
  EXPECT_EQ(read<Maps>(R"({"byInt32":{5:1}})"), "$.byInt32: not a member name");
  EXPECT_EQ(read<Maps>(R"({"byInt32":{null:1}})"), "$.byInt32: not a member name");
  EXPECT_EQ(read<Maps>(R"({"byInt32":{"":1}})"), "$.byInt32{0}: a key that is not an integer of this size");
  EXPECT_EQ(read<Maps>(R"({"byInt32":{"1e1":1}})"), "$.byInt32{0}: a key that is not an integer of this size");
  EXPECT_EQ(read<Maps>(R"({"byInt32":{" 1":1}})"), "$.byInt32{0}: a key that is not an integer of this size");
  EXPECT_EQ(read<Maps>(R"({"byUint32":{"-1":1}})"), "$.byUint32{0}: a key that is not an integer of this size");
  EXPECT_EQ(read<Maps>(R"({"byInt32":{"2147483648":1}})"), "$.byInt32{0}: a key that is not an integer of this size");
  EXPECT_EQ(read<Maps>(R"({"byBool":{"True":{}}})"), "$.byBool{0}: a key that is not true or false");
  EXPECT_EQ(read<Maps>(R"({"byString":{"a":{"byInt32":{"1":"x"}}}})"), "$.byString{0}.byInt32{0}: not an integer of this size");
}

TEST(NastyJson, Enums) {
  EXPECT_EQ(read<Scalars>(R"({"mood":"MOOD_CROSS"})"), R"({"mood":"MOOD_GRUMPY"})");
  EXPECT_EQ(read<Scalars>(R"({"mood":-1})"), R"({"mood":"MOOD_BELOW"})");
  EXPECT_EQ(read<Scalars>(R"({"mood":77})"), R"({"mood":77})");
  EXPECT_EQ(read<Scalars>(R"({"mood":"glad"})"), "$.mood: not a name of its enum");
  EXPECT_EQ(read<Scalars>(R"({"mood":"1"})"), "$.mood: not a name of its enum");
  EXPECT_EQ(read<Scalars>(R"({"mood":2147483648})"), "$.mood: not an integer of this size");
  // A name that is unknown here comes from a peer with a newer schema, and is ignored.
  const parley::decode_options lenient{.ignore_unknown = true};
  EXPECT_EQ(read<Scalars>(R"({"mood":"MOOD_NEW"})", lenient), "{}");
  EXPECT_EQ(read<Optionals>(R"({"mood":"MOOD_NEW"})", lenient), "{}");
  EXPECT_EQ(read<Choice>(R"({"mood":"MOOD_NEW"})", lenient), "{}");
  EXPECT_EQ(read<Lists>(R"({"moods":["MOOD_GLAD","MOOD_NEW","MOOD_GLAD"]})", lenient), R"({"moods":["MOOD_GLAD","MOOD_GLAD"]})");
  EXPECT_EQ(read<Maps>(R"({"bySfixed32":{"1":"MOOD_NEW","2":"MOOD_GLAD"}})", lenient), R"({"bySfixed32":{"2":"MOOD_GLAD"}})");
}

TEST(NastyJson, Oneofs) {
  EXPECT_EQ(read<Choice>(R"({"aBool":false})"), R"({"aBool":false})");
  EXPECT_EQ(read<Choice>(R"({"aString":""})"), R"({"aString":""})");
  EXPECT_EQ(read<Choice>(R"({"nothing":{}})"), R"({"nothing":{}})");
  EXPECT_EQ(read<Choice>(R"({"null":null})"), R"({"null":null})");
  EXPECT_EQ(read<Choice>(R"({"value":null})"), R"({"value":null})");
  EXPECT_EQ(read<Choice>(R"({"wrapped":null,"aDouble":null})"), "{}");
  EXPECT_EQ(read<Choice>(R"({"aBool":null,"aString":"x"})"), R"({"aString":"x"})");
  EXPECT_EQ(read<Choice>(R"({"aBool":true,"aString":"x"})"), "$.aString: a second member of its oneof");
  EXPECT_EQ(read<Choice>(R"({"aBool":true,"second":1,"first":2})"), "$.first: a second member of its oneof");
  EXPECT_EQ(read<Choice>(R"({"choice":{"choice":{"choice":{"aDouble":"x"}}}})"),
            "$.choice.choice.choice.aDouble: not a number of this size");
}

TEST(NastyJson, TextAndBytes) {
  EXPECT_EQ(read<Scalars>(R"({"aString":"\u0000\ud83d\ude00"})"), "{\"aString\":\"\\u0000\xF0\x9F\x98\x80\"}");
  EXPECT_EQ(read<Scalars>(R"({"aString":"\ud83d"})"), "$.aString: half of a surrogate pair");
  EXPECT_EQ(read<Scalars>(R"({"aString":"\ude00\ud83d"})"), "$.aString: half of a surrogate pair");
  EXPECT_EQ(read<Scalars>(R"({"aString":5})"), "$.aString: not a string");
  EXPECT_EQ(read<Scalars>("{\"aString\":\"\xFF\"}"), "$: not UTF-8");
  EXPECT_EQ(read<Scalars>("{\"aString\":\"a\nb\"}"), "$: a control character in a string");
  EXPECT_EQ(read<Scalars>(R"({"someBytes":"-_8"})"), R"({"someBytes":"+/8="})");
  EXPECT_EQ(read<Scalars>(R"({"someBytes":"a"})"), "$.someBytes: not base64");
}

TEST(NastyJson, Structure) {
  EXPECT_EQ(read<Scalars>(""), "$: empty");
  EXPECT_EQ(read<Scalars>("[]"), "$: not an object");
  EXPECT_EQ(read<Scalars>("{}{}"), "$: unexpected data after the value");
  EXPECT_EQ(read<Scalars>("{\"aBool\":true,}"), "$: not a member name");
  EXPECT_EQ(read<Scalars>("{\"aBool\":true \"aDouble\":1}"), "$: no comma or brace after a member");
  EXPECT_EQ(read<Scalars>("{'aBool':true}"), "$: not a member name");
  EXPECT_EQ(read<Scalars>("{aBool:true}"), "$: not a member name");
  EXPECT_EQ(read<Scalars>("/* */{}"), "$: not an object");
  EXPECT_EQ(read<Scalars>("{\"aBool\":true"), "$: no comma or brace after a member");
  EXPECT_EQ(read<Lists>(R"({"doubles":[1,]})"), "$.doubles[1]: not a number");
  EXPECT_EQ(read<Lists>(R"({"doubles":[1 2]})"), "$.doubles: no comma or bracket after an element");
  EXPECT_EQ(read<Lists>(R"({"scalars":[{},{"aDouble":"x"}]})"), "$.scalars[1].aDouble: not a number of this size");
  EXPECT_EQ(read<Lists>("{ \"doubles\" :\t[ 1 ,\n2 ]\r}  "), R"({"doubles":[1,2]})");
}

TEST(NastyJson, Depth) {
  const auto nested = [](int depth) {
    std::string text;
    for (int i = 0; i < depth - 1; ++i) text += R"({"left":)";
    return text + "{}" + std::string(static_cast<std::size_t>(depth - 1), '}');
  };
  EXPECT_EQ(read<Tree>(nested(64)), nested(64));
  EXPECT_NE(read<Tree>(nested(65)).find("nested too deeply"), std::string::npos);
  EXPECT_EQ(read<Tree>(nested(3), {.max_depth = 3}), nested(3));
  EXPECT_EQ(read<Tree>(nested(4), {.max_depth = 3}), "$.left.left.left: nested too deeply");
  // The limit is the same in binary, including lists and oneofs, so that both formats can carry the
  // same messages.
  for (const char* text : {R"({"left":{"children":[{"named":{"a":{}}}]}})", R"({"leaf":{"other":{"one":{"children":[{}]}}}})"}) {
    const std::string binary = codecs::to_binary(parley::codec_for<Tree>, text);
    ASSERT_FALSE(codecs::is_error(binary)) << binary;
    EXPECT_EQ(codecs::to_json(parley::codec_for<Tree>, binary, {.max_depth = 6}), text);
    EXPECT_TRUE(codecs::is_error(codecs::to_json(parley::codec_for<Tree>, binary, {.max_depth = 5})));
    EXPECT_EQ(read<Tree>(text, {.max_depth = 6}), text);
    EXPECT_NE(read<Tree>(text, {.max_depth = 5}), text);
  }
}

// The time for members is proportional to their bytes. If it were proportional to the square of their count, a test would not end in time.
TEST(NastyJson, ManyMembersTakeLinearTime) {
  std::string text = R"({"unknown":1)";
  for (int i = 0; i < 100'000; ++i) text += ",\"m" + std::to_string(i) + "\":1";
  EXPECT_EQ(read<Wide>(text + "}", {.ignore_unknown = true}), "{}");
  std::string map = R"({"object":{"":0)";
  for (int i = 0; i < 50'000; ++i) map += ",\"m" + std::to_string(i) + "\":1";
  const std::string once = read<WellKnown>(map + "}}");
  EXPECT_EQ(read<WellKnown>(once).size(), once.size());
}

// Readers overwrite everything that the message contained before.
TEST(NastyJson, AMessageUsedAgainKeepsNothing) {
  for (const auto& [name, codec] : codecs::all()) {
    SCOPED_TRACE(name);
    EXPECT_EQ(codecs::to_json(*codec, codecs::to_binary(*codec, "{}")), "{}");
  }
  Lists lists;
  ASSERT_TRUE(
      read_json(R"({"strings":["a","b","c"],"scalars":[{"aString":"x"},{"aBool":true}],"bools":[true,true],"byteses":["AA=="]})", lists));
  ASSERT_TRUE(read_json(R"({"strings":["d"],"scalars":[{}],"bools":[false]})", lists));
  EXPECT_EQ(lists, (Lists{.bools = {false}, .strings = {"d"}, .scalars = {{}}}));
  std::string binary;
  write_binary(Lists{.strings = {"e"}}, binary);
  ASSERT_TRUE(read_binary(parley::as_bytes(binary), lists));
  EXPECT_EQ(lists, (Lists{.strings = {"e"}}));
  Choice choice;
  ASSERT_TRUE(read_json(R"({"before":"x","aString":"y"})", choice));
  ASSERT_TRUE(read_json(R"({})", choice));
  EXPECT_EQ(choice, Choice{});
}

}  // namespace
