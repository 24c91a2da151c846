// Definitions that are valid YAML and mean harm: loading stays quick, small and correct.
#include "connector/definition.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>

namespace fairlead::connector {
namespace {

using testing::HasSubstr;

constexpr const char* head = R"(openapi: 3.1.0
info:
  title: Hostile
  version: 1.0.0
  x-airbyte-connector-definition-id: 6f3b8a52-1c47-4e0b-9d6a-2a5e7c1f9b04
  x-airbyte-external-documentation-urls: []
servers: [{url: "https://api.example.com"}]
)";

std::string operation(int number, const std::string& rest) {
  return "  /p" + std::to_string(number) + ":\n    get:\n      x-airbyte-entity: e" +
         std::to_string(number) + "\n      x-airbyte-action: list\n" + rest;
}

/// Generous: debug and sanitizer builds, busy machines. Quadratic work would take minutes.
auto load_quickly(const std::string& text) {
  const auto start = std::chrono::steady_clock::now();
  auto loaded = load_definition(text, "hostile.yaml");
  EXPECT_LT(std::chrono::steady_clock::now() - start, std::chrono::seconds(10));
  return loaded;
}

std::size_t size_of(const json::value& value) {
  std::size_t size = 1;
  if (const auto* list = value.if_array())
    for (const auto& one : *list) size += size_of(one);
  if (const auto* object = value.if_object())
    for (const auto& one : *object) size += size_of(one.value());
  return size;
}
std::size_t depth_of(const json::value& value) {
  std::size_t depth = 0;
  if (const auto* list = value.if_array())
    for (const auto& one : *list) depth = std::max(depth, depth_of(one));
  if (const auto* object = value.if_object())
    for (const auto& one : *object) depth = std::max(depth, depth_of(one.value()));
  return depth + 1;
}

const char* const answer =
    "      responses: {\"200\": {description: d, content: {application/json: {schema: {$ref: "
    "\"#/components/schemas/S0\"}}}}}\n";

TEST(HostileDefinition, ReferencesThatMultiply) {
  std::string text = head + std::string("paths:\n");
  for (int i = 0; i < 500; ++i) text += operation(i, answer);
  text += "components:\n  schemas:\n";
  for (int i = 0; i < 20; ++i) {
    text += "    S" + std::to_string(i) + ":\n      properties:\n";
    for (int k = 0; k < 10; ++k)
      text += "        p" + std::to_string(k) + ": {$ref: '#/components/schemas/S" +
              std::to_string(i + 1) + "'}\n";
  }
  const auto loaded = load_quickly(text);
  ASSERT_TRUE(loaded) << loaded.error().message;
  std::size_t size = 0;
  for (const auto& one : (*loaded)->operations) size += size_of(one->response_schema);
  EXPECT_LT(size, 500'000u);
}

TEST(HostileDefinition, ReferencesInCircles) {
  const std::string text =
      head + std::string("paths:\n") + operation(0, answer) +
      "components:\n  schemas:\n"
      "    S0:\n      properties:\n"
      "        self: {$ref: '#/components/schemas/S0'}\n"
      "        other: {$ref: '#/components/schemas/S1'}\n"
      "    S1:\n      properties:\n"
      "        back: {type: array, items: {$ref: '#/components/schemas/S0'}}\n";
  const auto loaded = load_quickly(text);
  ASSERT_TRUE(loaded) << loaded.error().message;
  EXPECT_EQ(
      json::serialize((*loaded)->operations[0]->response_schema),
      R"({"properties":{"self":{"$ref":"#/components/schemas/S0"},)"
      R"("other":{"properties":{"back":{"type":"array","items":{"$ref":"#/components/schemas/S0"}}}}}})");
}

TEST(HostileDefinition, ReferencesInALongChain) {
  std::string text =
      head + std::string("paths:\n") + operation(0, answer) + "components:\n  schemas:\n";
  for (int i = 0; i < 2000; ++i)
    text += "    S" + std::to_string(i) + ": {properties: {next: {$ref: '#/components/schemas/S" +
            std::to_string(i + 1) + "'}}}\n";
  const auto loaded = load_quickly(text);
  ASSERT_TRUE(loaded) << loaded.error().message;
  EXPECT_LT(depth_of((*loaded)->operations[0]->response_schema), 140u);
}

TEST(HostileDefinition, ThousandsOfUnknownKeys) {
  std::string text = head + std::string("paths:\n") + operation(0, "");
  for (int i = 0; i < 40'000; ++i) text += "      unknown" + std::to_string(i) + ": 1\n";
  const auto loaded = load_quickly(text);
  ASSERT_FALSE(loaded);
  EXPECT_EQ(loaded.error().fields.size(), 100u);
}

TEST(HostileDefinition, ThousandsOfUnknownExtensions) {
  std::string text = head + std::string("paths:\n") + operation(0, "");
  for (int i = 0; i < 40'000; ++i) text += "      x-airbyte-entit" + std::to_string(i) + ": 1\n";
  const auto loaded = load_quickly(text);
  ASSERT_TRUE(loaded) << loaded.error().message;
  EXPECT_EQ((*loaded)->warnings.size(), 100u);
  // They do not hide what is wrong.
  EXPECT_THAT(load_quickly(text + "      unknown: 1\n").error().message, HasSubstr("unknown"));
}

TEST(HostileDefinition, ThousandsOfParametersAndProperties) {
  std::string parameters, properties, required;
  for (int i = 0; i < 8'000; ++i) {
    const std::string n = std::to_string(i);
    parameters += "        - {name: p" + n + ", in: query}\n";
    properties += "                  b" + n + ": {x-airbyte-probe-default: 1}\n";
    required += "b" + n + ",";
  }
  const auto loaded = load_quickly(
      head + std::string("paths:\n") +
      operation(0, "      parameters:\n" + parameters +
                       "      requestBody:\n        content:\n          application/json:\n"
                       "            schema:\n              required: [" +
                       required + "b]\n              properties:\n" + properties));
  ASSERT_TRUE(loaded) << loaded.error().message;
  EXPECT_EQ((*loaded)->operations[0]->parameters.size(), 8'000u);
  EXPECT_TRUE((*loaded)->operations[0]->body.fields[7'999].required);
}

TEST(HostileDefinition, ThousandsOfOperationsOfOneName) {
  std::string text = head + std::string("paths:\n");
  for (int i = 0; i < 8'000; ++i)
    text += "  /p" + std::to_string(i) + ": {get: {x-airbyte-entity: e, x-airbyte-action: list}}\n";
  const auto loaded = load_quickly(text);
  ASSERT_TRUE(loaded) << loaded.error().message;
  ASSERT_EQ((*loaded)->operations.size(), 1u);
  EXPECT_EQ((*loaded)->operations[0]->label, "/p7999");
}

TEST(HostileDefinition, LongNamesMakeNoLongMessages) {
  const std::string name(500'000, 'n');
  for (const std::string& rest :
       {"      x-airbyte-path-override: {path: '/{" + name + "}'}\n",
        "      parameters: [{name: '" + name + "', in: header, " + name + ": 1}]\n",
        "      x-airbyte-record-extractor: '" + name + "!'\n      \"" + name + "\": 1\n"}) {
    const auto loaded = load_quickly(head + std::string("paths:\n") + operation(0, rest));
    ASSERT_FALSE(loaded);
    for (const FieldError& field : loaded.error().fields) {
      EXPECT_LT(field.message.size(), 1'200u);
      EXPECT_LT(field.field.size(), 1'000u);
    }
  }
}

TEST(HostileDefinition, OnlyAMapping) {
  for (const char* text : {"text", "[1, 2]", "null", "5", "''"})
    EXPECT_THAT(load_quickly(text).error().message, HasSubstr("a mapping is expected"));
  EXPECT_THAT(load_quickly("").error().message, HasSubstr("is empty"));
  EXPECT_THAT(load_quickly("info: []\npaths: []\nopenapi: 3.1.0").error().message,
              HasSubstr("a mapping is expected here, not a list"));
  EXPECT_THAT(load_quickly("openapi: 3.1.0\ninfo:\npaths:\n").error().message,
              HasSubstr("info: is missing"));
}

}  // namespace
}  // namespace fairlead::connector
