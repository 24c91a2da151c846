// The tools of a definition's author: findings with their places, lint, golden files.
#include "connector/golden.hpp"
#include "connector/lint.hpp"
#include "connector/offer.hpp"
#include "connector/secret_patterns.hpp"
#include "connector/tool_schema.hpp"
#include "connector/yaml_reader.hpp"
#include "connector/yaml_writer.hpp"

#include <gtest/gtest.h>

#include <algorithm>

namespace fairlead::connector {
namespace {

constexpr std::string_view head = R"(openapi: 3.1.0
info:
  title: Acme
  version: "1"
  x-airbyte-connector-name: acme
  x-airbyte-connector-definition-id: 6f3b8a52-1c47-4e0b-9d6a-2a5e7c1f9b04
  x-airbyte-external-documentation-urls: []
servers: [{url: "https://api.acme.io"}]
paths:
)";

/// A definition of one list that lint has nothing against; `more` goes below the operation.
std::string with_operation(std::string_view more) {
  return std::string(head) + R"(  /tickets:
    get:
      description: Lists the tickets that the caller may see.
      x-airbyte-entity: tickets
      x-airbyte-action: list
      x-airbyte-no-pagination: All at once.
      responses: {"200": {description: ok}}
)" + std::string(more);
}

std::vector<std::string> codes_of(const std::vector<Finding>& findings) {
  std::vector<std::string> out;
  for (const Finding& one : findings) out.push_back(one.code);
  return out;
}

std::vector<Finding> lint_text(const std::string& text) {
  return lint(text, examine_definition(text));
}

// Findings.

TEST(Findings, SeveralMistakesComeWithLineColumnPathAndAdvice) {
  const std::string text = std::string(head) + R"(  /tickets:
    get:
      x-airbyte-entity: tickets
      x-airbyte-action: lst
      parameters: [{name: q, in: query}, {in: path}]
      responses: {"200": {}}
)";
  const auto findings = findings_of(examine_definition(text));
  ASSERT_EQ(findings.size(), 3u);
  EXPECT_EQ(findings[0].line, 13);
  EXPECT_EQ(findings[0].column, 7);
  EXPECT_EQ(findings[0].path, "paths./tickets.get.x-airbyte-action");
  EXPECT_NE(findings[0].message.find("did you mean 'list'"), std::string::npos);
  EXPECT_EQ(findings[1].path, "paths./tickets.get.parameters[1].name");
  EXPECT_EQ(findings[1].column, 42);
  EXPECT_EQ(findings[1].advice, "add the name as the service knows it");
  EXPECT_EQ(findings[2].path, "paths./tickets.get.responses.200.description");
}

TEST(Findings, TextThatIsNoYamlHasItsPlace) {
  const auto findings = findings_of(examine_definition("openapi: 3.1.0\ninfo: {title: [\n"));
  ASSERT_EQ(findings.size(), 1u);
  EXPECT_EQ(findings[0].severity, Finding::Severity::error);
  EXPECT_EQ(findings[0].line, 3);
  EXPECT_GT(findings[0].column, 0);
}

// Lint.

TEST(Lint, ASoundDefinitionIsClean) {
  EXPECT_EQ(codes_of(lint_text(with_operation(""))), std::vector<std::string>{});
}

struct LintCase {
  const char* code;
  const char* more;  ///< below the operation, or a path of its own
  int line;          ///< of the finding, the first line of `more` being 17
};
std::ostream& operator<<(std::ostream& out, const LintCase& one) { return out << one.code; }

class LintFinds : public testing::TestWithParam<LintCase> {};

TEST_P(LintFinds, ItsCodeAtItsLine) {
  const std::string text = with_operation(GetParam().more);
  const LoadReport report = examine_definition(text);
  ASSERT_TRUE(report.definition) << report.problems.at(0).message;
  const auto findings = lint(text, report);
  ASSERT_FALSE(findings.empty());
  EXPECT_EQ(codes_of(findings), std::vector<std::string>(findings.size(), GetParam().code));
  EXPECT_EQ(findings[0].line, GetParam().line) << findings[0].path;
  EXPECT_GT(findings[0].column, 0);
  EXPECT_FALSE(findings[0].path.empty());
  if (findings[0].code != "loader") EXPECT_FALSE(findings[0].advice.empty());
}

#define PARAMETER(schema)                                                                     \
  "      parameters:\n        - {name: a, in: query, description: Which one, schema: " schema \
  "}"                                                                                         \
  "\n"
#define ANOTHER(lines) "  /other:\n    get:\n      responses: {}\n" lines
#define BODY(schema)                                                                       \
  "  /other:\n    post:\n      description: Makes a new ticket of it.\n"                   \
  "      x-airbyte-entity: tickets\n      x-airbyte-action: create\n      responses: {}\n" \
  "      requestBody:\n        content:\n          application/json:\n            "        \
  "schema:\n" schema

INSTANTIATE_TEST_SUITE_P(
    Codes, LintFinds,
    testing::Values(
        LintCase{"missing-description",
                 ANOTHER("      x-airbyte-entity: tickets\n      x-airbyte-action: get\n"), 18},
        LintCase{"short-description",
                 ANOTHER("      summary: Get it\n      x-airbyte-entity: tickets\n"
                         "      x-airbyte-action: get\n"),
                 18},
        LintCase{"tool-name-too-long",
                 ANOTHER("      summary: Gets one of these records\n      x-airbyte-entity: "
                         "a_name_that_goes_on_and_on_and_on_until_it_is_far_too_long_to_be_one\n"
                         "      x-airbyte-action: get\n"),
                 18},
        LintCase{"tool-name-characters",
                 ANOTHER("      summary: Gets one of these records\n      x-airbyte-entity: "
                         "tickets/open\n      x-airbyte-action: get\n"),
                 18},
        LintCase{"list-without-paging",
                 ANOTHER("      summary: Lists some other records\n      x-airbyte-entity: "
                         "others\n      x-airbyte-action: list\n"),
                 18},
        LintCase{"entity-without-read",
                 "  /other:\n    delete:\n      summary: Removes one of these records\n"
                 "      x-airbyte-entity: others\n      x-airbyte-action: delete\n"
                 "      responses: {}\n",
                 18},
        LintCase{"missing-parameter-description",
                 "      parameters:\n        - {name: a, in: query, schema: {type: string}}\n", 18},
        LintCase{
            "empty-parameter-description",
            "      parameters:\n        - {name: user_id, in: query, description: The user id., "
            "schema: {type: string}}\n",
            18},
        LintCase{
            "parameter-name",
            "      parameters:\n        - {name: \"ids[]\", in: query, description: Which ones, "
            "schema: {type: string}}\n",
            18},
        LintCase{"schema-no-type",
                 "      parameters:\n        - {name: a, in: query, description: Which one}\n", 18},
        LintCase{"schema-no-type", PARAMETER("{default: 1}"), 18},
        LintCase{"schema-several-types", PARAMETER("{type: [string, integer, 'null']}"), 18},
        LintCase{"schema-array-items", PARAMETER("{type: array}"), 18},
        LintCase{"schema-open-object", PARAMETER("{type: object}"), 18},
        LintCase{"schema-additional-properties",
                 PARAMETER("{type: object, additionalProperties: true, properties: {b: {type: "
                           "string, description: Some text}}}"),
                 18},
        LintCase{"schema-combinator", PARAMETER("{type: string, not: {type: string}}"), 18},
        LintCase{"schema-format", PARAMETER("{type: string, format: uri}"), 18},
        LintCase{"schema-enum-mixed", PARAMETER("{type: string, enum: [a, 1]}"), 18},
        LintCase{"schema-enum-type", PARAMETER("{type: string, enum: [1, 2]}"), 18},
        LintCase{"schema-default-type", PARAMETER("{type: integer, default: many}"), 18},
        LintCase{"schema-default-enum", PARAMETER("{type: string, enum: [a, b], default: c}"), 18},
        LintCase{"schema-unknown-ref", PARAMETER("{$ref: '#/components/schemas/Nothing'}"), 18},
        LintCase{"schema-combinator", BODY("              oneOf: [{type: object}]\n"), 27},
        LintCase{"missing-parameter-description",
                 BODY("              type: object\n              properties:\n"
                      "                subject: {type: string}\n"),
                 29},
        LintCase{
            "schema-recursive",
            BODY("              type: object\n              properties:\n                block: "
                 "{$ref: '#/components/schemas/Block'}\n"
                 "components:\n  schemas:\n    Block:\n      type: object\n      description: A "
                 "part\n      properties:\n        child: {$ref: "
                 "'#/components/schemas/Block'}\n"),
            36},
        LintCase{"secret", "      x-note: use ghp_9aB3kLm2Qz7Xw4Rt6Yv8Nc1Pd5Sf0GhJ2kE3\n", 17},
        LintCase{"loader", "      x-airbyte-meta-extractor: {next: 'no path'}\n", 17}),
    [](const auto& info) {
      std::string name = info.param.code + std::to_string(info.index);
      std::replace(name.begin(), name.end(), '-', '_');
      return name;
    });

TEST(Lint, HostsThatAreOnlyExamplesOrUnencrypted) {
  std::string text = with_operation("");
  const auto at = text.find("https://api.acme.io");
  EXPECT_EQ(codes_of(lint_text(std::string(text).replace(at, 19, "https://api.example.com"))),
            std::vector<std::string>{"placeholder-host"});
  EXPECT_EQ(codes_of(lint_text(std::string(text).replace(at, 19, "http://api.acme.io"))),
            std::vector<std::string>{"plain-http"});
  EXPECT_TRUE(lint_text(std::string(text).replace(at, 19, "http://127.0.0.1:8301")).empty());
}

TEST(Lint, WithoutAProbe) {
  std::string text = with_operation(
      "      parameters:\n        - {name: a, in: query, required: "
      "true, description: Which one, schema: {type: string}}\n");
  EXPECT_EQ(codes_of(lint_text(text)), std::vector<std::string>{"no-probe"});
}

TEST(Lint, ACommentAllowsACode) {
  const std::string bad = PARAMETER("{type: array}");
  const std::string on_line =
      bad.substr(0, bad.size() - 1) + "  # lint: allow schema-array-items\n";
  EXPECT_TRUE(lint_text(with_operation(on_line)).empty());
  std::string above = bad;
  above.insert(above.find("        - "), "        # lint: allow other, schema-array-items (why)\n");
  EXPECT_TRUE(lint_text(with_operation(above)).empty());
  EXPECT_TRUE(lint_text("# lint: allow-file schema-array-items\n" + with_operation(bad)).empty());
  EXPECT_FALSE(lint_text("# lint: allow schema-array-items\n" + with_operation(bad)).empty());
  EXPECT_FALSE(lint_text("# lint: allow-file schema-format\n" + with_operation(bad)).empty());
}

TEST(Lint, AChainOfReferencesIsSaidToBeTooDeepAndFollowedNoFurther) {
  std::string more = BODY("              {$ref: '#/components/schemas/S0'}\n");
  more += "components:\n  schemas:\n";
  for (int i = 0; i < 4000; ++i)
    more += "    S" + std::to_string(i) +
            ": {type: object, properties: {a: {$ref: '#/components/schemas/S" +
            std::to_string((i + 1) % 4000) + "', description: One more}}}\n";
  const auto codes = codes_of(lint_text(with_operation(more)));
  EXPECT_EQ(codes, std::vector<std::string>{"schema-too-deep"});
}

TEST(Lint, HostsAreNamedWithTheirDefaults) {
  std::string text = with_operation("");
  const std::string_view old = "servers: [{url: \"https://api.acme.io\"}]";
  text.replace(
      text.find(old), old.size(),
      "servers: [{url: \"https://{region}.acme.io/v1\", variables: {region: {default: eu}}}]");
  const auto report = examine_definition(text);
  ASSERT_TRUE(report.definition);
  const auto hosts = hosts_of(text, *report.definition);
  ASSERT_EQ(hosts.size(), 1u);
  EXPECT_EQ(hosts[0].origin, "https://eu.acme.io");
  EXPECT_EQ(hosts[0].path, "servers[0].url");
}

// Secrets.

TEST(SecretPatterns, RealLookingOnesOnly) {
  struct Case {
    const char *name, *text;
    bool is_secret;
  };
  for (const Case& one : {
           Case{"", "ghp_9aB3kLm2Qz7Xw4Rt6Yv8Nc1Pd5Sf0GhJ2kE3", true},
           Case{"", "see sk_live_9aB3kLm2Qz7Xw4Rt6Yv8 there", true},
           Case{"", "xoxb-2847562910-8374650192-Qz7Xw4Rt6Yv8Nc", true},
           Case{"", "AKIAQZ7XW4RT6YV8NCPD", true},
           Case{"", "-----BEGIN RSA PRIVATE KEY-----\nMIIE", true},
           Case{"", "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiJhbm4ifQ.Qz7Xw4Rt6Yv8Nc1Pd5Sf0GhJ2kE3", true},
           Case{"", "lin_api_9aB3kLm2Qz7Xw4Rt6Yv8Nc1Pd5Sf0GhJ", true},
           Case{"api_token", "9aB3kLm2Qz7Xw4Rt6Yv8Nc1Pd", true},
           Case{"cursor", "9aB3kLm2Qz7Xw4Rt6Yv8Nc1Pd", false},
           Case{"api_token", "Begins with hk_; hk_sandbox may do everything", false},
           Case{"token", "${access_token}", false},
           Case{"token", "fake-token-9aB3kLm2Qz7Xw4Rt6Yv8", false},
           Case{"", "ghp_xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx", false},
           Case{"", "ghp_...", false},
           Case{"", "sk_test_fake", false},
           Case{"", "AKIAIOSFODNN7EXAMPLE", false},
           Case{"", "", false},
       })
    EXPECT_EQ(secret_in(one.name, one.text).has_value(), one.is_secret) << one.text;
}

// YAML.

TEST(YamlWriter, WhatIsWrittenIsReadBack) {
  const json::object value =
      parse_json_object(R"({"a":"plain text","b":"","c":"true","d":"12","e":"x: y","f":"# no",
        "g":[],"h":{},"i":[1,-2,3.5,1e300,null,true,"null"],"j":"line one\nline two\n",
        "k":"no end\nhere","l":" leading\nblank","m":"tab\there","n":"ünï ✓","o":"a\\b\"c",
        "p":{"deep":{"deeper":[{"one":"some text that is long enough to need a line","two":
        "some more text that is long enough to need a line"},{"one":"x"}]}},"q":"ends:",
        "r":"- dash","x y":"key with blank","s":"@at","t":"{brace","u":"a, b","v":"yes","w":"1.0",
        "y":"https://a.example/b?c=d&e=%20","z":"\u0001","weird: key":1,"lone\n":2,"long":
        [["aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa","bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb"],[]]})",
                        "the value")
          .value();
  std::string text;
  append_yaml(text, value, 0);
  const auto tree = read_yaml(text);
  ASSERT_TRUE(tree) << text << tree.error()[0].message;
  EXPECT_EQ(to_json(*tree->root), json::value(value)) << text;
}

// Golden files.

const std::string golden_definition = with_operation(R"(  /tickets/{id}:
    put:
      description: Changes what is given of a ticket.
      x-airbyte-entity: tickets
      x-airbyte-action: update
      parameters:
        - {name: id, in: path, required: true, schema: {type: integer}}
      requestBody:
        content:
          application/json:
            schema: {type: object, properties: {a: {type: string}, b: {type: integer}}}
      responses: {"200": {description: ok}}
)");

constexpr std::string_view golden_text = R"(# A comment that stays.
defaults: {credentials: {token: fake}}
cases:
  - name: list
    call: {entity: tickets, action: list}
    exchanges:
      - request:
          method: GET
          url: https://api.acme.io/tickets
          headers: {accept: "*/*", authorization: Bearer fake}
        answer: {json: [{id: 1}]}
    result: {data: [{id: 1}], paging: {has_more: false, end_cursor: null}}
  # About the next.
  - name: update
    call: {entity: tickets, action: update, params: {id: 5, b: 1, a: x}}
    exchanges:
      - request:
          method: PUT
          url: https://api.acme.io/tickets/5
          headers: {Accept: "*/*", Content-Type: application/json, Authorization: Bearer fake}
          json: {b: 1, a: x}
)";

std::shared_ptr<const Definition> golden_subject() {
  return load_definition(golden_definition).value();
}

TEST(Golden, CasesPassWithAndWithoutAnAnswer) {
  const auto file = read_golden(golden_text);
  ASSERT_TRUE(file) << file.error()[0].message;
  ASSERT_EQ(file->cases.size(), 2u);
  const auto definition = golden_subject();
  for (const GoldenCase& one : file->cases) {
    const auto verdict = run_golden(*definition, one);
    EXPECT_TRUE(verdict.passed) << difference(verdict.expected, verdict.actual);
  }
}

TEST(Golden, EveryKindOfDifferenceFails) {
  struct Case {
    const char *from, *to;
  };
  for (const Case& one : {
           Case{"method: GET", "method: POST"},
           Case{"acme.io/tickets\n", "acme.io/ticket\n"},
           Case{"authorization: Bearer fake}", "authorization: Bearer other}"},
           Case{"authorization: Bearer fake}", "authorization: Bearer fake, X-More: a}"},
           Case{"{accept: \"*/*\", ", "{"},
           Case{"result: {data: [{id: 1}]", "result: {data: [{id: 2}]"},
           Case{"result: {data: [{id: 1}]", "result: {data: [{id: 1}], meta: {a: 1}"},
           Case{"has_more: false", "has_more: true"},
           Case{"result: {data: [{id: 1}], paging: {has_more: false, end_cursor: null}}",
                "error: {kind: network}"},
           Case{"    result:", "    waits: [{kind: backoff, at_most_seconds: 1.0}]\n    result:"},
           Case{"answer: {json: [{id: 1}]}", "answer: {status: 404, json: {message: no}}"},
           Case{"json: {b: 1, a: x}", "json: {a: x, b: 1}"},
           Case{"json: {b: 1, a: x}", "json: {b: 1}"},
           Case{"json: {b: 1, a: x}", "body: text"},
           Case{"id: 5, b: 1", "id: 6, b: 1"},
       }) {
    std::string text(golden_text);
    const auto at = text.find(one.from);
    ASSERT_NE(at, std::string::npos) << one.from;
    text.replace(at, std::string_view(one.from).size(), one.to);
    const auto file = read_golden(text);
    ASSERT_TRUE(file) << one.to << ": " << file.error()[0].message;
    const auto definition = golden_subject();
    int failed = 0;
    for (const GoldenCase& each : file->cases) {
      const auto verdict = run_golden(*definition, each);
      failed += verdict.passed ? 0 : 1;
      EXPECT_EQ(verdict.passed, difference(verdict.expected, verdict.actual).empty()) << one.to;
    }
    EXPECT_EQ(failed, 1) << one.to;
  }
}

TEST(Golden, UpdateWritesWhatCameAndKeepsTheRest) {
  std::string text(golden_text);
  const std::string_view old = "result: {data: [{id: 1}]";
  text.replace(text.find(old), old.size(), "result: {data: []");
  const auto file = read_golden(text);
  ASSERT_TRUE(file);
  const auto definition = golden_subject();
  std::vector<GoldenVerdict> verdicts;
  for (const GoldenCase& one : file->cases) verdicts.push_back(run_golden(*definition, one));
  const auto updated = updated_golden(text, *file, verdicts);
  ASSERT_TRUE(updated) << updated.error().message;
  EXPECT_NE(updated->find("# A comment that stays.\n"), std::string::npos);
  EXPECT_NE(updated->find("  # About the next.\n  - name: update"), std::string::npos);
  EXPECT_NE(updated->find("result: {data: [{id: 1}], paging"), std::string::npos) << *updated;
  const auto again = read_golden(*updated);
  ASSERT_TRUE(again) << *updated << again.error()[0].message;
  for (const GoldenCase& one : again->cases) EXPECT_TRUE(run_golden(*definition, one).passed);
}

TEST(Golden, ACaseWithoutExpectationsIsFilledIn) {
  const std::string text =
      "name: alone\ncall:\n  entity: tickets\n  action: list\n"
      "  credentials: {token: fake}\n# the end\n";
  const auto file = read_golden(text);
  ASSERT_TRUE(file) << file.error()[0].message;
  const auto definition = golden_subject();
  const auto verdict = run_golden(*definition, file->cases[0]);
  EXPECT_FALSE(verdict.passed);
  const auto updated = updated_golden(text, *file, {verdict});
  ASSERT_TRUE(updated);
  const auto again = read_golden(*updated);
  ASSERT_TRUE(again) << *updated;
  EXPECT_TRUE(run_golden(*definition, again->cases[0]).passed) << *updated;
  EXPECT_TRUE(updated->ends_with("# the end\n")) << *updated;
}

TEST(Golden, AFlowCaseIsNotRewrittenByLines) {
  const std::string text = "cases:\n  - {name: a, call: {entity: tickets, action: list}}\n";
  const auto file = read_golden(text);
  ASSERT_TRUE(file);
  const auto verdict = run_golden(*golden_subject(), file->cases[0]);
  EXPECT_FALSE(updated_golden(text, *file, {verdict}));
}

TEST(Golden, JsonIsRewrittenAsJson) {
  const std::string text =
      R"({"cases": [{"name": "a", "call": {"entity": "tickets", "action": "list"}}]})";
  const auto file = read_golden(text);
  ASSERT_TRUE(file);
  const auto definition = golden_subject();
  const auto updated = updated_golden(text, *file, {run_golden(*definition, file->cases[0])});
  ASSERT_TRUE(updated);
  const auto again = read_golden(*updated);
  ASSERT_TRUE(again) << *updated;
  EXPECT_TRUE(parse_json(*updated));
  EXPECT_TRUE(run_golden(*definition, again->cases[0]).passed) << *updated;
}

TEST(Golden, BadFilesAreRefusedWithTheirLine) {
  struct Case {
    const char* text;
    int line;
    const char* part;
  };
  for (const Case& one : {
           Case{"", 1, "empty"},
           Case{"[]", 1, "mapping"},
           Case{"cases: []", 1, "at least one case"},
           Case{"cases: {}", 1, "a list is expected"},
           Case{"cases:\n- name: a\n", 2, "is missing"},
           Case{"cases:\n- name: a\n  cal: {}\n", 2, "is missing"},
           Case{"name: a\ncall: {entity: t, action: list}\nresults: {}\n", 3, "did you mean"},
           Case{"name: a\ncall: {entity: t}\n", 2, "is missing"},
           Case{"name: a\ncall: {entity: t, action: list, now: soon}\n", 2, "`now` is a time"},
           Case{"name: a\ncall: {entity: t, action: list}\nexchanges: [{answer: {status: 99}}]\n",
                3, "200 to 599"},
           Case{"name: a\ncall: {entity: t, action: list}\nexchanges: [{answer: {failure: no}}]\n",
                3, "is not one of"},
           Case{"name: a\ncall: {entity: t, action: list}\nexchanges: [{}, {answer: {}}]\n", 3,
                "only the last request"},
           Case{"name: a\ncall: {entity: t, action: list}\nexchanges: [{}]\nresult: {data: 1}\n", 1,
                "no `answer`"},
           Case{"name: a\ncall: {entity: t, action: list}\nresult: {data: 1}\nerror: {kind: x}\n",
                1, "not both"},
           Case{"name: a\ncall: {entity: t, action: list}\nexchanges:\n- answer: {body: a, json: "
                "1}\n",
                4, "not both"},
           Case{"name: a\ncall: {entity: t, action: list}\nexchanges:\n- request: {method: GET}\n",
                4, "is missing"},
           Case{"name: a\ncall:\n  entity: t\n  action: list\n  credentials:\n    token: "
                "ghp_9aB3kLm2Qz7Xw4Rt6Yv8Nc1Pd5Sf0GhJ2kE3\n",
                5, "looks like a GitHub token"},
           Case{"cases:\n- {name: a, call: {entity: t, action: list}}\n- {name: a, call: {entity: "
                "t, action: list}}\n",
                3, "stands twice"},
           Case{"name: [a\n", 2, "not valid YAML"},
       }) {
    const auto file = read_golden(one.text);
    ASSERT_FALSE(file) << one.text;
    EXPECT_EQ(file.error()[0].line, one.line) << one.text;
    EXPECT_NE(file.error()[0].message.find(one.part), std::string::npos)
        << one.text << file.error()[0].message;
  }
}

// Tools.

TEST(ToolSchema, CarriesNothingOfTheEngine) {
  const auto definition = load_definition(with_operation(
      "      parameters:\n        - {name: a, in: query, description: Which one, schema: {type: "
      "object, x-airbyte-probe-default: 1, properties: {x-b: {type: string, x-c: 1}}}}\n"));
  ASSERT_TRUE(definition);
  const json::object tool = tool_of(**definition, *(*definition)->operations[0]);
  EXPECT_EQ(tool.at("name"), "acme_tickets_list");
  EXPECT_EQ(json::serialize(tool.at("input_schema").at("properties")),
            R"({"a":{"type":"object","properties":{"x-b":{"type":"string"}},)"
            R"("description":"Which one"}})");
}

TEST(Offer, UnknownNamesAreSaidWithTheirNeighbours) {
  const auto definition = golden_subject();
  EXPECT_EQ(choose_operations(*definition, "", "")->size(), 2u);
  EXPECT_EQ(choose_operations(*definition, "tickets", "update")->size(), 1u);
  EXPECT_NE(choose_operations(*definition, "tikets", "").error().message.find("'tickets'"),
            std::string::npos);
  EXPECT_NE(choose_operations(*definition, "tickets", "get").error().message.find("list, update"),
            std::string::npos);
}

}  // namespace
}  // namespace fairlead::connector
