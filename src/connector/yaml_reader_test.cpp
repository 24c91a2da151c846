// YAML as it is read, and hostile texts.
#include "connector/yaml_reader.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>

namespace fairlead::connector {
namespace {

using testing::HasSubstr;

std::string repeated(std::string_view text, std::size_t count) {
  std::string out;
  out.reserve(text.size() * count);
  for (std::size_t i = 0; i < count; ++i) out += text;
  return out;
}

struct Read {
  const char *text, *json;
};

class ReadsYaml : public testing::TestWithParam<Read> {};

TEST_P(ReadsYaml, AsTheCoreSchemaSays) {
  const auto tree = read_yaml(GetParam().text);
  ASSERT_TRUE(tree) << tree.error()[0].message;
  EXPECT_EQ(json::serialize(to_json(*tree->root)), GetParam().json);
}

INSTANTIATE_TEST_SUITE_P(
    Json, ReadsYaml,
    testing::Values(Read{"{\"a\":{\"b\":[1,2.5,\"c\"]}}", R"({"a":{"b":[1,2.5E0,"c"]}})"},
                    Read{"{\n\t\"a\": 1\n}", R"({"a":1})"},
                    Read{R"({"a": "\ud83d\ude00\u00e9\/\"\\\\ud83d"})",
                         R"({"a":"😀é/\"\\\\ud83d"})"},
                    Read{R"({"a": "\uD83D\uDE00\uD83D\uDE00"})", R"({"a":"😀😀"})"}));

INSTANTIATE_TEST_SUITE_P(
    Cases, ReadsYaml,
    testing::Values(
        Read{"a: 1", R"({"a":1})"},
        Read{"{\"a\": [1, \"x\", null, true]}", R"({"a":[1,"x",null,true]})"},
        Read{"a:", R"({"a":null})"}, Read{"[~, null, Null, NULL]", "[null,null,null,null]"},
        Read{"[true, True, TRUE, false]", "[true,true,true,false]"},
        Read{"[yes, no, on, off, y]", R"(["yes","no","on","off","y"])"},
        Read{"['true', \"1\", '']", R"(["true","1",""])"},
        Read{"[0, -1, +2, 007, 0x1F, 0o17]", "[0,-1,2,7,31,15]"},
        Read{"[9223372036854775807, 9223372036854775808, 18446744073709551615]",
             "[9223372036854775807,9223372036854775808,18446744073709551615]"},
        Read{"[-9223372036854775808]", "[-9223372036854775808]"},
        Read{"[99999999999999999999]", "[1E20]"},
        Read{"[1.5, .5, 5., -1e3, 1E+2]", "[1.5E0,5E-1,5E0,-1E3,1E2]"},
        Read{"[1.2.3, 1-2, -, 1_000, 0x, 0xZZ, 0o8, e5, .e1, 2024-01-02, 1:30]",
             R"(["1.2.3","1-2","-","1_000","0x","0xZZ","0o8","e5",".e1","2024-01-02","1:30"])"},
        Read{"a: |\n  one\n  two\nb: >-\n  one\n  two\n", R"({"a":"one\ntwo\n","b":"one two"})"},
        Read{"a: 'it''s'\nb: \"\\u00e9\\n\"\n", "{\"a\":\"it's\",\"b\":\"é\\n\"}"},
        Read{"z: 1\na: 2\nm: 3\n", R"({"z":1,"a":2,"m":3})"},
        Read{"a: &x [1, 2]\nb: *x\nc: *x\n", R"({"a":[1,2],"b":[1,2],"c":[1,2]})"},
        Read{"a: &x 5\nb: *x\n", R"({"a":5,"b":5})"},
        Read{"a: &x 1\nb: &x 2\nc: *x\n", R"({"a":1,"b":2,"c":2})"},
        Read{"\"<<\": 1\n'200': 2\n", R"({"<<":1,"200":2})"},
        Read{"%YAML 1.1\n---\na: 1\n...\n", R"({"a":1})"}, Read{"just text", R"("just text")"},
        Read{"# only\n--- # a comment\n[]\n", "[]"},
        Read{"\xEF\xBB\xBF"
             "a: 1",
             R"({"a":1})"},
        Read{"a: ünïcode ✓ 😀", "{\"a\":\"ünïcode ✓ 😀\"}"}));

struct Bad {
  std::string name;
  std::string text;
  int line;
  std::string path, message;
};
void PrintTo(const Bad& bad, std::ostream* out) { *out << bad.name; }

class RefusesYaml : public testing::TestWithParam<Bad> {};

TEST_P(RefusesYaml, QuicklyAndWithThePlace) {
  const auto start = std::chrono::steady_clock::now();
  const auto tree = read_yaml(GetParam().text);
  const auto took = std::chrono::steady_clock::now() - start;
  ASSERT_FALSE(tree);
  ASSERT_FALSE(tree.error().empty());
  const DefinitionProblem& first = tree.error()[0];
  EXPECT_EQ(first.line, GetParam().line) << first.message;
  EXPECT_EQ(first.path, GetParam().path) << first.message;
  EXPECT_THAT(first.message, HasSubstr(GetParam().message));
  EXPECT_LT(first.message.size(), 400u);
  EXPECT_LT(took, std::chrono::seconds(5)) << "generous: debug and sanitizer builds, busy machines";
}

std::string bomb() {
  std::string text = "a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n";
  for (int i = 1; i < 12; ++i) {
    const std::string before = "*a" + std::to_string(i - 1);
    text += "a" + std::to_string(i) + ": &a" + std::to_string(i) + " [" + before;
    for (int k = 0; k < 9; ++k) text += ", " + before;
    text += "]\n";
  }
  return text;
}

std::string aliases_in_depth() {  // each level is one deeper through its alias
  std::string text = "a0: &a0 [x]\n";
  for (int i = 1; i < 100; ++i)
    text += "a" + std::to_string(i) + ": &a" + std::to_string(i) + " [*a" + std::to_string(i - 1) +
            "]\n";
  return text;
}

INSTANTIATE_TEST_SUITE_P(
    Cases, RefusesYaml,
    testing::Values(
        Bad{"empty", "", 1, "", "is empty"}, Bad{"comment", "# nothing\n", 1, "", "is empty"},
        Bad{"documents", "a: 1\n---\nb: 2\n", 2, "", "a second one begins"},
        Bad{"key twice", "a: 1\nb: {c: 1,\n  c: 2}\n", 3, "b",
            "\"c\" stands twice; first in line 2"},
        Bad{"merge key", "a: &x {b: 1}\nc:\n  <<: *x\n", 3, "c", "merge keys"},
        Bad{"tag", "a: !!python/object:os.system x\n", 1, "a", "tags such as"},
        Bad{"own tag", "a: !thing {b: 1}\n", 1, "a", "tags such as !thing"},
        Bad{"list tag", "a: !!set [b]\n", 1, "a", "tags such as"},
        Bad{"integer key", "a:\n  200: x\n", 2, "a", "write it in quotes: \"200\""},
        Bad{"boolean key", "true: x\n", 1, "", "write it in quotes"},
        Bad{"empty key", "a:\n  ? \n  : x\n", 2, "a", "(empty) must be text"},
        Bad{"list as key", "? [a]\n: b\n", 1, "", "not a list or mapping"},
        Bad{"mapping as key", "{{a: b}: c}", 1, "", "not a list or mapping"},
        Bad{"alias as key", "a: &x k\n*x : b\n", 2, "", "not an alias"},
        Bad{"anchored key", "&x a: 1\n", 1, "", "cannot carry an anchor"},
        Bad{"unknown alias", "a: *x\n", 1, "a", "has no anchor before it"},
        Bad{"alias before anchor", "a: *x\nb: &x 1\n", 1, "a", "has no anchor before it"},
        Bad{"cyclic list", "a: &x [1, *x]\n", 1, "a[1]", "inside its own anchor"},
        Bad{"cyclic mapping", "a: &x\n  b:\n    c: *x\n", 3, "a.b.c", "inside its own anchor"},
        Bad{"alias bomb", bomb(), 5, "a4[3]", "more than 50000 values"},
        Bad{"alias depth", aliases_in_depth(), 63, "a62[0]", "deeper than 64"},
        Bad{"infinity", "a: .inf\n", 1, "a", "finite"},
        Bad{"nan", "a: [.NaN]\n", 1, "a[0]", "finite"},
        Bad{"not finite", "a: 1e999\n", 1, "a", "finite"},
        Bad{"tab", "a:\n\tb: 1\n", 2, "a", "holds a tab"},
        Bad{"NUL", std::string("a: b\nc: d\0e\n", 12), 2, "", "not readable text"},
        Bad{"control", "a: b\nc: \x01\n", 2, "", "not readable text"},
        Bad{"not UTF-8", "a: b\nc: \xC3\x28\n", 2, "", "not readable text"},
        Bad{"overlong", "a: \xC0\xAF\n", 1, "", "not readable text"},
        Bad{"surrogate", "a: \xED\xA0\x80\n", 1, "", "not readable text"},
        Bad{"UTF-16",
            std::string("\xFF\xFE"
                        "a\0:\0 \0b\0",
                        10),
            1, "", "not readable text"},
        Bad{"unclosed", "a: [1, 2\nb: 3\n", 2, "a[2]", "not valid YAML at column"},
        Bad{"unclosed quote", "a: 'x\n", 2, "a", "not valid YAML"},
        Bad{"bad indentation", "a:\n    b: 1\n  c: 2\n", 3, "", "not valid YAML"},
        Bad{"half a surrogate", "{\"a\": \"\\ud83d\"}", 1, "", "invalid Unicode"},
        Bad{"half a surrogate and more", "{\"a\": \"\\ud83d\\u0041\"}", 1, "", "invalid Unicode"},
        Bad{"escape cut off", "{\"a\": \"\\ud83d\\u", 1, "", "not valid YAML"},
        Bad{"bad escape", "a: \"\\q\"\n", 1, "a", "not valid YAML"}));

INSTANTIATE_TEST_SUITE_P(
    Large, RefusesYaml,
    testing::Values(
        Bad{"2 MiB", std::string((2u << 20) + 1, '#'), 0, "", "at most 2097152"},
        Bad{"lists in lists", repeated("[", 1u << 20), 1, repeated("[0]", 64), "deeper than 64"},
        Bad{"mappings in mappings", repeated("{a: ", 1u << 18), 1, "a" + repeated(".a", 63),
            "deeper than 64"},
        Bad{"blocks in blocks", repeated("- ", 1u << 18), 1, repeated("[0]", 64), "deeper than 64"},
        Bad{"many values", "a: [" + repeated("1,", 200'000) + "1]", 1, "a[49998]",
            "more than 50000 values"},
        Bad{"many anchors", repeated("- &a x\n", 200'000), 49'999 + 1, "[49999]",
            "more than 50000 values"},
        Bad{"many questions", repeated("? ", 1u << 19), 1, "", "a key must be text"},
        Bad{"one long line", "a: " + repeated("b: ", 600'000), 1, "", "not valid YAML"},
        Bad{"keys twice", repeated("a: 1\n", 40'000), 2, "", "stands twice"}));

TEST(YamlReader, StaysAtMostAHundredProblems) {
  EXPECT_LE(read_yaml(repeated("a: 1\n", 40'000)).error().size(), 100u);
}

TEST(YamlReader, NodesKnowTheirLines) {
  const auto read = read_yaml("a: 1\nb:\n  - x\n  - y: z\n");
  ASSERT_TRUE(read);
  const YamlTree& tree = *read;
  EXPECT_EQ(tree.root->line, 1);
  EXPECT_EQ(tree.root->find("b")->line, 3);
  EXPECT_EQ((*tree.root->find("b")->if_list())[1]->line, 4);
  EXPECT_EQ(tree.root->find("nothing"), nullptr);
  EXPECT_EQ(tree.root->size, 6u);
  EXPECT_EQ(tree.root->height, 4u);
}

TEST(YamlReader, ReadsUpToTheLimits) {
  EXPECT_TRUE(read_yaml(repeated("[", 64) + repeated("]", 64)));
  EXPECT_FALSE(read_yaml(repeated("[", 65) + repeated("]", 65)));
  EXPECT_TRUE(read_yaml("[" + repeated("1,", 49'999) + "]"));
  EXPECT_FALSE(read_yaml("[" + repeated("1,", 50'000) + "]"));
}

}  // namespace
}  // namespace fairlead::connector
