#include "connector/path.hpp"

#include <gtest/gtest.h>

namespace fairlead::connector {
namespace {

struct Found {
  const char* path;
  const char* root;
  const char* matches;  ///< as a JSON list
};

class Finds : public testing::TestWithParam<Found> {};

TEST_P(Finds, TheMatchesInOrder) {
  const auto path = Path::parse(GetParam().path);
  ASSERT_TRUE(path) << path.error().message;
  const json::value root = json::parse(GetParam().root);
  json::array matches;
  for (const auto* match : path->find(root)) matches.push_back(*match);
  EXPECT_EQ(json::serialize(matches), json::serialize(json::parse(GetParam().matches)));
}

INSTANTIATE_TEST_SUITE_P(
    Cases, Finds,
    testing::Values(
        Found{"$", "7", "[7]"}, Found{"$", "null", "[null]"}, Found{"$.d", R"({"d":[1]})", "[[1]]"},
        Found{"d", R"({"d":1})", "[1]"}, Found{"a.b", R"({"a":{"b":2}})", "[2]"},
        Found{" $.d\n", R"({"d":1})", "[1]"}, Found{"$.d", R"({"d":null})", "[null]"},
        Found{"$.d", "{}", "[]"}, Found{"$.d", R"([{"d":1}])", "[]"}, Found{"$.d", "\"d\"", "[]"},
        Found{"$.@count", R"({"@count":3})", "[3]"}, Found{"$.a-b_1", R"({"a-b_1":3})", "[3]"},
        Found{"$['a b']", R"({"a b":1})", "[1]"},
        Found{"$[\"@odata.next\"]", R"({"@odata.next":1})", "[1]"},
        Found{"$['it\\'s']", R"({"it's":1})", "[1]"}, Found{"$['[*]']", R"({"[*]":1})", "[1]"},
        Found{"$[0]", "[5,6]", "[5]"}, Found{"$[-1]", "[5,6]", "[6]"}, Found{"$[2]", "[5,6]", "[]"},
        Found{"$[-3]", "[5,6]", "[]"}, Found{"$[0]", R"({"0":1})", "[]"},
        Found{"$[0]", "\"x\"", "[]"}, Found{"$[*]", "[5,6]", "[5,6]"},
        Found{"$[*]", R"({"a":5,"b":6})", "[5,6]"}, Found{"$[*]", "5", "[]"},
        Found{"$[*]", "null", "[]"}, Found{"$[*][*]", R"({"visitor":[1,2],"ip":[3]})", "[1,2,3]"},
        Found{"$.d[*].i", R"({"d":[{"i":1},{},{"i":[2]}]})", "[1,[2]]"},
        Found{"$.a[0].b", R"({"a":[{"b":4}]})", "[4]"}));

struct Refused {
  const char* path;
  const char* message;
};

class IsNoPath : public testing::TestWithParam<Refused> {};

TEST_P(IsNoPath, NamingTheColumn) {
  const auto path = Path::parse(GetParam().path);
  ASSERT_FALSE(path);
  EXPECT_NE(path.error().message.find(GetParam().message), std::string::npos)
      << path.error().message;
}

INSTANTIATE_TEST_SUITE_P(
    Cases, IsNoPath,
    testing::Values(Refused{"", "must begin with $"}, Refused{".a", "column 1"},
                    Refused{"[0]", "column 1"}, Refused{"$a", "column 2"},
                    Refused{"$.", "column 3: a name"}, Refused{"$..a", "column 3"},
                    Refused{"$.a.", "column 5"}, Refused{"$.*", "column 3"},
                    Refused{"$.a b", "column 4"}, Refused{"$[", "column 2: a number"},
                    Refused{"$[]", "column 2"}, Refused{"$[1", "closing ]"},
                    Refused{"$[1:2]", "closing ]"}, Refused{"$[?(@.a)]", "column 2"},
                    Refused{"$['a]", "no end"}, Refused{"$['a'", "closing ]"},
                    Refused{"$[99999999999999999999]", "column 2"}, Refused{"$.1a", "column 3"},
                    Refused{"$.a|$.b", "column 4"}, Refused{"$.`len`", "column 3"}));

TEST(PathParse, IsLimited) {
  std::string steps = "$";
  for (int i = 0; i < 65; ++i) steps += ".a";
  EXPECT_FALSE(Path::parse(steps));
  EXPECT_FALSE(Path::parse("$." + std::string(1100, 'a')));
}

TEST(PathParse, TellsRootAndSpread) {
  EXPECT_TRUE(Path::parse("$").value().is_root());
  EXPECT_FALSE(Path::parse("$.a").value().is_root());
  EXPECT_TRUE(Path::parse("$.a[*].b").value().spreads());
  EXPECT_FALSE(Path::parse("$['[*]']").value().spreads());
  EXPECT_EQ(Path::parse("$.a[0]").value().source(), "$.a[0]");
}

}  // namespace
}  // namespace fairlead::connector
