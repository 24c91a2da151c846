// The x-fairlead-* extensions: what the loader refuses, what pages mean, and what the engine does
// with keys, rates, hosts and probes.
#include "connector/extensions.hpp"

#include "connector/pagination.hpp"
#include "connector/rate_limits.hpp"
#include "connector/record_list.hpp"
#include "connector/testdata/recording_upstream.hpp"
#include "connector/testdata/small_definition.hpp"
#include "support/unrestricted.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace fairlead::connector {
namespace {

using fairlead::testing::unrestricted;

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::StartsWith;

const char* const two_parameters =
    "parameters:\n"
    "  - {name: after, in: query, schema: {type: string}}\n"
    "  - {name: limit, in: query, schema: {type: integer, default: 2}}\n";

std::string refusal_of(const SmallDefinition& parts) {
  const auto loaded = load_definition(source_of(parts), "small");
  return loaded ? "accepted" : loaded.error().message;
}

// --- Refusals: line, path, what was expected, the nearest name -----------------------------------

struct Bad {
  const char* extension;  ///< of the operation, or of info when it begins with "info:"
  const char* message;    ///< a part of it
};

class RefusesExtension : public ::testing::TestWithParam<Bad> {};

TEST_P(RefusesExtension, WithLinePathAndWhatWasExpected) {
  const std::string text = GetParam().extension;
  SmallDefinition parts{.operation = two_parameters};
  if (text.starts_with("info:"))
    parts.info = text.substr(5);
  else
    parts.operation += text;
  EXPECT_THAT(refusal_of(parts), HasSubstr(GetParam().message));
}

INSTANTIATE_TEST_SUITE_P(
    All, RefusesExtension,
    ::testing::Values(
        Bad{"x-fairlead-paginaton: {style: none}",
            "small:19: paths./things.get.x-fairlead-paginaton: there is no such extension; did you "
            "mean 'x-fairlead-pagination'?"},
        Bad{"X-FAIRLEAD-effect: read", "X-FAIRLEAD-effect: there is no such extension"},
        Bad{"x-fairlead-probe: {}", "means nothing here; it belongs in info"},
        Bad{"info:x-fairlead-effect: read", "means nothing here; it belongs on an operation"},
        Bad{"x-fairlead-refresh-policy: none", "it belongs on a security scheme"},
        Bad{"x-fairlead-primary-key: id", "it belongs on a schema in components.schemas"},
        Bad{"x-fairlead-effect:", "x-fairlead-effect: has no value"},
        Bad{"callbacks:\n  x-fairlead-effect: read", "callbacks.x-fairlead-effect: means nothing"},
        Bad{"x-fairlead-pagination: {style: cursr}",
            "'cursr' is not one of: cursor, page, offset, next-url, link-header, graphql, none; "
            "did you mean 'cursor'?"},
        Bad{"x-fairlead-pagination: {inputs: {cursor: after}}",
            "x-fairlead-pagination.style: is missing"},
        Bad{"x-fairlead-pagination: {style: cursor, inputs: {cursor: aftr}, outputs: {next_cursor: "
            "$.a}}",
            "inputs.cursor: the operation has no parameter 'aftr'; did you mean 'after'?"},
        Bad{"x-fairlead-pagination: {style: cursor, inputs: {curser: after}, outputs: "
            "{next_cursor: $.a}}",
            "inputs.curser: is no input of the style cursor, which has cursor, limit; did you mean "
            "'cursor'?"},
        Bad{"x-fairlead-pagination: {style: cursor, inputs: {cursor: after}, outputs: {next: $.a}}",
            "outputs.next: is no output of the style cursor, which has next_cursor, has_more, "
            "is_last"},
        Bad{"x-fairlead-pagination: {style: cursor, inputs: {cursor: after}, outputs: {}}",
            "outputs.next_cursor: is missing"},
        Bad{"x-fairlead-pagination: {style: cursor, inputs: {cursor: after}, outputs: "
            "{next_cursor: $.a..b}}",
            "outputs.next_cursor: the path \"$.a..b\" cannot be read at column 5"},
        Bad{"x-fairlead-pagination: {style: none, inputs: {limit: limit}}",
            "the style none has no inputs"},
        Bad{"x-fairlead-pagination: {style: cursor, inputs: {cursor: after}, outputs: "
            "{next_cursor: $.a}, page_size: 2}",
            "page_size: only the styles page and offset count records"},
        Bad{"x-fairlead-pagination: {style: offset, inputs: {offset: after}, first_page: 1}",
            "first_page: only the style page has a first page"},
        Bad{"x-fairlead-pagination: {style: link-header, next_paths: [more]}",
            "next_paths[0]: the beginning of a path is expected, such as /services/data/"},
        Bad{"x-fairlead-pagination: {style: link-header, inputs: {cursor: after}, next_paths: "
            "[/a]}",
            "next_paths: means something only where the next page is asked for by its whole URL"},
        Bad{"x-fairlead-pagination: {style: graphql, inputs: {cursor: after}, outputs: {page_info: "
            "'@header.X'}}",
            "the path of a pageInfo object is expected"},
        Bad{"x-fairlead-incremental: {parameter: since}", "the operation has no parameter 'since'"},
        Bad{"x-fairlead-incremental: {parameter: after}",
            "field is missing: the entity has no x-fairlead-update-time"},
        Bad{"x-fairlead-idempotency: Idempotency-Key", "a read is repeated without a key"},
        Bad{"x-fairlead-idempotency: 7", "the name of a header, such as Idempotency-Key, or false"},
        Bad{"x-fairlead-download-hosts: [a.example]", "only the action download has them"},
        Bad{"info:x-fairlead-download-hosts: [https://a.example]",
            "x-fairlead-download-hosts[0]: a host name in lower case is expected"},
        Bad{"info:x-fairlead-download-hosts: []", "at least one host is expected"},
        Bad{"info:x-fairlead-rate-limit: {requests: 0}", "requests: a number above 0 is expected"},
        Bad{"info:x-fairlead-rate-limit: {per: minute}", "per: means nothing without requests"},
        Bad{"info:x-fairlead-rate-limit: {requests: 1, burst: 0}",
            "burst: a whole number of at least 1 is expected"},
        Bad{"info:x-fairlead-rate-limit: {requests: 1, concurent: 2}",
            "concurent: is not known here; did you mean 'concurrent'?"},
        Bad{"info:x-fairlead-idempotency: {header: Host}", "may not set the header Host"},
        Bad{"info:x-fairlead-idempotency: {header: K, methods: [Post]}",
            "methods[0]: 'Post' is not one of: POST, PUT, PATCH, DELETE; did you mean 'POST' or "
            "'PUT'?"},
        Bad{"info:x-fairlead-probe: {entity: thing, action: list}",
            "x-fairlead-probe.entity: the connector small has no entity 'thing'; did you mean "
            "'things'?"},
        Bad{"info:x-fairlead-probe: {entity: things, action: get}",
            "x-fairlead-probe.action: the entity 'things' has no action 'get'; it has list"},
        Bad{"info:x-fairlead-probe: {entity: things, action: list, params: {limt: 1}}",
            "x-fairlead-probe.params.limt: the operation has no such parameter; did you mean "
            "'limit'?"}));

TEST(Extensions, MistakesThatNeedMoreContextAreRefusedToo) {
  EXPECT_THAT(refusal_of({.action = "get", .operation = "x-fairlead-pagination: {style: none}"}),
              HasSubstr("only the actions list and search have pages"));
  EXPECT_THAT(
      refusal_of({.method = "post", .operation = "x-fairlead-pagination: {style: link-header}"}),
      HasSubstr("a POST cannot be continued by an address"));
  const std::string with_cursor =
      "parameters:\n  - {name: cursor, in: query}\n  - {name: after, in: query}\n";
  EXPECT_THAT(
      refusal_of({.operation = with_cursor + "x-fairlead-pagination: {style: link-header}"}),
      HasSubstr("name it as the input, since callers send cursors under this name"));
  EXPECT_THAT(
      refusal_of({.operation = with_cursor + "x-fairlead-pagination: {style: cursor, inputs: "
                                             "{cursor: after}, outputs: {next_cursor: $.a}}"}),
      HasSubstr("inputs.cursor: the operation has a parameter 'cursor'"));
  EXPECT_THAT(refusal_of({.path = "/things/{id}",
                          .action = "get",
                          .operation = "parameters: [{name: id, in: path}]",
                          .info = "x-fairlead-probe: {entity: things, action: get}"}),
              HasSubstr("the operation needs 'id'; params must give it"));
  EXPECT_THAT(refusal_of({.method = "post",
                          .action = "create",
                          .info = "x-fairlead-probe: {entity: things, action: create}"}),
              HasSubstr("a probe must change nothing"));
  const auto scheme = [](const std::string& policy) {
    return refusal_of({.components = "securitySchemes:\n  key:\n    type: apiKey\n    in: header\n"
                                     "    name: X-Key\n    x-fairlead-refresh-policy: " +
                                     policy + "\n"});
  };
  EXPECT_THAT(scheme("none"), HasSubstr("only an oauth2 scheme renews tokens"));
  const auto schema = [](const std::string& lines) {
    return refusal_of({.components = "schemas:\n  Thing:\n    x-airbyte-entity-name: things\n"
                                     "    properties: {id: {type: string}}\n    " +
                                     lines + "\n"});
  };
  EXPECT_THAT(schema("x-fairlead-primary-key: [id, idd]"),
              HasSubstr("x-fairlead-primary-key[1]: the schema has no property 'idd'; did you mean "
                        "'id'?"));
  EXPECT_THAT(schema("x-fairlead-update-time: changed"), HasSubstr("has no property 'changed'"));
}

// --- What answers say of further pages ----------------------------------------------------------

struct PageCase {
  const char* operation;  ///< YAML of the operation
  const char* params;
  const char* body;
  const char* link;  ///< Link header; "" none
  const char* told;  ///< has_more and end_cursor
};

std::string told(const PageMark& mark) {
  return std::string(!mark.has_more   ? "unknown"
                     : *mark.has_more ? "more"
                                      : "last") +
         " " + mark.end_cursor.value_or("-");
}

class TellsOfPages : public ::testing::TestWithParam<PageCase> {};

TEST_P(TellsOfPages, AsTheAnswerDoes) {
  const PageCase& one = GetParam();
  const auto definition = load_small(
      {.operation = std::string("x-airbyte-record-extractor: $.data\n") + one.operation});
  ASSERT_TRUE(definition);
  const Operation& operation = *definition->operations[0];
  net::Answer answer;
  answer.status = 200;
  answer.headers = {{"Content-Type", "application/json"}};
  if (*one.link != '\0') answer.headers.add("Link", one.link);
  answer.body = one.body;
  const json::object params = object_of(one.params);
  const auto url = net::Url::parse("https://api.acme.example/v1/things").value();
  ReadOptions options;
  options.params = &params;
  options.request = &url;
  const auto outcome = read_answer(*definition, operation, answer, options);
  ASSERT_TRUE(outcome) << outcome.error().message;
  ASSERT_TRUE(outcome->page);
  EXPECT_EQ(told(*outcome->page), one.told) << one.operation << one.body;
}

const char* const by_cursor =
    "parameters: [{name: after, in: query}]\n"
    "x-fairlead-pagination: {style: cursor, inputs: {cursor: after}, outputs: {next_cursor: "
    "$.next, has_more: $.more}}";
const char* const by_last_id =
    "parameters: [{name: starting_after, in: query}]\n"
    "x-fairlead-pagination: {style: cursor, inputs: {cursor: starting_after}, outputs: "
    "{next_cursor: '$.data[-1].id', has_more: $.has_more}}";
const char* const by_page =
    "parameters: [{name: p, in: query, schema: {type: integer}}, {name: n, in: query, schema: "
    "{type: integer}}]\n"
    "x-fairlead-pagination: {style: page, inputs: {page: p, limit: n}, outputs: {pages: $.pages, "
    "total: $.total, page: $.page}}";
const char* const by_offset =
    "parameters: [{name: o, in: query, schema: {type: integer}}, {name: n, in: query, schema: "
    "{type: integer, default: 2}}]\n"
    "x-fairlead-pagination: {style: offset, inputs: {offset: o, limit: n}, outputs: {total: "
    "$.total}}";
const char* const by_link =
    "parameters: [{name: page, in: query, schema: {type: integer}}]\n"
    "x-fairlead-pagination: {style: link-header, inputs: {page: page}}";
const char* const by_address =
    "x-fairlead-pagination: {style: next-url, outputs: {next_url: $.next}, next_paths: "
    "[/v1/query/]}";
const char* const by_page_info =
    "parameters: [{name: after, in: query}]\n"
    "x-fairlead-pagination: {style: graphql, inputs: {cursor: after}, outputs: {page_info: "
    "$.pageInfo}}";

INSTANTIATE_TEST_SUITE_P(
    Declared, TellsOfPages,
    ::testing::Values(
        PageCase{by_cursor, "{}", R"({"data":[1],"next":"c2","more":true})", "", "more c2"},
        PageCase{by_cursor, "{}", R"({"data":[1],"next":"c2"})", "", "more c2"},
        PageCase{by_cursor, "{}", R"({"data":[1],"next":"c2","more":false})", "", "last -"},
        PageCase{by_cursor, "{}", R"({"data":[1],"next":""})", "", "last -"},
        PageCase{by_cursor, "{}", R"({"data":[1],"next":null,"more":null})", "", "last -"},
        PageCase{by_cursor, "{}", R"({"data":[1],"more":true})", "", "more -"},
        PageCase{by_cursor, "{}", R"({"data":[1],"next":12345678901234567890})", "",
                 "more 12345678901234567890"},
        PageCase{by_cursor, "{}", R"({"data":[1],"next":{"a":1}})", "", "last -"},
        PageCase{by_cursor, "{}", R"({"data":[1],"next":"/not/an/address","more":true})", "",
                 "more /not/an/address"},
        PageCase{by_last_id, "{}", R"({"data":[{"id":"a"},{"id":"b"}],"has_more":true})", "",
                 "more b"},
        PageCase{by_last_id, "{}", R"({"data":[{"id":"a"}],"has_more":false})", "", "last -"},
        PageCase{by_page, "{}", R"({"data":[1],"pages":3})", "", "more 2"},
        PageCase{by_page, R"({"p":3})", R"({"data":[1],"pages":3})", "", "last -"},
        PageCase{by_page, R"({"p":2})", R"({"data":[1],"pages":3,"page":1})", "", "more 2"},
        PageCase{by_page, R"({"n":2})", R"({"data":[1,2],"total":5})", "", "more 2"},
        PageCase{by_page, R"({"n":2,"p":3})", R"({"data":[1],"total":5})", "", "last -"},
        PageCase{by_page, R"({"n":2})", R"({"data":[1,2]})", "", "more 2"},
        PageCase{by_page, R"({"n":2})", R"({"data":[1]})", "", "last -"},
        PageCase{by_page, "{}", R"({"data":[]})", "", "last -"},
        PageCase{by_page, "{}", R"({"data":[1]})", "", "unknown 2"},
        PageCase{by_page, R"({"p":"x"})", R"({"data":[1]})", "", "unknown -"},
        // Numbers that nothing can be added to count nothing.
        PageCase{by_page, R"({"n":2})", R"({"data":[1,2],"page":9223372036854775807})", "",
                 "more 2"},
        PageCase{by_page, R"({"p":9223372036854775807})", R"({"data":[1]})", "", "unknown -"},
        PageCase{by_page, R"({"p":999999999999999,"n":999999999999999})",
                 R"({"data":[1],"total":5})", "", "last -"},
        PageCase{by_page, R"({"n":2})", R"({"data":[1,2],"pages":-9223372036854775808})", "",
                 "more 2"},
        PageCase{by_offset, R"({"o":9223372036854775807})", R"({"data":[1,2]})", "", "unknown -"},
        PageCase{by_offset, "{}", R"({"data":[1,2]})", "", "more 2"},
        PageCase{by_offset, R"({"o":2})", R"({"data":[1,2],"total":4})", "", "last -"},
        PageCase{by_offset, R"({"o":"2","n":9})", R"({"data":[1],"total":4})", "", "more 3"},
        PageCase{by_offset, R"({"o":2})", R"({"data":[]})", "", "last -"},
        PageCase{by_link, "{}", R"({"data":[1]})",
                 "<https://elsewhere.example/things?page=2&per_page=5>; rel=\"next\"", "more 2"},
        PageCase{by_link, "{}", R"({"data":[1]})", "< /v1/things?page=2 >; rel=\"next\"", "more 2"},
        PageCase{by_link, "{}", R"({"data":[1]})", "<https://a.example/?page=9>; rel=\"last\"",
                 "last -"},
        PageCase{by_link, "{}", R"({"data":[1]})", "", "last -"},
        PageCase{by_address, "{}",
                 R"({"data":[1],"next":"https://api.acme.example/v1/things?token=a%2Fb"})", "",
                 "more /v1/things?token=a%2Fb"},
        PageCase{by_address, "{}", R"({"data":[1],"next":"?token=2"})", "",
                 "more /v1/things?token=2"},
        PageCase{by_address, "{}", R"({"data":[1],"next":"/v1/query/7-2000"})", "",
                 "more /v1/query/7-2000"},
        PageCase{by_address, "{}", R"({"data":[1],"next":"/v1/query/../users"})", "", "more -"},
        PageCase{by_address, "{}", R"({"data":[1],"next":"/v1/users"})", "", "more -"},
        PageCase{by_address, "{}", R"({"data":[1],"next":"https://evil.example/v1/things?a=1"})",
                 "", "more -"},
        PageCase{by_address, "{}", R"({"data":[1],"next":null})", "", "last -"},
        PageCase{by_page_info, "{}",
                 R"({"data":[1],"pageInfo":{"hasNextPage":true,"endCursor":"e"}})", "", "more e"},
        PageCase{by_page_info, "{}",
                 R"({"data":[1],"pageInfo":{"hasNextPage":false,"endCursor":"e"}})", "", "last -"},
        PageCase{"x-fairlead-pagination: {style: none}", "{}", R"({"data":[1]})", "", "last -"}));

/// Without the extension: by the names of metadata and parameters.
#define META(meta, parameters) "x-airbyte-meta-extractor: {" meta "}\nparameters: [" parameters "]"
#define INTEGER(name) "{name: " name ", in: query, schema: {type: integer}}"
#define TEXT(name) "{name: " name ", in: query, schema: {type: string}}"

INSTANTIATE_TEST_SUITE_P(
    Inferred, TellsOfPages,
    ::testing::Values(
        PageCase{"summary: nothing told", "{}", R"({"data":[1]})", "", "unknown -"},
        PageCase{"x-airbyte-no-pagination: Everything at once", "{}", R"({"data":[1]})", "",
                 "last -"},
        PageCase{META("total: $.total", TEXT("cursor")), "{}", R"({"data":[1],"total":9})", "",
                 "unknown -"},
        PageCase{META("next_cursor: $.n", TEXT("cursor")), "{}", R"({"data":[1],"n":"x"})", "",
                 "more x"},
        PageCase{META("next_cursor: $.n", TEXT("cursor")), "{}", R"({"data":[1],"n":""})", "",
                 "last -"},
        PageCase{META("next_cursor: $.n", TEXT("name")), "{}", R"({"data":[1],"n":"x"})", "",
                 "more -"},
        PageCase{META("has_more: $.m, next_cursor: $.n", TEXT("cursor")), "{}",
                 R"({"data":[1],"n":"x","m":false})", "", "last -"},
        PageCase{META("has_more: $.m", INTEGER("offset")), R"({"offset":4})",
                 R"({"data":[1,2],"m":true})", "", "more 6"},
        PageCase{META("has_more: $.m", INTEGER("page")), R"({"page":4})",
                 R"({"data":[1,2],"m":true})", "", "more 5"},
        // Whether pages begin at 0 or 1 is not known.
        PageCase{META("has_more: $.m", INTEGER("page")), "{}", R"({"data":[1,2],"m":true})", "",
                 "more -"},
        PageCase{META("has_more: $.m", TEXT("name")), "{}", R"({"data":[1,2],"m":true})", "",
                 "more -"},
        PageCase{META("isLast: $.l", INTEGER("startAt")), R"({"startAt":0})",
                 R"({"data":[1,2],"l":false})", "", "more 2"},
        PageCase{META("isLast: $.l", INTEGER("startAt")), "{}", R"({"data":[1,2],"l":true})", "",
                 "last -"},
        PageCase{META("page: $.p, pages: $.ps", INTEGER("page")), "{}",
                 R"({"data":[1],"p":1,"ps":2})", "", "more 2"},
        PageCase{META("page: $.p, pages: $.ps", INTEGER("page")), "{}",
                 R"({"data":[1],"p":2,"ps":2})", "", "last -"},
        // A date called `start` is no cursor.
        PageCase{META("next_cursor: $.n", TEXT("start")), "{}", R"({"data":[1],"n":"x"})", "",
                 "more -"},
        // The word that fits wins.
        PageCase{META("next_page_token: $.n", TEXT("after") ", " TEXT("page_token")), "{}",
                 R"({"data":[1],"n":"x"})", "", "more x"},
        // The cursor may stand there on the last page too; the address may not.
        PageCase{META("after: $.c, next: $.n", TEXT("after")), "{}",
                 R"({"data":[1],"c":"x","n":null})", "", "last -"},
        PageCase{META("after: $.c, next: $.n", TEXT("after")), "{}",
                 R"({"data":[1],"c":"x","n":"https://a.example/?after=x"})", "", "more x"},
        PageCase{META("next: '@link.next'", INTEGER("page") ", " INTEGER("per_page")), "{}",
                 R"({"data":[1]})",
                 "<https://api.acme.example/v1/things?per_page=5&page=2>; rel=next", "more 2"},
        PageCase{META("next: '@link.next'", INTEGER("page") ", " TEXT("after")), "{}",
                 R"({"data":[1]})", "<https://api.acme.example/v1/things?after=z>; rel=next",
                 "more /v1/things?after=z"},
        PageCase{META("next: '@link.next'", TEXT("name")), "{}", R"({"data":[1]})",
                 "<https://api.acme.example/v1/things?x=z>; rel=next", "more /v1/things?x=z"},
        PageCase{META("next: '@link.next'", TEXT("name")), "{}", R"({"data":[1]})",
                 "< https://api.acme.example/v1/things?x=z >; rel=next", "more /v1/things?x=z"},
        PageCase{META("nextRecordsUrl: $.n, done: $.d", TEXT("q")), "{}",
                 R"({"data":[1],"n":"/services/data/v1/query/1-2000","d":false})", "", "more -"},
        PageCase{META("next_offset: $.n", INTEGER("offset")), "{}", R"({"data":[1],"n":20})", "",
                 "more 20"}));

TEST(Pages, FiltersDoNotShiftTheOffset) {
  const auto definition = load_small(
      {.operation = std::string("x-airbyte-record-extractor: $.data\nx-airbyte-record-filter: \"{{ "
                                "not record.hidden }}\"\n") +
                    by_offset});
  net::Answer answer;
  answer.status = 200;
  answer.body = R"({"data":[{"hidden":true},{"hidden":false}],"total":9})";
  const json::object params, config;
  ReadOptions options;
  options.params = &params;
  options.config = &config;
  const auto outcome = read_answer(*definition, *definition->operations[0], answer, options);
  ASSERT_TRUE(outcome) << outcome.error().message;
  EXPECT_EQ(told(*outcome->page), "more 2");
}

// --- How a cursor goes back ---------------------------------------------------------------------

TEST(Pages, TakeTheCallersUniformWords) {
  struct Case {
    const char* parameters;
    const char* given;
    const char* sent;
    const char* address;
  };
  for (const Case& one :
       std::vector<Case>{{TEXT("after") ", " INTEGER("first"), R"({"cursor":"x","limit":5})",
                          R"({"first":5,"after":"x"})", ""},
                         {INTEGER("page") ", " INTEGER("per_page"), R"({"cursor":"2","limit":5})",
                          R"({"per_page":5,"page":2})", ""},
                         {INTEGER("offset"), R"({"cursor":"abc"})", R"({"offset":"abc"})", ""},
                         {TEXT("cursor") ", " INTEGER("limit"), R"({"cursor":"x","limit":5})",
                          R"({"cursor":"x","limit":5})", ""},
                         {TEXT("starting_after") ", " INTEGER("limit"), R"({"cursor":"x"})",
                          R"({"starting_after":"x"})", ""},
                         {TEXT("after"), R"({"cursor":"x","after":"y"})", R"({"after":"y"})", ""},
                         {TEXT("after"), R"({"cursor":null})", "{}", ""},
                         {TEXT("name"), R"({"cursor":"x"})", R"({"cursor":"x"})", ""},
                         {INTEGER("page"), R"({"name":"a"})", R"({"name":"a"})", ""}}) {
    const auto definition =
        load_small({.operation = std::string("parameters: [") + one.parameters + "]"});
    json::object params = object_of(one.given);
    const auto address = take_paging_words(*definition, *definition->operations[0], params);
    EXPECT_EQ(json::serialize(params), one.sent) << one.given;
    EXPECT_EQ(address.value_or(""), one.address) << one.given;
  }
  const auto definition = load_small({.operation = by_address});
  json::object params = object_of(R"({"cursor":"/v1/things?token=2"})");
  EXPECT_EQ(take_paging_words(*definition, *definition->operations[0], params),
            "/v1/things?token=2");
  EXPECT_THAT(params, IsEmpty());
  params = object_of(R"({"cursor":5})");
  EXPECT_FALSE(take_paging_words(*definition, *definition->operations[0], params));
  EXPECT_TRUE(params.contains("cursor")) << "refused later, as an unknown parameter";
}

TEST(Pages, AnAddressLosesTheKeyThatTheServiceRepeats) {
  EXPECT_EQ(without_query("/v1/things?api_key=s3cret&page=2", "api_key"), "/v1/things?page=2");
  EXPECT_EQ(without_query("/v1/things?page=2&api%5Fkey=s3cret", "api_key"), "/v1/things?page=2");
  EXPECT_EQ(without_query("/v1/things?api_key=s3cret", "api_key"), "/v1/things");
  EXPECT_EQ(without_query("/v1/things", "api_key"), "/v1/things");
}

TEST(Records, AreSplitAsTheyStand) {
  EXPECT_THAT(split_records("[{\"a\": 1.50}, 12345678901234567890 ,\"x\"]"),
              ElementsAre("{\"a\": 1.50}", "12345678901234567890", "\"x\""));
  EXPECT_THAT(split_records("[]"), IsEmpty());
  EXPECT_THAT(split_records(" {\"a\":[1]} "), ElementsAre("{\"a\":[1]}"));
  EXPECT_THAT(split_records("null"), ElementsAre("null"));
}

// --- Rates ---------------------------------------------------------------------------------------

TEST(Rates, LetABurstThroughAndThenOneByOne) {
  auto now = RateLimits::Steady::time_point(std::chrono::hours(1));
  RateLimits rates([&now] { return now; });
  const RateLimit limit{.per_second = 2, .burst = 3};
  const auto wait_ms = [&](const char* key) {
    const auto turn = rates.take(key, limit, std::chrono::seconds(2));
    const auto ms = std::chrono::round<std::chrono::milliseconds>(turn.wait).count();
    return (turn.granted ? "" : "refused ") + std::to_string(ms);
  };
  std::vector<std::string> waits;
  for (int i = 0; i < 9; ++i) waits.push_back(wait_ms("a"));
  EXPECT_THAT(waits, ElementsAre("0", "0", "0", "500", "1000", "1500", "2000", "refused 500",
                                 "refused 500"));
  EXPECT_EQ(wait_ms("b"), "0") << "another connector";
  now += std::chrono::seconds(1);
  EXPECT_EQ(wait_ms("a"), "1500") << "refusals count for nothing";
  now += std::chrono::hours(1);
  EXPECT_EQ(wait_ms("a"), "0");
  const RateLimit none;
  EXPECT_TRUE(rates.take("a", none, {}).granted);
}

TEST(Rates, ForgetWhoHasNotCalledForLong) {
  auto now = RateLimits::Steady::time_point(std::chrono::hours(1));
  RateLimits rates([&now] { return now; });
  const RateLimit limit{.per_second = 1, .burst = 1};
  for (int i = 0; i < 1024; ++i) rates.take(std::to_string(i), limit, {});
  EXPECT_EQ(rates.size(), 1024u);
  now += std::chrono::seconds(2);
  rates.take("one more", limit, {});
  EXPECT_EQ(rates.size(), 1u);
}

TEST(DownloadHosts, AreTheHostOrAnyNameBelowIt) {
  const std::vector<std::string> hosts = {"files.example.com", "*.cdn.example.com"};
  for (const char* host : {"files.example.com", "a.cdn.example.com", "a.b.cdn.example.com"})
    EXPECT_TRUE(is_allowed_host(hosts, host)) << host;
  for (const char* host : {"example.com", "cdn.example.com", "xfiles.example.com",
                           "files.example.com.evil.test", ".cdn.example.com", ""})
    EXPECT_FALSE(is_allowed_host(hosts, host)) << host;
}

// --- In the engine -------------------------------------------------------------------------------

class ExtensionEngine : public ::testing::Test {
 protected:
  ExtensionEngine() {
    options_.connect_to = upstream_.endpoint();
    options_.on_wait = [](Wait) {};
  }

  std::string run(const Definition& definition, const std::string& action,
                  std::optional<std::string> cursor = {}, std::string_view params = "{}",
                  const std::string& seed = "") {
    Call call;
    call.definition = &definition;
    call.entity = "things";
    call.action = action;
    call.params = object_of(params);
    call.cursor = std::move(cursor);
    call.idempotency_seed = seed;
    auto outcome = run_to_end(engine_.execute(call, token_, options_));
    if (!outcome)
      return std::string(name_of(outcome.error().kind)) + ": " + outcome.error().message;
    return outcome->data + (outcome->page ? " " + told(*outcome->page) : "");
  }

  static std::string line(const std::string& request, std::string_view header) {
    const std::size_t at = request.find("\n" + std::string(header) + ": ");
    if (at == std::string::npos) return "";
    const std::size_t begin = at + 1 + header.size() + 2;
    return request.substr(begin, request.find('\n', begin) - begin);
  }

  RecordingUpstream upstream_;
  net::HttpClient client_{unrestricted()};
  Engine engine_{client_};
  HeldCredentials token_{{{"token", "t"}}};
  EngineOptions options_;
};

TEST_F(ExtensionEngine, FollowsAnAddress) {
  const auto definition =
      load_small({.operation = std::string("x-airbyte-record-extractor: $.data\n") + by_address});
  upstream_.will_answer(R"({"data":[1],"next":"https://api.acme.example/v1/query/7?a=b"})");
  EXPECT_EQ(run(*definition, "list"), R"([{"value":1}] more /v1/query/7?a=b)");
  upstream_.will_answer(R"({"data":[2]})");
  EXPECT_EQ(run(*definition, "list", "/v1/query/7?a=b"), R"([{"value":2}] last -)");
  const auto sent = upstream_.take();
  ASSERT_EQ(sent.size(), 2u);
  EXPECT_THAT(sent[1], StartsWith("GET api.acme.example/v1/query/7?a=b\n"));
  EXPECT_EQ(line(sent[1], "Authorization"), "Bearer t");
}

TEST_F(ExtensionEngine, RefusesAddressesOfItsOwnMaking) {
  const auto definition = load_small({.operation = by_address});
  for (const char* cursor : {"/v1/users", "/v1/query/../users", "/v1/query/%2e%2e/users",
                             "//evil.example/v1/things", "https://evil.example/", "v1/things",
                             "/v1/things\r\nX: y", "/v1/things#a", "@evil.example/", ""})
    EXPECT_THAT(run(*definition, "list", cursor), StartsWith("invalid_parameter: ")) << cursor;
  EXPECT_THAT(run(*definition, "list", "/v1/things?" + std::string(9000, 'a')),
              StartsWith("invalid_parameter: "));
  EXPECT_THAT(upstream_.take(), IsEmpty());
  const auto without = load_small({.operation = "summary: has no pages"});
  EXPECT_EQ(run(*without, "list", "x"),
            "invalid_parameter: things list cannot be continued with a cursor");
}

const SmallDefinition keyed{.method = "post",
                            .action = "create",
                            .operation =
                                "requestBody:\n  content:\n    application/json: {schema: "
                                "{properties: {name: {type: string}}}}",
                            .info = "x-fairlead-idempotency: Idempotency-Key"};

TEST_F(ExtensionEngine, AWriteWithAKeyIsSentAgainUnderTheSameKey) {
  const auto definition = load_small(keyed);
  for (const int status : {502, 503, 504}) {
    upstream_.will_answer("{}", status).will_answer(R"({"id":1})", 201);
    EXPECT_EQ(run(*definition, "create"), R"({"id":1})") << status;
    const auto sent = upstream_.take();
    ASSERT_EQ(sent.size(), 2u) << status;
    EXPECT_EQ(line(sent[0], "Idempotency-Key").size(), 36u);
    EXPECT_EQ(line(sent[0], "Idempotency-Key"), line(sent[1], "Idempotency-Key"));
  }
  // Not for ever, and not after an answer that says what happened.
  upstream_.will_answer("{}", 503).will_answer("{}", 503).will_answer("{}", 201);
  EXPECT_THAT(run(*definition, "create"), StartsWith("http_status: "));
  EXPECT_EQ(upstream_.take().size(), 2u);
}

TEST_F(ExtensionEngine, AWriteWithAKeyIsNotSentAgainAfterA500) {
  const auto definition = load_small(keyed);
  upstream_.will_answer("{}", 500);
  EXPECT_THAT(run(*definition, "create"), StartsWith("http_status: "));
  EXPECT_EQ(upstream_.take().size(), 1u);
}

TEST_F(ExtensionEngine, KeysComeFromTheCallersOwn) {
  const auto definition = load_small(keyed);
  std::vector<std::string> keys;
  for (const char* seed : {"a", "a", "b", "", ""}) {
    upstream_.will_answer("{}");
    run(*definition, "create", {}, "{}", seed);
    keys.push_back(line(upstream_.take().at(0), "Idempotency-Key"));
  }
  EXPECT_EQ(keys[0], keys[1]);
  EXPECT_NE(keys[0], keys[2]);
  EXPECT_NE(keys[3], keys[4]);
}

TEST_F(ExtensionEngine, ACallersHeaderParameterIsTheKey) {
  SmallDefinition parts = keyed;
  parts.operation += "\nparameters: [{name: Idempotency-Key, in: header}]";
  const auto definition = load_small(parts);
  upstream_.will_answer("{}", 503).will_answer("{}");
  EXPECT_EQ(run(*definition, "create", {}, R"({"Idempotency-Key":"mine"})"), "{}");
  const auto sent = upstream_.take();
  ASSERT_EQ(sent.size(), 2u);
  EXPECT_EQ(line(sent[1], "Idempotency-Key"), "mine");
}

TEST_F(ExtensionEngine, WithoutTheExtensionAWriteIsNeverSentAgain) {
  SmallDefinition parts = keyed;
  parts.info.clear();
  const auto definition = load_small(parts);
  upstream_.will_answer("{}", 503);
  EXPECT_THAT(run(*definition, "create"), StartsWith("http_status: "));
  const auto sent = upstream_.take();
  ASSERT_EQ(sent.size(), 1u);
  EXPECT_EQ(line(sent[0], "Idempotency-Key"), "");
}

TEST_F(ExtensionEngine, KeepsToTheRate) {
  auto now = RateLimits::Steady::time_point(std::chrono::hours(1));
  RateLimits rates([&now] { return now; });
  options_.rates = &rates;
  options_.rate_key = "connector";
  const auto definition =
      load_small({.operation = "x-fairlead-rate-limit: {requests: 6, per: minute, burst: 1}",
                  .info = "x-fairlead-rate-limit: {requests: 1000}"});
  upstream_.will_answer("[]").will_answer("[]");
  EXPECT_THAT(run(*definition, "list"), StartsWith("[]"));
  EXPECT_EQ(run(*definition, "list"),
            "rate_limit: The rate limit of small is used up; try again in 5 s");
  EXPECT_EQ(upstream_.take().size(), 1u) << "nothing is sent";
  now += std::chrono::seconds(10);
  EXPECT_THAT(run(*definition, "list"), StartsWith("[]"));
}

TEST_F(ExtensionEngine, RatesAreA429OfOurs) {
  const Error error =
      to_error({CallErrorKind::rate_limit, "used up", 0, "", std::chrono::seconds(5)});
  EXPECT_EQ(error.kind, ErrorKind::rate_limited);
  EXPECT_EQ(error.code, "rate_limited");
  EXPECT_EQ(error.retry_after, std::chrono::seconds(5));
}

TEST_F(ExtensionEngine, TheProbeIsWhatTheDefinitionSays) {
  const auto definition = load_small({.operation = two_parameters,
                                      .info = "x-fairlead-probe: {entity: things, action: list, "
                                              "params: {after: x}}"});
  upstream_.will_answer("[]");
  const json::object report =
      run_to_end(engine_.check(*definition, {}, "", token_, Deadline::never(), options_));
  EXPECT_EQ(report.at("status"), "healthy");
  EXPECT_THAT(upstream_.take(),
              ElementsAre(StartsWith("GET api.acme.example/v1/things?after=x\n")));
}

TEST_F(ExtensionEngine, FilesComeFromTheirHostsOnly) {
  const auto definition =
      load_small({.action = "download",
                  .operation = "x-airbyte-file-url: url\n"
                               "x-fairlead-download-hosts: [files.example.com]"});
  const auto file_at = [&](const std::string& url) {
    upstream_.will_answer(R"({"url":")" + url + R"("})");
    upstream_.will_answer("bytes", 200, {{"Content-Type", "text/plain"}});
    Call call;
    call.definition = definition.get();
    call.entity = "things";
    call.action = "download";
    call.params =
        object_of(R"({"_airbyte_response_type":"json","_airbyte_response_format":"text"})");
    const auto outcome = run_to_end(engine_.execute(call, token_, options_));
    const auto sent = upstream_.take().size();
    return outcome ? std::to_string(sent) + " requests" : outcome.error().message;
  };
  EXPECT_EQ(file_at("https://files.example.com/a"), "2 requests");
  EXPECT_EQ(file_at("https://api.acme.example/v1/files/a"), "2 requests") << "the service itself";
  EXPECT_EQ(file_at("https://other.example.com/a"),
            "Cannot extract download URL for things: its host other.example.com is not among the "
            "download hosts of the definition");
}

TEST_F(ExtensionEngine, RedirectsOfDownloadsStayWithTheirHosts) {
  const auto definition =
      load_small({.action = "download", .info = "x-fairlead-download-hosts: ['*.example.com']"});
  const auto redirected_to = [&](const std::string& url) {
    while (!upstream_.take().empty()) {
    }
    upstream_.will_answer("", 302, {{"Location", url}});
    Call call;
    call.definition = definition.get();
    call.entity = "things";
    call.action = "download";
    const auto outcome = run_to_end(engine_.execute(call, token_, options_));
    return (outcome ? "" : outcome.error().message) + " " + std::to_string(upstream_.take().size());
  };
  EXPECT_THAT(redirected_to("https://evil.test/a"),
              HasSubstr("whose host is not among the download hosts of the definition 1"));
  EXPECT_THAT(redirected_to("https://files.example.com/a"), HasSubstr(" 2"));
}

}  // namespace
}  // namespace fairlead::connector
