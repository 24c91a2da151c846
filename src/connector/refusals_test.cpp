// What the loader refuses, with line, path and message; and what it accepts although it is odd.
#include "connector/definition.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>

namespace fairlead::connector {
namespace {

using testing::HasSubstr;

constexpr std::string_view good = R"(openapi: 3.1.0
info:
  title: Small
  version: 1.0.0
  x-airbyte-connector-definition-id: 6f3b8a52-1c47-4e0b-9d6a-2a5e7c1f9b04
  x-airbyte-external-documentation-urls:
    - {url: "https://docs.example.com", type: api_reference}
  x-airbyte-retry-config: {max_attempts: 2}
  x-airbyte-response-error-check: {field: ok, on_value: false}
  x-airbyte-scoping:
    - {param: owner}
  x-airbyte-entity-relationships:
    - {source_entity: things, target_entity: things, foreign_key: parent}
  x-airbyte-context-store:
    entities:
      - entity: things
        fields:
          - {name: id, type: string, description: The number}
  x-airbyte-replication-config:
    properties: {start: {type: string}}
    replication_config_key_mapping: {start: start_date}
servers:
  - url: https://{site}.example.com/
    variables:
      site: {default: www}
    x-airbyte-replication-environment-mapping: {site: domain}
security:
  - key: []
paths:
  /things:
    get:
      x-airbyte-entity: things
      x-airbyte-action: list
      x-airbyte-record-extractor: $.things
      parameters:
        - {name: q, in: query, schema: {type: string}}
      responses:
        "200":
          description: Things
          content:
            application/json: {schema: {$ref: "#/components/schemas/Thing"}}
    post:
      x-airbyte-entity: things
      x-airbyte-action: create
      requestBody:
        content:
          application/json: {schema: {$ref: "#/components/schemas/Thing"}}
  /graphql:
    post:
      x-airbyte-entity: things
      x-airbyte-action: search
      requestBody:
        x-airbyte-body-type: {type: graphql, query: "{ a }"}
  /file:
    get:
      x-airbyte-entity: files
      x-airbyte-action: download
      x-airbyte-file-url: file.url
      x-airbyte-path-override: {path: /files}
components:
  schemas:
    Thing:
      type: object
      properties:
        id: {type: string}
  securitySchemes:
    key:
      type: apiKey
      in: header
      name: X-Key
      x-airbyte-auth-config:
        type: object
        properties:
          secret: {type: string}
        auth_mapping: {api_key: "${secret}"}
)";

/// The good definition with `from` (which it must hold once) replaced.
std::string changed(std::string_view from, std::string_view to) {
  const std::size_t at = good.find(from);
  EXPECT_NE(at, std::string_view::npos) << from;
  EXPECT_EQ(good.find(from, at + 1), std::string_view::npos) << "not unique: " << from;
  std::string text(good);
  if (at != std::string_view::npos) text.replace(at, from.size(), to);
  return text;
}

TEST(Loader, AcceptsTheGoodDefinition) {
  const auto loaded = load_definition(good);
  ASSERT_TRUE(loaded) << loaded.error().message;
  EXPECT_TRUE((*loaded)->warnings.empty()) << (*loaded)->warnings[0];
}

/// The problem must name the line with the mark #!, or the one above the mark #^ (that of the key
/// whose mapping lacks something).
struct Bad {
  const char *from, *to;
  const char* path;
  const char* message;  ///< a part of it
};

class Refuses : public testing::TestWithParam<Bad> {};

TEST_P(Refuses, NamingLinePathAndWhatWasExpected) {
  const Bad& bad = GetParam();
  const std::string text = changed(bad.from, bad.to);
  const std::size_t mark = std::min(text.find("#!"), text.find("#^"));
  ASSERT_NE(mark, std::string::npos) << "the case marks no line";
  const auto before = text.begin() + static_cast<std::ptrdiff_t>(mark);
  const auto line = std::count(text.begin(), before, '\n') + (text[mark + 1] == '^' ? 0 : 1);
  const auto loaded = load_definition(text, "bad.yaml");
  ASSERT_FALSE(loaded) << "it was accepted";
  const Error& error = loaded.error();
  EXPECT_EQ(error.kind, ErrorKind::invalid_input);
  ASSERT_EQ(error.fields.size(), 1u) << error.fields[0].message << "\n" << error.fields[1].message;
  EXPECT_EQ(error.fields[0].field, bad.path);
  EXPECT_THAT(error.fields[0].message, HasSubstr("bad.yaml:" + std::to_string(line) + ": "));
  EXPECT_THAT(error.fields[0].message, HasSubstr(bad.message));
  EXPECT_THAT(error.message, HasSubstr(bad.message));
}

INSTANTIATE_TEST_SUITE_P(
    Document, Refuses,
    testing::Values(
        Bad{"openapi: 3.1.0", "openapi: 3.0.3 #!", "openapi", "begins with 3.1."},
        Bad{"openapi: 3.1.0", "openapi: '3.1' #!", "openapi", "begins with 3.1."},
        Bad{"openapi: 3.1.0", "openapi: 3.1 #!", "openapi", "text is expected"},
        Bad{"openapi: 3.1.0\ninfo:", "info: #!", "openapi", "is missing"},
        Bad{"openapi: 3.1.0\n", "openapi: 3.1.0\nwebhooks: {} #!\n", "webhooks", "not known"},
        Bad{"openapi: 3.1.0\n", "openapi: 3.1.0\nx-other: 1 #!\n", "x-other", "not known"},
        Bad{"openapi: 3.1.0\n", "openapi: 3.1.0\ntag: [] #!\n", "tag", "did you mean 'tags'?"},
        Bad{"security:\n  - key: []", "security: all #!", "security", "a list is expected"},
        Bad{"components:\n", "components:\n  schema: {} #!\n", "components.schema",
            "did you mean 'schemas'?"},
        Bad{"components:\n", "components:\n  x-more: {} #!\n", "components.x-more", "not known"},
        Bad{"\"200\":", "200: #!", "paths./things.get.responses", "write it in quotes: \"200\""},
        Bad{"  title: Small", "  title: Small\n  title: Again #!", "info", "stands twice"}));

INSTANTIATE_TEST_SUITE_P(
    Info, Refuses,
    testing::Values(
        Bad{"  title: Small\n  version: 1.0.0\n", "  version: 1.0.0 #^\n", "info.title",
            "is missing"},
        Bad{"  title: Small\n  version: 1.0.0\n", "  title: Small #^\n", "info.version",
            "is missing"},
        Bad{"title: Small", "title: [Small] #!", "info.title", "text is expected here, not a list"},
        Bad{"version: 1.0.0", "version: 1.0 #!", "info.version", "write it in quotes"},
        Bad{"title: Small", "title: Small\n  summary: s #!", "info.summary", "not known"},
        Bad{"title: Small", "title: Small\n  contact: me #!", "info.contact", "a mapping"},
        Bad{"title: Small", "title: Small\n  license: MIT #!", "info.license", "a mapping"},
        Bad{"title: Small\n", "title: Small\n  x-airbyte-connector-name: 5 #!\n",
            "info.x-airbyte-connector-name", "text is expected"},
        Bad{"6f3b8a52-1c47-4e0b-9d6a-2a5e7c1f9b04", "acme #!",
            "info.x-airbyte-connector-definition-id", "a UUID is expected"},
        Bad{"6f3b8a52-1c47-4e0b-9d6a-2a5e7c1f9b04", "6f3b8a52-1c47-4e0b-9d6a-2a5e7c1f9b0g #!",
            "info.x-airbyte-connector-definition-id", "a UUID is expected"},
        Bad{"  title: Small\n  version: 1.0.0\n  x-airbyte-connector-definition-id: "
            "6f3b8a52-1c47-4e0b-9d6a-2a5e7c1f9b04\n",
            "  title: Small #^\n  version: 1.0.0\n", "info.x-airbyte-connector-definition-id",
            "is missing"},
        Bad{"type: api_reference", "type: api_docs} #!\n    - {url: b, type: other",
            "info.x-airbyte-external-documentation-urls[0].type", "is not one of"},
        Bad{"type: api_reference", "type: api_reference, name: n} #!\n    - {url: b, type: other",
            "info.x-airbyte-external-documentation-urls[0].name", "not known"},
        Bad{"{url: \"https://docs.example.com\", type: api_reference}", "{type: other} #!",
            "info.x-airbyte-external-documentation-urls[0].url", "is missing"},
        Bad{"\n    - {url: \"https://docs.example.com\", type: api_reference}", " none #!",
            "info.x-airbyte-external-documentation-urls", "a list of {url, type, title}"},
        Bad{"info:\n  title: Small\n  version: 1.0.0\n  x-airbyte-connector-definition-id: "
            "6f3b8a52-1c47-4e0b-9d6a-2a5e7c1f9b04\n  x-airbyte-external-documentation-urls:\n    - "
            "{url: \"https://docs.example.com\", type: api_reference}\n",
            "info: #!\n  title: Small\n  version: 1.0.0\n  x-airbyte-connector-definition-id: "
            "6f3b8a52-1c47-4e0b-9d6a-2a5e7c1f9b04\n",
            "info.x-airbyte-external-documentation-urls", "is missing"},
        Bad{"title: Small", "title: Small\n  x-airbyte-runtime-mode: fast #!",
            "info.x-airbyte-runtime-mode", "is not one of"},
        Bad{"title: Small", "title: Small\n  x-airbyte-auth-tooltip: {a: [1]} #!",
            "info.x-airbyte-auth-tooltip.a", "text is expected"},
        Bad{"title: Small", "title: Small\n  x-airbyte-example-questions: {direkt: []} #!",
            "info.x-airbyte-example-questions.direkt", "did you mean 'direct'?"},
        Bad{"title: Small", "title: Small\n  x-airbyte-skip-auth-methods: a #!",
            "info.x-airbyte-skip-auth-methods", "a list is expected"}));

INSTANTIATE_TEST_SUITE_P(
    InfoBlocks, Refuses,
    testing::Values(
        Bad{"{max_attempts: 2}", "{max_tries: 2} #!", "info.x-airbyte-retry-config.max_tries",
            "not known"},
        Bad{"{max_attempts: 2}", "{max_attempts: two} #!",
            "info.x-airbyte-retry-config.max_attempts", "a whole number is expected"},
        Bad{"{max_attempts: 2}", "{max_attempts: -1} #!",
            "info.x-airbyte-retry-config.max_attempts", "0 to 100"},
        Bad{"{max_attempts: 2}", "{max_delay_seconds: -0.5} #!",
            "info.x-airbyte-retry-config.max_delay_seconds", "0 to 86400"},
        Bad{"{max_attempts: 2}", "{retry_after_format: minutes} #!",
            "info.x-airbyte-retry-config.retry_after_format", "is not one of: seconds"},
        Bad{"{max_attempts: 2}", "{retry_on_status_codes: [429, x]} #!",
            "info.x-airbyte-retry-config.retry_on_status_codes[1]", "100 to 599"},
        Bad{"{max_attempts: 2}", "{jitter: 'no'} #!", "info.x-airbyte-retry-config.jitter",
            "true or false"},
        Bad{"{field: ok, on_value: false}", "{on_value: false} #!",
            "info.x-airbyte-response-error-check.field", "is missing"},
        Bad{"{field: ok, on_value: false}", "{field: ok} #!",
            "info.x-airbyte-response-error-check.on_value", "is missing"},
        Bad{"{field: ok, on_value: false}", "{field: ok, on_value: 0, message: m} #!",
            "info.x-airbyte-response-error-check.message", "did you mean 'message_field'?"},
        Bad{"{param: owner}", "{param: owner, key: k} #!", "info.x-airbyte-scoping[0].key",
            "not known"},
        Bad{"{param: owner}", "{config_key: k} #!", "info.x-airbyte-scoping[0].param",
            "is missing"},
        Bad{"{param: owner}", "{param: o, value_template: '{{ a % b }}'} #!",
            "info.x-airbyte-scoping[0].value_template", "column 6: unexpected '%'"},
        Bad{"foreign_key: parent}", "foreign_key: parent, cardinality: some} #!",
            "info.x-airbyte-entity-relationships[0].cardinality", "is not one of: one_to_one"},
        Bad{"foreign_key: parent}", "foreign_key: parent, extra: 1} #!",
            "info.x-airbyte-entity-relationships[0].extra", "not known"},
        Bad{"target_entity: things, foreign_key: parent}", "target_entity: things} #!",
            "info.x-airbyte-entity-relationships[0].foreign_key", "is missing"},
        Bad{"description: The number}", "} #!",
            "info.x-airbyte-context-store.entities[0].fields[0].description", "is missing"},
        Bad{"type: string, description: The number}", "type: 3, description: n} #!",
            "info.x-airbyte-context-store.entities[0].fields[0].type", "text is expected"},
        Bad{"description: The number}", "description: n, properties: {a: {typ: string}}} #!",
            "info.x-airbyte-context-store.entities[0].fields[0].properties.a.typ",
            "did you mean 'type'?"},
        Bad{"      - entity: things\n", "      - suggested: true #!\n",
            "info.x-airbyte-context-store.entities[0].entity", "is missing"},
        Bad{"    entities:\n      - entity", "    kind: ROWS #!\n    entities:\n      - entity",
            "info.x-airbyte-context-store.kind", "is not one of: DATA, FILES"},
        Bad{"    entities:\n      - entity",
            "    flush_batch_size_mb: 501 #!\n    entities:\n      - entity",
            "info.x-airbyte-context-store.flush_batch_size_mb", "1 to 500"},
        Bad{"    entities:\n      - entity", "    sync: daily #!\n    entities:\n      - entity",
            "info.x-airbyte-context-store.sync", "not known"},
        Bad{"{start: start_date}", "{begin: start_date} #!",
            "info.x-airbyte-replication-config.replication_config_key_mapping",
            "'begin' is not among the properties"},
        Bad{"    properties: {start: {type: string}}",
            "    properties: {start: {type: string}}\n    more: 1 #!",
            "info.x-airbyte-replication-config.more", "not known"}));

INSTANTIATE_TEST_SUITE_P(
    Server, Refuses,
    testing::Values(
        Bad{"  - url: https://{site}.example.com/\n", "  - description: none #!\n",
            "servers[0].url", "is missing"},
        Bad{"https://{site}.example.com/", "/api #!", "servers[0].url", "a URL is expected"},
        Bad{"https://{site}.example.com/", "ftp://{site}.example.com #!", "servers[0].url",
            "begins with https://"},
        Bad{"{default: www}", "{enum: [www]} #!", "servers[0].variables.site.default",
            "is missing"},
        Bad{"{default: www}", "{default: 5} #!", "servers[0].variables.site.default",
            "text is expected"},
        Bad{"{default: www}", "{default: w, values: [w]} #!", "servers[0].variables.site.values",
            "not known"},
        Bad{"{site: domain}", "{place: domain} #!",
            "servers[0].x-airbyte-replication-environment-mapping.place", "is not a variable"},
        Bad{"{site: domain}", "{domain: {source: place}} #!",
            "servers[0].x-airbyte-replication-environment-mapping.domain", "is not a variable"},
        Bad{"{site: domain}", "{domain: {format: x}} #!",
            "servers[0].x-airbyte-replication-environment-mapping.domain.source", "is missing"},
        Bad{"    variables:\n      site:", "    x-region: eu #!\n    variables:\n      site:",
            "servers[0].x-region", "not known"}));

INSTANTIATE_TEST_SUITE_P(
    Operation, Refuses,
    testing::Values(
        Bad{"      x-airbyte-entity: things\n      x-airbyte-action: list\n",
            "      x-airbyte-action: list #^\n", "paths./things.get.x-airbyte-entity",
            "is missing"},
        Bad{"      x-airbyte-entity: things\n      x-airbyte-action: list\n",
            "      x-airbyte-entity: things #^\n", "paths./things.get.x-airbyte-action",
            "is missing"},
        Bad{"x-airbyte-entity: things\n      x-airbyte-action: list",
            "x-airbyte-entity: '' #!\n      x-airbyte-action: list",
            "paths./things.get.x-airbyte-entity", "name of an entity"},
        Bad{"x-airbyte-action: list", "x-airbyte-action: lists #!",
            "paths./things.get.x-airbyte-action", "did you mean 'list'?"},
        Bad{"x-airbyte-action: list", "x-airbyte-action: authorize #!",
            "paths./things.get.x-airbyte-action", "is not one of: list, get"},
        Bad{"x-airbyte-action: list", "x-airbyte-action: List #!",
            "paths./things.get.x-airbyte-action", "is not one of"},
        Bad{"    get:\n      x-airbyte-entity: things",
            "    get:\n      operationID: a #!\n      "
            "x-airbyte-entity: things",
            "paths./things.get.operationID", "did you mean 'operationId'?"},
        Bad{"  /graphql:\n", "  /graphql:\n    fetch: {} #!\n", "paths./graphql.fetch",
            "not known"},
        Bad{"  /graphql:\n", "  /graphql:\n    head: {x-airbyte-entity: a} #!\n",
            "paths./graphql.head.x-airbyte-action", "is missing"},
        Bad{"x-airbyte-record-extractor: $.things", "x-airbyte-record-extractor: [a] #!",
            "paths./things.get.x-airbyte-record-extractor", "text is expected"},
        Bad{"x-airbyte-record-extractor: $.things", "x-airbyte-preferred-for-check: yes #!",
            "paths./things.get.x-airbyte-preferred-for-check", "true or false"},
        Bad{"x-airbyte-record-extractor: $.things", "x-airbyte-meta-extractor: {a: 1} #!",
            "paths./things.get.x-airbyte-meta-extractor.a", "text is expected"},
        Bad{"x-airbyte-record-extractor: $.things", "x-airbyte-meta-extractor: $.a #!",
            "paths./things.get.x-airbyte-meta-extractor", "a mapping is expected"},
        Bad{"x-airbyte-record-extractor: $.things", "x-airbyte-file-url: a.b #!",
            "paths./things.get.x-airbyte-file-url", "only the action download"},
        Bad{"x-airbyte-record-extractor: $.things", "x-airbyte-ai-hints: {freshness: old} #!",
            "paths./things.get.x-airbyte-ai-hints.freshness", "is not one of: live, static"},
        Bad{"x-airbyte-record-extractor: $.things", "x-airbyte-ai-hints: {sumary: s} #!",
            "paths./things.get.x-airbyte-ai-hints.sumary", "did you mean 'summary'?"},
        Bad{"x-airbyte-record-extractor: $.things", "x-fairlead-effect: safe #!",
            "paths./things.get.x-fairlead-effect", "is not one of: read, idempotent"},
        Bad{"x-airbyte-file-url: file.url", "x-airbyte-file-url: ' ' #!",
            "paths./file.get.x-airbyte-file-url", "way to the file's URL"},
        Bad{"x-airbyte-path-override: {path: /files}", "x-airbyte-path-override: /files #!",
            "paths./file.get.x-airbyte-path-override", "a mapping is expected"},
        Bad{"x-airbyte-path-override: {path: /files}", "x-airbyte-path-override: {} #!",
            "paths./file.get.x-airbyte-path-override.path", "is missing"}));

INSTANTIATE_TEST_SUITE_P(
    Parameters, Refuses,
    testing::Values(
        Bad{"{name: q, in: query, schema: {type: string}}", "{in: query} #!",
            "paths./things.get.parameters[0].name", "is missing"},
        Bad{"{name: q, in: query, schema: {type: string}}", "{name: q} #!",
            "paths./things.get.parameters[0].in", "is missing"},
        Bad{"{name: q, in: query, schema: {type: string}}", "{name: q, in: body} #!",
            "paths./things.get.parameters[0].in", "is not one of: path, query"},
        Bad{"in: query, schema: {type: string}}", "in: query, content: {}} #!",
            "paths./things.get.parameters[0].content", "not known"},
        Bad{"in: query, schema: {type: string}}", "in: query, allowReserved: true} #!",
            "paths./things.get.parameters[0].allowReserved", "not known"},
        Bad{"in: query, schema: {type: string}}", "in: query, schema: string} #!",
            "paths./things.get.parameters[0].schema", "a mapping is expected"},
        Bad{"in: query, schema: {type: string}}", "in: query, required: 1} #!",
            "paths./things.get.parameters[0].required", "true or false"},
        Bad{"in: query, schema: {type: string}}",
            "in: query, x-airbyte-param-config-inject: {map: {}}} #!",
            "paths./things.get.parameters[0].x-airbyte-param-config-inject.source", "is missing"},
        Bad{"in: query, schema: {type: string}}",
            "in: query, x-airbyte-param-config-inject: {source: a, to: b}} #!",
            "paths./things.get.parameters[0].x-airbyte-param-config-inject.to", "not known"},
        Bad{"name: q, in: query",
            "$ref: '#/components/parameters/q', name: q, in: query #!\n       ",
            "paths./things.get.parameters[0].$ref", "cannot stand here"},
        Bad{"name: q, in: query, schema: {type: string}}", "name: Host, in: header} #!",
            "paths./things.get.parameters[0].name", "may not set the header Host"},
        Bad{"name: q, in: query, schema: {type: string}}", "name: X-Forwarded-For, in: header} #!",
            "paths./things.get.parameters[0].name", "may not set the header"},
        Bad{"name: q, in: query, schema: {type: string}}", "name: 'A: b', in: header} #!",
            "paths./things.get.parameters[0].name", "is no name of an HTTP header"},
        Bad{"- {name: q, in: query, schema: {type: string}}", "- q #!",
            "paths./things.get.parameters[0]", "a mapping is expected"}));

INSTANTIATE_TEST_SUITE_P(
    Bodies, Refuses,
    testing::Values(
        Bad{"{type: graphql, query: \"{ a }\"}", "{type: xml, query: q} #!",
            "paths./graphql.post.requestBody.x-airbyte-body-type.type", "is not one of: graphql"},
        Bad{"{type: graphql, query: \"{ a }\"}", "{type: graphql} #!",
            "paths./graphql.post.requestBody.x-airbyte-body-type.query", "is missing"},
        Bad{"{type: graphql, query: \"{ a }\"}", "{query: q} #!",
            "paths./graphql.post.requestBody.x-airbyte-body-type.type", "is missing"},
        Bad{"query: \"{ a }\"}", "query: q, variables: [a]} #!",
            "paths./graphql.post.requestBody.x-airbyte-body-type.variables", "a mapping"},
        Bad{"query: \"{ a }\"}", "query: q, operation: o} #!",
            "paths./graphql.post.requestBody.x-airbyte-body-type.operation",
            "did you mean 'operationName'?"},
        Bad{"query: \"{ a }\"}", "query: q, default_fields: 3} #!",
            "paths./graphql.post.requestBody.x-airbyte-body-type.default_fields", "text"},
        Bad{"      requestBody:\n        x-airbyte-body-type",
            "      requestBody:\n        x-other: 1 #!\n        x-airbyte-body-type",
            "paths./graphql.post.requestBody.x-other", "not known"},
        Bad{"      requestBody:\n        content:",
            "      requestBody:\n        $ref: '#/components/requestBodies/a' #!\n        content:",
            "paths./things.post.requestBody.$ref", "cannot stand here"},
        Bad{"      requestBody:\n        content:",
            "      requestBody:\n        contents: {} #!\n        content:",
            "paths./things.post.requestBody.contents", "did you mean 'content'?"},
        Bad{"        content:\n          application/json: {schema: {$ref: "
            "\"#/components/schemas/Thing\"}}\n  /graphql",
            "        content:\n          application/json: {scheme: {}} #!\n  /graphql",
            "paths./things.post.requestBody.content.application/json.scheme",
            "did you mean 'schema'?"},
        Bad{"          description: Things\n", "          headers: {} #^\n",
            "paths./things.get.responses.200.description", "is missing"},
        Bad{"          description: Things\n", "          $ref: '#/components/responses/a' #!\n",
            "paths./things.get.responses.200.$ref", "cannot stand here"},
        Bad{"          description: Things\n", "          description: T\n          body: {} #!\n",
            "paths./things.get.responses.200.body", "not known"},
        Bad{"          description: Things\n",
            "          description: T\n          headers: {A: {content: {}}} #!\n",
            "paths./things.get.responses.200.headers.A.content", "not known"}));

INSTANTIATE_TEST_SUITE_P(
    Schemas, Refuses,
    testing::Values(Bad{"    Thing:\n      type: object",
                        "    Thing:\n      type: [object, 'null'] #!",
                        "components.schemas.Thing.type", "text is expected here, not a list"},
                    Bad{"    Thing:\n", "    Thing:\n      $ref: '#/components/schemas/Other' #!\n",
                        "components.schemas.Thing.$ref", "not known"},
                    Bad{"    Thing:\n", "    Thing:\n      const: 1 #!\n",
                        "components.schemas.Thing.const", "not known"},
                    Bad{"    Thing:\n", "    Thing:\n      examples: [] #!\n",
                        "components.schemas.Thing.examples", "not known"},
                    Bad{"    Thing:\n", "    Thing:\n      minItems: 1 #!\n",
                        "components.schemas.Thing.minItems", "not known"},
                    Bad{"    Thing:\n", "    Thing:\n      x-airbyte-ai-hints: {summary: [a]} #!\n",
                        "components.schemas.Thing.x-airbyte-ai-hints.summary", "text is expected"},
                    Bad{"    Thing:\n", "    Thing:\n      x-airbyte-entity-name: 5 #!\n",
                        "components.schemas.Thing.x-airbyte-entity-name", "text is expected"},
                    Bad{"    Thing:\n", "    Thing:\n      required: id #!\n",
                        "components.schemas.Thing.required", "a list is expected"}));

INSTANTIATE_TEST_SUITE_P(
    Schemes, Refuses,
    testing::Values(
        Bad{"type: apiKey", "type: mutualTLS #!", "components.securitySchemes.key.type",
            "is not one of: http, oauth2, apiKey"},
        Bad{"type: apiKey", "type: openIdConnect #!", "components.securitySchemes.key.type",
            "is not one of"},
        Bad{"      type: apiKey\n      in: header", "      in: header #^",
            "components.securitySchemes.key.type", "is missing"},
        Bad{"      type: apiKey\n      in: header\n      name: X-Key",
            "      type: apiKey #^\n      in: header", "components.securitySchemes.key.name",
            "is missing"},
        Bad{"      type: apiKey\n      in: header\n", "      type: apiKey #^\n",
            "components.securitySchemes.key.in", "is missing"},
        Bad{"in: header", "in: body #!", "components.securitySchemes.key.in",
            "is not one of: header, query, cookie"},
        Bad{"name: X-Key", "name: X Key #!", "components.securitySchemes.key.name",
            "is no name of an HTTP header"},
        Bad{"name: X-Key", "name: Content-Length #!", "components.securitySchemes.key.name",
            "may not set"},
        Bad{"      type: apiKey\n", "      type: http #^\n",
            "components.securitySchemes.key.scheme", "is missing"},
        Bad{"      type: apiKey\n", "      type: http\n      scheme: digest #!\n",
            "components.securitySchemes.key.scheme", "is not one of: bearer, basic"},
        Bad{"        type: object\n        properties:\n          secret",
            "        properties: #^\n          secret",
            "components.securitySchemes.key.x-airbyte-auth-config.type", "is missing"},
        Bad{"type: object\n        properties:\n          secret",
            "type: array #!\n        properties:\n          secret",
            "components.securitySchemes.key.x-airbyte-auth-config.type", "is not one of: object"},
        Bad{"        type: object\n        properties:\n          secret: {type: string}\n",
            "        type: object #^\n",
            "components.securitySchemes.key.x-airbyte-auth-config.properties", "is missing"},
        Bad{"        type: object\n        properties:\n          secret: {type: string}\n        "
            "auth_mapping: {api_key: \"${secret}\"}",
            "        type: object #^\n        properties:\n          secret: {type: string}",
            "components.securitySchemes.key.x-airbyte-auth-config.auth_mapping", "is missing"},
        Bad{"secret: {type: string}", "secret: {type: list} #!",
            "components.securitySchemes.key.x-airbyte-auth-config.properties.secret.type",
            "is not one of: string"},
        Bad{"secret: {type: string}", "secret: {type: string, titel: t} #!",
            "components.securitySchemes.key.x-airbyte-auth-config.properties.secret.titel",
            "did you mean 'title'?"},
        Bad{"        properties:\n          secret: {type: string}",
            "        properties: #!\n          secret: {type: string}\n          spare: {type: "
            "string}",
            "components.securitySchemes.key.x-airbyte-auth-config.properties",
            "'spare' is used neither"},
        Bad{"{api_key: \"${secret}\"}", "{api_key: '${secret}', token: x} #!",
            "components.securitySchemes.key.x-airbyte-auth-config.auth_mapping",
            "'token' is no auth parameter"},
        Bad{"{api_key: \"${secret}\"}", "{api_key: ['${secret}']} #!",
            "components.securitySchemes.key.x-airbyte-auth-config.auth_mapping.api_key",
            "text is expected"},
        Bad{"{api_key: \"${secret}\"}",
            "{api_key: '${secret}'}\n        additional_headers: {X-A: '{{ a b }}'} #!",
            "components.securitySchemes.key.x-airbyte-auth-config.additional_headers.X-A",
            "unexpected 'b'"},
        Bad{"{api_key: \"${secret}\"}",
            "{api_key: '${secret}'}\n        additional_headers: {Transfer-Encoding: a} #!",
            "components.securitySchemes.key.x-airbyte-auth-config.additional_headers."
            "Transfer-Encoding",
            "may not set"},
        Bad{"{api_key: \"${secret}\"}",
            "{api_key: '${secret}'}\n        replication_auth_key_mapping: {a.b: other} #!",
            "components.securitySchemes.key.x-airbyte-auth-config.replication_auth_key_mapping",
            "'other', which is not among the properties"},
        Bad{"{api_key: \"${secret}\"}", "{api_key: '${secret}'}\n        mapping: {} #!",
            "components.securitySchemes.key.x-airbyte-auth-config.mapping", "not known"},
        Bad{"name: X-Key", "name: X-Key\n      x-airbyte-token-extract: [site, site] #!",
            "components.securitySchemes.key.x-airbyte-token-extract[1]", "stands twice"},
        Bad{"name: X-Key", "name: X-Key\n      x-airbyte-token-extract: [place] #!",
            "components.securitySchemes.key.x-airbyte-token-extract[0]", "is not a variable"},
        Bad{"name: X-Key", "name: X-Key\n      x-airbyte-token-refresh: {auth_style: header} #!",
            "components.securitySchemes.key.x-airbyte-token-refresh.auth_style", "is not one of"},
        Bad{"name: X-Key", "name: X-Key\n      x-airbyte-token-refresh: {grant_type: password} #!",
            "components.securitySchemes.key.x-airbyte-token-refresh.grant_type",
            "is not one of: refresh_token, jwt_bearer"},
        Bad{"name: X-Key", "name: X-Key\n      x-airbyte-token-refresh: {style: body} #!",
            "components.securitySchemes.key.x-airbyte-token-refresh.style", "not known"},
        Bad{"name: X-Key", "name: X-Key\n      x-airbyte-untested: maybe #!",
            "components.securitySchemes.key.x-airbyte-untested", "true or false"}));

/// The scheme of the good definition, its last part, to be replaced by an OAuth one.
constexpr const char* scheme = good.data() + good.find("      type: apiKey\n");

INSTANTIATE_TEST_SUITE_P(
    OAuth, Refuses,
    testing::Values(
        Bad{scheme, "      type: oauth2 #^\n", "components.securitySchemes.key.flows",
            "is missing"},
        Bad{scheme, "      type: oauth2\n      flows: {deviceCode: {}} #!\n",
            "components.securitySchemes.key.flows.deviceCode", "not known"},
        Bad{scheme, "      type: oauth2\n      flows: {authorizationCode: {refreshURL: a}} #!\n",
            "components.securitySchemes.key.flows.authorizationCode.refreshURL",
            "did you mean 'refreshUrl'?"},
        Bad{scheme, "      type: oauth2\n      flows: {implicit: {refreshUrl: '{{ a'}} #!\n",
            "components.securitySchemes.key.flows.implicit.refreshUrl", "closing }}"},
        Bad{scheme, "      type: oauth2\n      flows: {implicit: {scopes: [a]}} #!\n",
            "components.securitySchemes.key.flows.implicit.scopes", "a mapping is expected"},
        Bad{scheme,
            "      type: oauth2\n      flows: {clientCredentials: {scopes: {}}}\n      "
            "x-airbyte-token-refresh: {heder: X} #!\n",
            "components.securitySchemes.key.x-airbyte-token-refresh.heder",
            "did you mean 'header'?"}));

TEST(Loader, CollectsAllProblems) {
  std::string text(good);
  text.replace(text.find("title: Small"), 12, "title: 5");
  text.replace(text.find("in: header"), 10, "in: body");
  text.replace(text.find("action: list"), 12, "action: lst");
  const auto loaded = load_definition(text, "bad.yaml");
  ASSERT_FALSE(loaded);
  ASSERT_EQ(loaded.error().fields.size(), 3u);
  EXPECT_EQ(loaded.error().fields[0].field, "info.title");
  EXPECT_THAT(loaded.error().message, HasSubstr("bad.yaml:3: info.title: text is expected"));
  EXPECT_THAT(loaded.error().message, HasSubstr("(and 2 more problems)"));
}

TEST(Loader, JwtBearerNeedsScopes) {
  const std::string text =
      changed(scheme,
              "      type: oauth2\n      flows: {clientCredentials: {scopes: {}}}\n"
              "      x-airbyte-token-refresh: {grant_type: jwt_bearer}\n");
  EXPECT_THAT(load_definition(text).error().message, HasSubstr("at least one scope"));
}

TEST(Loader, RefusesWithoutPaths) {
  const std::string text(good);
  const std::size_t begin = text.find("paths:"), end = text.find("components:");
  std::string missing = text;
  missing.erase(begin, end - begin);
  EXPECT_THAT(load_definition(missing).error().message, HasSubstr("paths: is missing"));
  std::string empty = text;
  empty.replace(begin, end - begin, "paths: {}\n");
  EXPECT_THAT(load_definition(empty).error().message, HasSubstr("at least one path"));
}

TEST(Loader, RefusesWithoutInfo) {
  EXPECT_THAT(load_definition("openapi: 3.1.0\npaths: {/a: {}}\n").error().message,
              HasSubstr("info: is missing"));
}

TEST(Loader, RefusesProbeDefaultsOfBodyFieldsThatAreParametersToo) {
  const std::string text = changed(
      "x-airbyte-action: create\n      requestBody:\n        content:\n"
      "          application/json: {schema: {$ref: "
      "\"#/components/schemas/Thing\"}}",
      "x-airbyte-action: create\n"
      "      parameters: [{name: id, in: query}]\n"
      "      requestBody:\n        content:\n"
      "          application/json:\n            schema:\n"
      "              properties:\n"
      "                id: {x-airbyte-probe-default: 1}\n");
  EXPECT_THAT(load_definition(text).error().message, HasSubstr("also a parameter"));
}

struct Odd {
  const char *from, *to;
  const char* warning;  ///< a part of the only one; nullptr for none
};

class Accepts : public testing::TestWithParam<Odd> {};

TEST_P(Accepts, WhatTheFormatAcceptsAlthoughItIsOdd) {
  const auto loaded = load_definition(changed(GetParam().from, GetParam().to), "odd.yaml");
  ASSERT_TRUE(loaded) << loaded.error().message;
  const auto& warnings = (*loaded)->warnings;
  if (!GetParam().warning) {
    EXPECT_TRUE(warnings.empty()) << warnings[0];
  } else {
    ASSERT_EQ(warnings.size(), 1u);
    EXPECT_THAT(warnings[0], HasSubstr(GetParam().warning));
  }
}

INSTANTIATE_TEST_SUITE_P(
    Odd, Accepts,
    testing::Values(
        Odd{"x-airbyte-record-extractor: $.things", "x-airbyte-record-extractor: $..things",
            "cannot be read at column 3"},
        Odd{"x-airbyte-record-extractor: $.things", "x-airbyte-record-filter: '{{ a b }}'",
            "calls of this operation will fail"},
        Odd{"x-airbyte-record-extractor: $.things", "x-airbyte-record-transform: {a: '{% b %}'}",
            "calls of this operation will fail"},
        Odd{"x-airbyte-record-extractor: $.things", "x-airbyte-meta-extractor: {a: '$..b'}",
            "will always be null"},
        Odd{"x-airbyte-record-extractor: $.things", "x-airbyte-record-extracter: $.things",
            "did you mean 'x-airbyte-record-extractor'?"},
        Odd{"x-airbyte-record-extractor: $.things", "x-whatever: {a: [1]}", nullptr},
        Odd{"x-airbyte-record-extractor: $.things", "x-airbyte-no-pagination: ''", nullptr},
        Odd{"x-airbyte-record-extractor: $.things", "deprecated: true", nullptr},
        Odd{"x-airbyte-action: search", "x-airbyte-action: api_search", nullptr},
        Odd{"x-airbyte-action: search", "x-airbyte-action: list",
            "POST /graphql replaces GET /things"},
        Odd{"{path: /files}", "{path: files}", nullptr},
        Odd{"{path: /files}", "{path: '/files/{id}'}", "{id}, which is not declared"},
        Odd{"    x-airbyte-replication-environment-mapping: {site: domain}", "    description: d",
            nullptr},
        Odd{"https://{site}.example.com/", "https://{site}.{zone}.example.com/", "{zone}"},
        Odd{"https://{site}.example.com/", "'{site}'", nullptr},
        Odd{"{default: www}", "{default: www, enum: [a, b]}", nullptr},
        Odd{"{max_attempts: 2}", "{max_attempts: 0}", nullptr},
        Odd{"{field: ok, on_value: false}", "{field: ok, on_value: null}", nullptr},
        Odd{"target_entity: things", "target_entity: nothings", "'nothings'"},
        Odd{"source_entity: things", "source_entity: nothings", "'nothings'"},
        Odd{"- entity: things", "- entity: nothings", nullptr},
        Odd{"  - key: []", "  - other: []", nullptr},
        Odd{"        type: object\n        properties:\n          secret",
            "        type: object\n        required: [other]\n        properties:\n          "
            "secret",
            "'other' is required but not among"},
        Odd{"name: X-Key", "name: X-Key\n      whatever: 1", nullptr},
        Odd{"in: header", "in: query", nullptr}, Odd{"in: header", "in: cookie", nullptr},
        Odd{"{name: q, in: query, schema: {type: string}}", "{name: q, in: cookie}",
            "cookie parameters"},
        Odd{"{name: q, in: query, schema: {type: string}}",
            "{name: q, in: query, style: matrix, x-a: 1}", nullptr},
        Odd{"#/components/schemas/Thing\"}}\n  /graphql", "#/nowhere\"}}\n  /graphql", nullptr},
        Odd{"  /graphql:\n", "  /graphql:\n    $ref: other.yaml\n    parameters: []\n", nullptr},
        Odd{"  schemas:\n    Thing:", "  parameters: {a: {}}\n  schemas:\n    Thing:", nullptr},
        Odd{"        id: {type: string}\n",
            "        id: {type: [string, 'null'], const: 1, $anything: true}\n", nullptr},
        Odd{"openapi: 3.1.0\n", "openapi: 3.1.1\ntags: [{name: a}]\nexternalDocs: {}\n", nullptr}));

TEST(Loader, AcceptsNoServersAndNoComponents) {
  std::string text(good);
  text.erase(text.find("components:"));
  text.erase(text.find("servers:"), text.find("security:") - text.find("servers:"));
  const auto loaded = load_definition(text);
  ASSERT_TRUE(loaded) << loaded.error().message;
  EXPECT_EQ((*loaded)->server_template, "");
  ASSERT_EQ((*loaded)->schemes.size(), 1u);
  EXPECT_EQ((*loaded)->schemes[0].kind, AuthScheme::Kind::bearer);
  EXPECT_EQ((*loaded)->schemes[0].required, std::vector<std::string>{"token"});
  EXPECT_EQ((*loaded)->schemes[0].mapping[0].second.source, "${token}");
}

}  // namespace
}  // namespace fairlead::connector
