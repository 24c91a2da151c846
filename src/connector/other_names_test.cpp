#include "connector/other_names.hpp"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace fairlead::connector {
namespace {

using testing::HasSubstr;

std::string definition_with(std::string_view known_as) {
  return fmt::format(R"(openapi: 3.1.0
info:
  title: Things
  version: 1.0.0
  x-airbyte-connector-name: things
  x-airbyte-connector-definition-id: 6a7f3f0e-5f0a-4a7e-9a51-0a3b5b9c0d11
  x-airbyte-external-documentation-urls: []
servers:
  - url: https://things.example
paths:
  /things/{{number}}/parts:
    get:
      x-airbyte-entity: parts
      x-airbyte-action: list
{}      parameters:
        - {{name: number, in: path, required: true, schema: {{type: integer}}}}
        - {{name: page, in: query, schema: {{type: integer}}}}
        - {{name: state, in: query, schema: {{type: string, enum: [open, closed, all]}}}}
      responses: {{}}
  /things:
    get: {{x-airbyte-entity: things, x-airbyte-action: list, responses: {{}}}}
)",
                     known_as);
}

constexpr std::string_view known_as = R"(      x-fairlead-also-known-as:
        operations: [pieces.list, pieces.search]
        parameters: {id: number, after: page, states: state}
        values: {state: {OPEN: open, "CLOSED,OPEN": all}}
)";

TEST(OtherNames, FindTheSameOperation) {
  const auto definition = load_definition(definition_with(known_as));
  ASSERT_TRUE(definition) << definition.error().message;
  const auto own = (*definition)->find("parts", "list");
  ASSERT_TRUE(own);
  for (const char* action : {"list", "search", "api_search"}) {
    const auto other = (*definition)->find("pieces", action);
    ASSERT_TRUE(other) << action;
    EXPECT_EQ(*other, *own);
  }
  // They are no entities of their own.
  EXPECT_EQ((*definition)->find_entity("pieces"), nullptr);
  EXPECT_EQ((*definition)->operations.size(), 2u);
  EXPECT_THAT((*definition)->find("pieces", "get").error().message,
              HasSubstr("it has list, search"));
}

TEST(OtherNames, OfParametersAndValues) {
  const auto definition = load_definition(definition_with(known_as));
  ASSERT_TRUE(definition) << definition.error().message;
  const Operation& parts = **(*definition)->find("parts", "list");
  struct Case {
    const char *given, *taken;
  };
  for (const Case& one : {
           Case{R"({"id":7})", R"({"number":7})"},
           Case{R"({"id":7,"number":8})", R"({"number":8})"},
           Case{R"({"after":"3"})", R"({"page":3})"},
           Case{R"({"after":"x"})", R"({"page":"x"})"},
           Case{R"({"after":null})", R"({"page":null})"},
           Case{R"({"states":["OPEN"]})", R"({"state":"open"})"},
           Case{R"({"states":["OPEN","CLOSED"]})", R"({"state":"all"})"},
           Case{R"({"states":["CLOSED","OPEN"]})", R"({"state":"all"})"},
           Case{R"({"state":"OPEN"})", R"({"state":"open"})"},
           Case{R"({"state":"closed"})", R"({"state":"closed"})"},
           Case{R"({"states":["NONE"]})", R"({"state":["NONE"]})"},
           Case{R"({"states":[1]})", R"({"state":[1]})"},
           Case{R"({"states":{}})", R"({"state":{}})"},
           Case{R"({"colour":"red"})", R"({"colour":"red"})"},
           Case{"{}", "{}"},
       }) {
    json::object params = parse_json(one.given)->as_object();
    take_other_names(parts, params);
    EXPECT_EQ(json::serialize(params), one.taken) << one.given;
  }
}

TEST(OtherNames, ThatCannotBeAreRefused) {
  struct Case {
    const char *text, *where, *why;
  };
  for (const Case& one : {
           Case{"{operations: [pieces]}", "operations", "such as issues.list"},
           Case{"{operations: [.list]}", "operations", "such as issues.list"},
           Case{"{operations: [pieces.fly]}", "operations", "such as issues.list"},
           Case{"{parameters: {id: numbr}}", "parameters", "'numbr' is no parameter"},
           Case{"{parameters: {page: number}}", "parameters", "'page' is a parameter of its own"},
           Case{"{values: {stat: {A: b}}}", "values.stat", "'stat' is no parameter"},
           Case{"{values: {state: [A]}}", "values.state", ""},
           Case{"{params: {id: number}}", "params", ""},
           Case{"[pieces.list]", "x-fairlead-also-known-as", ""},
       }) {
    const auto definition = load_definition(
        definition_with(fmt::format("      x-fairlead-also-known-as: {}\n", one.text)));
    ASSERT_FALSE(definition) << one.text;
    EXPECT_THAT(definition.error().message, HasSubstr(one.where)) << one.text;
    EXPECT_THAT(definition.error().message, HasSubstr(one.why)) << one.text;
  }
  const auto taken = load_definition(
      definition_with("      x-fairlead-also-known-as: {operations: [things.list]}\n"));
  ASSERT_TRUE(taken);
  EXPECT_THAT((*taken)->warnings, testing::Contains(HasSubstr("things.list is the name of an")));
}

std::string definition_with_scheme(std::string_view names) {
  return definition_with("") + fmt::format(R"(components:
  securitySchemes:
    key:
      type: http
      scheme: bearer
      x-airbyte-auth-config:
        type: object
        required: [token]
        properties: {{token: {{type: string}}, host: {{type: string}}}}
        auth_mapping: {{token: "${{token}}"}}
        additional_headers: {{X-Host: "{{{{ host }}}}"}}
      x-fairlead-also-known-as: {}
)",
                                           names);
}

TEST(OtherNames, OfCredentialsAreTaken) {
  const auto definition =
      load_definition(definition_with_scheme("{fields: {personal_access_token: token}}"));
  ASSERT_TRUE(definition) << definition.error().message;
  CredentialFields fields;
  fields.emplace("personal_access_token", Secret("p"));
  take_other_names(**definition, fields);
  ASSERT_EQ(fields.size(), 1u);
  EXPECT_TRUE(fields.at("token").matches(Secret("p")));
  // The own name goes first.
  fields.emplace("personal_access_token", Secret("q"));
  take_other_names(**definition, fields);
  ASSERT_EQ(fields.size(), 1u);
  EXPECT_TRUE(fields.at("token").matches(Secret("p")));
}

TEST(OtherNames, OfCredentialsAreChecked) {
  for (const auto& [names, problem] :
       {std::pair("{fields: {pat: tokn}}", "'tokn' is no field of this scheme"),
        std::pair("{fields: {host: token}}", "'host' is a field of its own"),
        std::pair("{parameters: {pat: token}}", "fields: is missing"), std::pair("{}", "fields")}) {
    const auto definition = load_definition(definition_with_scheme(names));
    ASSERT_FALSE(definition) << names;
    EXPECT_THAT(definition.error().message, HasSubstr(problem));
  }
}

}  // namespace
}  // namespace fairlead::connector
