#include "base/json.hpp"

#include <gtest/gtest.h>

namespace fairlead {
namespace {

TEST(Json, RefusesWhatIsNotSoundAndSaysWhy) {
  struct Case {
    std::string text, part_of_message;
  };
  const Case cases[] = {
      {"", "invalid JSON"},
      {"{", "invalid JSON"},
      {"{} {}", "text after the end"},
      {R"({"a":1,"a":2})", "\"a\" stands twice"},
      {R"({"a":1,"\u0061":2})", "\"a\" stands twice"},
      {R"({"a":1,"b":1,"c":1,"d":1,"e":1,"f":1,"g":1,"h":1,"i":1,"c":2})", "\"c\" stands twice"},
      {R"({"a":1,"b":1,"c":1,"d":1,"e":1,"f":1,"g":1,"h":1,"i":1,"i":2})", "\"i\" stands twice"},
      {"\"\xff\"", "invalid JSON"},
      {std::string(70, '[') + std::string(70, ']'), "64 levels"},
      {std::string(65, '1'), "64 characters"},
      {"NaN", "invalid JSON"},
      {"40e90130", "too large"},
      {R"({"id":18446744073709551616})", "more than 64 bits"},
      {"-9223372036854775809", "more than 64 bits"},
      {"{'a':1}", "invalid JSON"},
      {R"("\ud83d")", "half of a surrogate pair"},
      {R"("\uD83Dx")", "half of a surrogate pair"},
      {R"("\ud83d\n")", "half of a surrogate pair"},
      {R"("\ud83d\u0041")", "half of a surrogate pair"},
      {R"("\ud83d\ud83d")", "half of a surrogate pair"},
      {R"("\udc00")", "half of a surrogate pair"},
      {R"("\ud83d\ude00)", "incomplete"},
      {R"("\u00e9", 1)", "text after the end"},
      {R"(["\u00e9" 1])", "syntax error"},
  };
  for (const Case& c : cases) {
    const auto value = parse_json(c.text);
    ASSERT_FALSE(value) << c.text;
    EXPECT_NE(value.error().message.find(c.part_of_message), std::string::npos)
        << value.error().message;
  }
}

TEST(Json, LimitsAreErrorsThatNameTheLimit) {
  EXPECT_EQ(parse_json("[1,2,3]", {.bytes = 3}).error().kind, ErrorKind::too_large);
  EXPECT_NE(parse_json("[1,2,3]", {.nodes = 3}).error().message.find("3 values"),
            std::string::npos);
  EXPECT_NE(
      parse_json(R"({"a":1,"b":2})", {.keys_per_object = 1}).error().message.find("1 members"),
      std::string::npos);
}

TEST(Json, KeepsOrderAndReadsNestedObjectsOfTheSameKeys) {
  const auto value = parse_json(R"({"b":{"x":1},"a":{"x":2}})");
  ASSERT_TRUE(value);
  EXPECT_EQ(json::serialize(*value), R"({"b":{"x":1},"a":{"x":2}})");
}

TEST(Json, NumbersThatFitAreTaken) {
  for (const std::string text :
       {"18446744073709551615", "-9223372036854775808", "0", "1E2", "-1.5e-7", "1.0"})
    EXPECT_TRUE(parse_json(text)) << text;
  EXPECT_TRUE(parse_json("[1.5,2,1e3,3]"));
}

TEST(Json, ANumberIsTheNearestDouble) {
  for (const auto& [text, number] : std::initializer_list<std::pair<const char*, double>>{
           {"9090e90", 9090e90},
           {"0.1", 0.1},
           {"0e400", 0},
           {"1.7976931348623157e308", 1.7976931348623157e308},
           {"123456789012345678e-30", 123456789012345678e-30},
           {"-2.5e-320", -2.5e-320}})
    EXPECT_EQ(parse_json(text)->as_double(), number) << text;
  const auto tree = parse_json(R"({"a":[1,9090e90,{"b":0.3}],"c":2,"d":-7.1})");
  ASSERT_TRUE(tree);
  EXPECT_EQ(tree->at("a").at(1).as_double(), 9090e90);
  EXPECT_EQ(tree->at("a").at(2).at("b").as_double(), 0.3);
  EXPECT_EQ(tree->at("d").as_double(), -7.1);
}

TEST(Json, QuotesWhatJsonQuotes) {
  std::string out;
  append_json_string(out, "a\"b\\c\n\x01é");
  EXPECT_EQ(out, R"("a\"b\\c\n\u0001é")");
}

}  // namespace
}  // namespace fairlead
