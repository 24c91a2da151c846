// What Python says of the same values.
#include "connector/python_value.hpp"

#include <gtest/gtest.h>

#include <limits>
#include <vector>

namespace fairlead::connector {
namespace {

TEST(PythonValue, PrintsAsPythonDoes) {
  struct Case {
    const char *json, *repr;
  };
  for (const Case& one : std::vector<Case>{{"null", "None"},
                                           {"true", "True"},
                                           {"-7", "-7"},
                                           {"18446744073709551615", "18446744073709551615"},
                                           {"1.0", "1.0"},
                                           {"0.1", "0.1"},
                                           {"1e16", "1e+16"},
                                           {"123456789012345680.0", "1.2345678901234568e+17"},
                                           {"0.0001", "0.0001"},
                                           {"0.00001", "1e-05"},
                                           {"-0.0", "-0.0"},
                                           {R"("a")", "'a'"},
                                           {R"("it's")", R"("it's")"},
                                           {R"("'\"")", R"('\'"')"},
                                           {R"("\\\n\t\u0001")", R"('\\\n\t\x01')"},
                                           {"[]", "[]"},
                                           {R"(["a",1,[null]])", "['a', 1, [None]]"},
                                           {R"({"a":{"b":false}})", "{'a': {'b': False}}"}})
    EXPECT_EQ(shown(json::parse(one.json)), one.repr);
  EXPECT_EQ(message_text("it's"), "it's");
  EXPECT_EQ(message_text(json::array{"a"}), "['a']");
  EXPECT_EQ(python_float(std::numeric_limits<double>::quiet_NaN()), "nan");
  EXPECT_EQ(python_float(-std::numeric_limits<double>::infinity()), "-inf");
}

TEST(PythonValue, ComparesAsPythonDoes) {
  struct Case {
    const char *a, *b;
    bool same;
  };
  for (const Case& one : std::vector<Case>{{"1", "1.0", true},
                                           {"1", "true", true},
                                           {"0", "false", true},
                                           {"0", "null", false},
                                           {"1", "\"1\"", false},
                                           {"[1,true]", "[1.0,1]", true},
                                           {"[1]", "[1,2]", false},
                                           {R"({"a":1,"b":2})", R"({"b":2.0,"a":true})", true},
                                           {R"({"a":1})", R"({"b":1})", false},
                                           {"9007199254740993", "9007199254740992", false},
                                           {"18446744073709551615", "18446744073709551614", false},
                                           {"{}", "[]", false}}) {
    EXPECT_EQ(same_value(json::parse(one.a), json::parse(one.b)), one.same) << one.a << one.b;
    EXPECT_EQ(same_value(json::parse(one.b), json::parse(one.a)), one.same) << one.a << one.b;
  }
  for (const char* empty : {"null", "false", "0", "0.0", "\"\"", "[]", "{}"})
    EXPECT_FALSE(is_truthy(json::parse(empty))) << empty;
  for (const char* full : {"true", "-1", "0.5", "\"0\"", "[null]", R"({"a":null})"})
    EXPECT_TRUE(is_truthy(json::parse(full))) << full;
}

}  // namespace
}  // namespace fairlead::connector
