#include "connector/request_builder.hpp"

#include "base/encoding.hpp"
#include "connector/testdata/small_definition.hpp"
#include "connector/wire_text.hpp"

#include <gtest/gtest.h>

namespace fairlead::connector {
namespace {

using namespace std::string_literals;

const Instant now = Instant(std::chrono::seconds(1'770'000'000));  // 2026-02-02T02:40:00Z

Result<RequestDraft, CallError> build(const Definition& definition, std::string_view entity,
                                      std::string_view action, json::object params,
                                      std::string_view config = "{}") {
  const auto operation = definition.find(entity, action);
  if (!operation) return CallError{CallErrorKind::entity_not_found, operation.error().message};
  return build_request(definition, **operation, std::move(params), object_of(config), {}, now);
}

Result<RequestDraft, CallError> build(const SmallDefinition& parts, std::string_view params,
                                      std::string_view config = "{}") {
  const auto definition = load_small(parts);
  return build(*definition, "things", parts.action, object_of(params), config);
}

std::string problem(const Result<RequestDraft, CallError>& draft) {
  if (draft) return "none: " + draft->url() + " " + draft->body.value_or("");
  return std::string(name_of(draft.error().kind)) + " " + draft.error().parameter;
}

std::string header(const RequestDraft& draft, std::string_view name) {
  const std::string* const value = draft.headers.find(name);
  return value != nullptr ? *value : "(none)";
}

// Section 17, requests as they are before credentials come in.

constexpr const char* acme_config = R"({"subdomain":"acme","workspace":"7","region":"eu"})";

TEST(AcmeTickets, ListAsInTheWorkedExample) {
  const auto acme = load_acme();
  const auto draft =
      build(*acme, "tickets", "list", object_of(R"({"state":"open","label[]":["a b","c"],
        "created":{"gte":10,"lte":null},"sort":["-id","state"],"archived":false,"colour":"x"})"),
            acme_config);
  ASSERT_TRUE(draft) << draft.error().message;
  EXPECT_EQ(draft->method, "GET");
  EXPECT_EQ(draft->url(),
            "https://acme.acme-tickets.example/api/v2/workspaces/7/tickets?state=open&label%5B%5D=a"
            "+b&label%5B%5D=c&created%5Bgte%5D=10&sort=-id%2Cstate&archived=false&market=mkt-1");
  EXPECT_EQ(header(*draft, "Acme-Version"), "2026-01-01");
  EXPECT_EQ(header(*draft, "Accept"), "*/*");
  EXPECT_EQ(draft->headers.size(), 2u);
  EXPECT_FALSE(draft->body);
}

struct AcmeCase {
  const char *entity, *action, *params, *request, *type, *body;
};

TEST(AcmeTickets, OtherRequestsAsInTheWorkedExample) {
  const AcmeCase cases[] = {
      {"tickets", "search", R"({"state":"open","query":"refund"})", "POST /graphql",
       "application/json",
       R"({"query":"query($q: String!, $n: Int!) { search(query: $q, first: $n) { nodes { id subject } pageInfo { hasNextPage endCursor } } }","variables":{"q":"state:open refund","n":10}})"},
      {"tickets", "create",
       R"({"subject":"Refund","assignee":null,"meta":{"k":null,"tags":["x",1]}})",
       "POST /workspaces/7/tickets", "application/json",
       R"({"priority":"normal","subject":"Refund","meta":{"k":null,"tags":["x",1]}})"},
      {"tickets", "get", R"({"id":5})", "GET /tickets/5", "(none)", "(none)"},
      {"tickets", "update",
       R"({"id":5,"subject":"x & y","watchers":["a","b"],"custom":{"f":{"g":1}},"urgent":true})",
       "PUT /tickets/5", "application/x-www-form-urlencoded",
       "subject=x+%26+y&watchers%5B0%5D=a&watchers%5B1%5D=b&custom%5Bf%5D%5Bg%5D=1&urgent=true"},
      {"tickets", "delete", R"({"id":9})", "DELETE /tickets/9", "(none)", "(none)"},
      {"comments", "list", R"({"ticket_id":5})", "GET /tickets/5/comments", "(none)", "(none)"},
      {"exports", "download", R"({"id":"q/1"})", "GET /exports/q%2F1/raw?alt=media", "(none)",
       "(none)"},
      {"attachments", "download", R"({"id":5,"index":0,"range_header":"bytes=0-3"})",
       "GET /tickets/5", "(none)", "(none)"},
  };
  const auto acme = load_acme();
  for (const AcmeCase& one : cases) {
    const auto draft = build(*acme, one.entity, one.action, object_of(one.params), acme_config);
    ASSERT_TRUE(draft) << one.request << ": " << draft.error().message;
    EXPECT_EQ(draft->method + " " + draft->path + (draft->query.empty() ? "" : "?" + draft->query),
              one.request);
    EXPECT_EQ(header(*draft, "Content-Type"), one.type) << one.request;
    EXPECT_EQ(draft->body.value_or("(none)"), one.body);
  }
}

TEST(AcmeTickets, UploadHasTheBytesOfTheWorkedExample) {
  const auto acme = load_acme();
  const auto draft =
      build(*acme, "files", "create",
            object_of(R"({"name":"n.txt","file_content":"aGk=","file_mime_type":"text/plain"})"));
  ASSERT_TRUE(draft) << draft.error().message;
  const std::string type = header(*draft, "Content-Type");
  const std::string boundary = type.substr(type.find('=') + 1);
  EXPECT_EQ(type, "multipart/related; boundary=" + boundary);
  EXPECT_EQ(*draft->body, "--" + boundary +
                              "\r\nContent-Type: application/json; charset=UTF-8\r\n\r\n{\"name\": "
                              "\"n.txt\"}\r\n--" +
                              boundary + "\r\nContent-Type: text/plain\r\n\r\nhi\r\n--" + boundary +
                              "--\r\n");
  EXPECT_EQ(draft->body->size(), 261u);
}

TEST(AcmeTickets, EnumIsCheckedBeforeAnythingIsSent) {
  const auto acme = load_acme();
  const auto draft = build(*acme, "tickets", "list", object_of(R"({"state":"bad"})"), acme_config);
  ASSERT_FALSE(draft);
  EXPECT_EQ(draft.error().kind, CallErrorKind::validation);
  EXPECT_EQ(draft.error().message,
            "Invalid value 'bad' for parameter 'state'; expected one of: ['open', 'held', "
            "'closed']");
}

TEST(AcmeTickets, TheDefaultOfAVariableFillsTheAddress) {
  const auto acme = load_acme();
  const auto draft =
      build(*acme, "tickets", "get", object_of(R"({"id":5})"), R"({"workspace":"7"})");
  ASSERT_TRUE(draft);
  EXPECT_EQ(draft->url(), "https://your-subdomain.acme-tickets.example/api/v2/tickets/5");
}

// 6.5 Path.

struct TextCase {
  const char *given, *expected;
};

TEST(Path, ValuesAreOneEncodedSegment) {
  const TextCase cases[] = {
      {R"({"id":"a/b:c,d@e f"})", "/things/a%2Fb%3Ac%2Cd%40e%20f/z"},
      {R"({"id":42})", "/things/42/z"},
      {R"({"id":true})", "/things/true/z"},
      {R"({"id":1.0})", "/things/1.0/z"},
      {R"({"id":12345678901234567890})", "/things/12345678901234567890/z"},
      {R"({"id":"ü"})", "/things/%C3%BC/z"},
      {R"({"id":"..."})", "/things/.../z"},
      {R"({"id":"%2e%2e"})", "/things/%252e%252e/z"},
  };
  const SmallDefinition parts{
      .path = "/things/{id}/z",
      .action = "get",
      .operation =
          "parameters: [{name: id, in: path, required: true, schema: {type: string, "
          "default: ignored}}]"};
  for (const TextCase& one : cases) {
    const auto draft = build(parts, one.given);
    ASSERT_TRUE(draft) << one.given << ": " << draft.error().message;
    EXPECT_EQ(draft->path, one.expected);
  }
  const TextCase refused[] = {
      {"{}", "missing_parameter id"},
      {R"({"id":null})", "invalid_parameter id"},
      {R"({"id":""})", "invalid_parameter id"},
      {R"({"id":" \t"})", "invalid_parameter id"},
      {R"({"id":"."})", "invalid_parameter id"},
      {R"({"id":".."})", "invalid_parameter id"},
      {R"({"id":[1]})", "invalid_parameter id"},
      {R"({"id":{"a":1}})", "invalid_parameter id"},
      {R"({"id":"a\r\nb"})", "invalid_parameter id"},
      {R"({"id":"a\u0000b"})", "invalid_parameter id"},
  };
  for (const TextCase& one : refused) EXPECT_EQ(problem(build(parts, one.given)), one.expected);
  const std::string longer = R"({"id":")" + std::string(2049, 'a') + R"("})";
  EXPECT_EQ(problem(build(parts, longer)), "invalid_parameter id");
}

TEST(Path, TwoValuesDoNotMakeADotSegment) {
  const SmallDefinition parts{
      .path = "/x/{a}{b}/z",
      .action = "get",
      .operation =
          "parameters:\n  - {name: a, in: path, required: true, schema: {type: string}}\n"
          "  - {name: b, in: path, required: true, schema: {type: string}}"};
  const auto definition = load_small(parts);
  const auto operation = definition->find("things", "get");
  ASSERT_TRUE(operation);
  // Each alone is refused; a literal dot beside a value is caught by the look at the whole.
  EXPECT_EQ(problem(build(parts, R"({"a":".","b":"."})")), "invalid_parameter a");
  SmallDefinition dotted = parts;
  dotted.path = "/x/.{a}";
  dotted.operation = "parameters: [{name: a, in: path, required: true, schema: {type: string}}]";
  EXPECT_EQ(problem(build(dotted, R"({"a":"."})")), "invalid_parameter a");
}

TEST(Path, AnOverrideDecidesWhichParametersAreNeeded) {
  const SmallDefinition parts{
      .path = "/things/{id}/files/{index}:download",
      .action = "get",
      .operation =
          "x-airbyte-path-override: {path: \"/things/{id}\"}\nparameters:\n"
          "  - {name: id, in: path, required: true, schema: {type: string}}\n"
          "  - {name: index, in: path, required: true, schema: {type: integer}}"};
  const auto draft = build(parts, R"({"id":"1"})");
  ASSERT_TRUE(draft) << draft.error().message;
  EXPECT_EQ(draft->path, "/things/1");
}

// 6.6 Query.

struct QueryCase {
  const char *parameter, *params, *query;
};

TEST(Query, ValuesAreSerialisedAsTheFormatSays) {
  const QueryCase cases[] = {
      {"schema: {type: string}", R"({"p":"a b*[c]~&=ü"})", "p=a+b%2A%5Bc%5D~%26%3D%C3%BC"},
      {"schema: {type: boolean}", R"({"p":true})", "p=true"},
      {"schema: {type: string}", R"({"p":null})", "p="},
      {"schema: {type: number}", R"({"p":1.0})", "p=1.0"},
      {"schema: {type: number}", R"({"p":1e16})", "p=1e%2B16"},
      {"schema: {type: number}", R"({"p":0.00001})", "p=1e-05"},
      {"schema: {type: integer}", R"({"p":-7})", "p=-7"},
      {"schema: {type: array}", R"({"p":["a",1,true,null]})", "p=a&p=1&p=true&p="},
      {"schema: {type: array}", R"({"p":[]})", ""},
      {"schema: {type: array}, style: form, explode: false", R"({"p":["a,b","c"]})", "p=a%2Cb%2Cc"},
      {"schema: {type: array}, style: spaceDelimited, explode: false", R"({"p":["a","b"]})",
       "p=a+b"},
      {"schema: {type: array}, style: spaceDelimited, explode: true", R"({"p":["a","b"]})",
       "p=a+b"},
      {"schema: {type: array}, style: pipeDelimited, explode: false", R"({"p":["a",2]})",
       "p=a%7C2"},
      {"schema: {type: object}, style: deepObject, explode: true",
       R"({"p":{"gte":10,"x":null,"l":[1,2]}})", "p%5Bgte%5D=10&p%5Bl%5D=1&p%5Bl%5D=2"},
      {"schema: {type: object}, style: deepObject, explode: true", R"({"p":5})", "p=5"},
      {"schema: {type: string, default: d}", "{}", ""},
      {"required: true, schema: {type: string, default: d}", "{}", "p=d"},
      {"required: true, schema: {type: string, default: d}", R"({"p":"e"})", "p=e"},
      {"required: true, schema: {type: string, default: \"{{ now_utc().strftime('%Y%m%d') }}\"}",
       "{}", "p=20260202"},
  };
  for (const QueryCase& one : cases) {
    const auto draft = build(
        {.operation = "parameters: [{name: p, in: query, "s + one.parameter + "}]"}, one.params);
    ASSERT_TRUE(draft) << one.parameter << one.params << ": " << draft.error().message;
    EXPECT_EQ(draft->query, one.query) << one.parameter << one.params;
  }
}

TEST(Query, WhatCannotBeSentIsRefused) {
  const QueryCase cases[] = {
      {"schema: {type: object}", R"({"p":{"a":1}})", "invalid_parameter p"},
      {"schema: {type: array}", R"({"p":[{"a":1}]})", "invalid_parameter p"},
      {"schema: {type: array}", R"({"p":[[1]]})", "invalid_parameter p"},
      {"schema: {type: array}, style: form, explode: false", R"({"p":[{"a":1}]})",
       "invalid_parameter p"},
      {"schema: {type: object}, style: deepObject, explode: true", R"({"p":{"a":{"b":1}}})",
       "invalid_parameter p[a]"},
      {"required: true, schema: {type: string}", "{}", "missing_parameter p"},
      {"required: true, schema: {type: string}", R"({"p":null})", "invalid_parameter p"},
      {"required: true, schema: {type: string}", R"({"p":"  "})", "invalid_parameter p"},
      {"required: true, schema: {type: array}", R"({"p":[]})", "invalid_parameter p"},
      {"schema: {type: string, enum: [a, b]}", R"({"p":"c"})", "validation p"},
      {"schema: {type: string, enum: [a, b]}", R"({"p":null})", "validation p"},
      {"schema: {type: integer, enum: [1, 2]}", R"({"p":3})", "validation p"},
      {"schema: {type: array, items: {enum: [a]}}", R"({"p":["a","b"]})", "validation p"},
      {"schema: {type: array, items: {enum: [a]}}", R"({"p":"a"})", "validation p"},
      {"schema: {type: array, items: {enum: [a]}}", R"({"p":null})", "validation p"},
      {"schema: {type: array}", R"({"p":"a"})", "validation p"},
  };
  for (const QueryCase& one : cases)
    EXPECT_EQ(
        problem(build({.operation = "parameters: [{name: p, in: query, "s + one.parameter + "}]"},
                      one.params)),
        one.query)
        << one.parameter << one.params;
}

TEST(Query, WhatIsNotCheckedPasses) {
  const QueryCase cases[] = {
      {"schema: {type: [array, 'null']}", R"({"p":"a"})", "p=a"},
      {"schema: {type: array}", R"({"p":null})", "p="},
      {"schema: {type: integer, enum: [1, 2]}", R"({"p":2.0})", "p=2.0"},
      {"schema: {type: integer, minimum: 5}", R"({"p":"x"})", "p=x"},
  };
  for (const QueryCase& one : cases) {
    const auto draft = build(
        {.operation = "parameters: [{name: p, in: query, "s + one.parameter + "}]"}, one.params);
    ASSERT_TRUE(draft) << one.parameter << ": " << draft.error().message;
    EXPECT_EQ(draft->query, one.query);
  }
}

TEST(Query, TheCallersOrderComesFirstThenDeclarationOrder) {
  const auto draft =
      build({.operation =
                 "parameters:\n"
                 "  - {name: m, in: query, schema: {type: string}, "
                 "x-airbyte-param-config-inject: {source: region}}\n"
                 "  - {name: d, in: query, required: true, schema: {type: integer, default: 3}}\n"
                 "  - {name: a, in: query, schema: {type: string}}\n"
                 "  - {name: b, in: query, schema: {type: string}}"},
            R"({"b":"1","nobody":"x","a":"2"})", R"({"region":"eu"})");
  ASSERT_TRUE(draft) << draft.error().message;
  EXPECT_EQ(draft->query, "b=1&a=2&m=eu&d=3");
}

TEST(Query, DownloadsSendOptionalDefaultsAndTakeARange) {
  const SmallDefinition parts{
      .action = "download",
      .operation =
          "parameters:\n  - {name: alt, in: query, schema: {type: string, default: media}}\n"
          "  - {name: range_header, in: header, schema: {type: string}}"};
  const auto draft = build(parts, R"({"range_header":"bytes=0-3","_airbyte_response_type":"json",
                                      "_airbyte_response_format":"text"})");
  ASSERT_TRUE(draft);
  EXPECT_EQ(draft->query, "alt=media");
  EXPECT_EQ(header(*draft, "Range"), "bytes=0-3");
  EXPECT_EQ(header(*draft, "range_header"), "(none)");
  EXPECT_EQ(problem(build(parts, R"({"range_header":"bytes=0-3\r\nX: y"})")),
            "invalid_parameter range_header");
}

TEST(Query, RestLiKeepsItsStructure) {
  const auto rest_li = [](std::string_view params) {
    auto draft = build(
        {.operation = "parameters:\n"
                      "  - {name: X-RestLi-Protocol-Version, in: header, schema: {type: string, "
                      "default: 2.0.0}}\n"
                      "  - {name: \"a:b\", in: query, schema: {}}"},
        params);
    return draft ? draft->query : draft.error().message;
  };
  EXPECT_EQ(rest_li(R"j({"a:b":"(x:List(a%2Cb),y: 1)"})j"), "a%3Ab=(x:List(a%2Cb),y:%201)");
  EXPECT_EQ(rest_li(R"j({"a:b":"List(urn:li:1,2)&c=d"})j"), "a%3Ab=List(urn:li:1,2)%26c%3Dd");
  EXPECT_EQ(rest_li(R"j({"a:b":"u:(1),2 %"})j"), "a%3Ab=u%3A%281%29,2%20%25");
  EXPECT_EQ(rest_li(R"j({"a:b":["x","y"]})j"), "a%3Ab=List(x,y)");
  // An element cannot add others; a percent sign that begins no escape is itself.
  EXPECT_EQ(rest_li(R"j({"a:b":["x,y","z)&c=d","50%"]})j"), "a%3Ab=List(x%2Cy,z%29%26c%3Dd,50%25)");
  EXPECT_EQ(rest_li(R"j({"a:b":"List(5%,%2)"})j"), "a%3Ab=List(5%25,%252)");
}

// 6.2 Scoping.

TEST(Scoping, FillsWhatTheCallerLeftOut) {
  struct Case {
    const char *scoping, *config, *params, *query;
  };
  const Case cases[] = {
      {"{param: p}", R"({"p":"c"})", "{}", "p=c"},
      {"{param: p, config_key: k}", R"({"k":7})", "{}", "p=7"},
      {"{param: p, config_key: k}", R"({"k":7})", R"({"p":"mine"})", "p=mine"},
      {"{param: p, config_key: k}", R"({"k":7})", R"({"p":null})", "p="},
      {"{param: p, config_key: k}", "{}", "{}", ""},
      {"{param: p, config_key: k}", R"({"k":["one"]})", "{}", "p=one"},
      {"{param: p, config_key: k}", R"({"k":["one","two"]})", "{}", ""},
      {"{param: p, config_key: k}", R"({"k":[]})", "{}", ""},
      {"{param: p, config_key: k, value_template: \"{{ value.split('/')[0] }}\"}",
       R"({"k":["own/repo"]})", "{}", "p=own"},
      {"{param: p, config_key: k, value_template: \"{{ none }}\"}", R"({"k":"x"})", "{}", ""},
      {"{param: p, config_key: k, value_template: \" {{ value }} \"}", R"({"k":"x"})", "{}", "p=x"},
  };
  for (const Case& one : cases) {
    const auto draft =
        build({.operation = "parameters: [{name: p, in: query, schema: {type: string}}]",
               .info = "x-airbyte-scoping: ["s + one.scoping + "]"},
              one.params, one.config);
    ASSERT_TRUE(draft) << one.scoping << ": " << draft.error().message;
    EXPECT_EQ(draft->query, one.query) << one.scoping << one.config << one.params;
  }
}

TEST(Scoping, InjectionMapsTheSetting) {
  const char* const operation =
      "parameters: [{name: p, in: query, schema: {type: string}, "
      "x-airbyte-param-config-inject: {source: region, map: {EU: mkt-1, us: mkt-2}}}]";
  const TextCase cases[] = {{R"({"region":"eu"})", "p=mkt-1"},
                            {R"({"region":"us"})", "p=mkt-2"},
                            {R"({"region":"xx"})", ""},
                            {"{}", ""}};
  for (const TextCase& one : cases) {
    const auto draft = build({.operation = operation}, "{}", one.given);
    ASSERT_TRUE(draft);
    EXPECT_EQ(draft->query, one.expected) << one.given;
  }
}

// 6.7 Headers.

TEST(Headers, ParametersAndDefaultsAreSent) {
  const SmallDefinition parts{
      .method = "post",
      .action = "create",
      .operation =
          "parameters:\n"
          "  - {name: X-One, in: header, schema: {type: string, default: d}}\n"
          "  - {name: content-type, in: header, schema: {type: string}}\n"
          "  - {name: accept, in: header, schema: {type: string}}\n"
          "requestBody: {content: {application/json: {schema: {type: object, properties: "
          "{a: {type: integer}}}}}}"};
  auto draft = build(parts, R"({"a":1})");
  ASSERT_TRUE(draft);
  EXPECT_EQ(header(*draft, "X-One"), "d");
  EXPECT_EQ(header(*draft, "Content-Type"), "application/json");
  draft = build(parts, R"({"a":1,"X-One":true,"content-type":"application/vnd.x+json",
                          "accept":"text/csv"})");
  ASSERT_TRUE(draft);
  EXPECT_EQ(header(*draft, "X-One"), "true");
  EXPECT_EQ(header(*draft, "Content-Type"), "application/vnd.x+json");
  EXPECT_EQ(header(*draft, "Accept"), "text/csv");
  EXPECT_EQ(draft->headers.size(), 3u);  // names merge without case
  for (const char* const bad : {R"({"X-One":"a\r\nEvil: 1"})", R"({"X-One":"a\nb"})",
                                R"({"X-One":"\u0000"})", R"({"X-One":"ü"})", R"({"X-One":"  "})",
                                R"({"X-One":"a "})", R"({"X-One":[1]})", R"({"X-One":{"a":1}})"}) {
    const auto refused = build(parts, bad);
    EXPECT_EQ(problem(refused), "invalid_parameter X-One") << bad;
    EXPECT_EQ(refused.error().message.find("Evil"), std::string::npos);
  }
}

// 6.8, 6.9 Bodies.

struct BodyCase {
  const char *schema, *params, *type, *body;
};

void expect_bodies(const char* content_type, const std::vector<BodyCase>& cases) {
  for (const BodyCase& one : cases) {
    const auto draft =
        build({.method = "post",
               .path = "/things/{id}",
               .action = "create",
               .operation = "parameters: [{name: id, in: path, required: true, schema: {type: "
                            "string}}]\nrequestBody: {content: {"s +
                            content_type + ": {schema: " + one.schema + "}}}"},
              one.params);
    ASSERT_TRUE(draft) << one.params << ": " << draft.error().message;
    EXPECT_EQ(draft->body.value_or("(none)"), one.body) << one.params;
    EXPECT_EQ(header(*draft, "Content-Type"), one.type) << one.params;
  }
}

TEST(Body, Json) {
  const char* const plain = "{type: object, properties: {a: {}, b: {default: 1}, c: {}}}";
  const char* const json_type = "application/json";
  expect_bodies(
      json_type,
      {{plain, R"({"id":"1","c":"x","a":null,"other":2})", json_type, R"({"b":1,"c":"x"})"},
       {plain, R"({"id":"1","b":null})", json_type, R"({"b":1})"},
       {plain, R"({"id":"1","b":2,"a":{"n":null,"t":"é\n\u0001\"\\"}})", json_type,
        R"({"b":2,"a":{"n":null,"t":"é\n\u0001\"\\"}})"},
       {plain, R"({"id":"1","a":[1.0,1e16,true]})", json_type, R"({"b":1,"a":[1.0,1e+16,true]})"},
       {"{type: object, properties: {a: {}}}", R"({"id":"1"})", "(none)", "(none)"},
       {"{type: array, items: {type: object, properties: {a: {}, b: {default: 2}}}}",
        R"({"id":"1","a":1})", json_type, R"([{"b":2,"a":1}])"},
       {"{type: object, additionalProperties: true}",
        R"({"id":"1","sobjectType":"X","Name":"n","Empty":null})", json_type, R"({"Name":"n"})"}});
}

TEST(Body, RequiredFieldsOfCreateAndUpdate) {
  const auto draft = [](const char* action, std::string_view params) {
    return problem(build(
        {.method = "post",
         .action = action,
         .operation = "requestBody: {content: {application/json: {schema: {type: object, required: "
                      "[a, u], properties: {a: {type: string, enum: [x]}, l: {type: array}}}}}}"},
        params));
  };
  EXPECT_EQ(draft("create", "{}"), "missing_parameter a");
  EXPECT_EQ(draft("update", R"({"l":[]})"), "missing_parameter a");
  EXPECT_EQ(draft("update", R"({"a":"x"})"), "missing_parameter u");  // not among the properties
  EXPECT_EQ(draft("update", R"({"a":"x","u":null})"),
            "none: https://api.acme.example/v1/things {\"a\":\"x\"}");
  EXPECT_EQ(draft("list", R"({"l":[1]})"), "none: https://api.acme.example/v1/things {\"l\":[1]}");
  EXPECT_EQ(draft("create", R"({"a":"y"})"), "validation a");
  EXPECT_EQ(draft("create", R"({"a":"x","l":"y"})"), "validation l");
}

TEST(Body, TheElementsOfAnArrayAreNotChecked) {
  const auto draft = build(
      {.method = "post",
       .action = "create",
       .operation = "requestBody: {content: {application/json: {schema: {type: array, items: "
                    "{type: object, required: [a, u], properties: {a: {type: string, enum: [x]}, "
                    "l: {type: array}}}}}}}"},
      R"({"a":"y","l":1})");
  ASSERT_TRUE(draft) << draft.error().message;
  EXPECT_EQ(draft->body, R"([{"a":"y","l":1}])");
}

TEST(Body, Form) {
  const char* const schema = "{type: object, properties: {a: {}, b: {}}}";
  const char* const type = "application/x-www-form-urlencoded";
  expect_bodies(type,
                {{schema, R"({"id":"1","a":{"x":[1,{"y":true}],"z":null,"e":{}},"b":[[1]]})", type,
                  "a%5Bx%5D%5B0%5D=1&a%5Bx%5D%5B1%5D%5By%5D=true&a%5Bz%5D=&b%5B0%5D%5B0"
                  "%5D=1"},
                 {schema, R"({"id":"1","a":[],"b":{}})", type, "(none)"},
                 {schema, R"({"id":"1"})", "(none)", "(none)"}});
}

SmallDefinition upload(const char* type) {
  return {.method = "post",
          .action = "create",
          .operation = "requestBody: {content: {"s + type +
                       ": {schema: {type: object, properties: {name: {}, file_content: {}, "
                       "file_mime_type: {}, tags: {}, meta: {}}}}}}"};
}

TEST(Body, MultipartRelatedRefusesWhatWouldBreakIt) {
  const auto parts = upload("multipart/related");
  const TextCase cases[] = {
      {R"({"name":"n","file_content":"aGk=","file_mime_type":"text/plain\r\nX: y"})",
       "invalid_parameter file_mime_type"},
      {R"({"name":"n","file_content":"aGk=","file_mime_type":"nonsense"})",
       "invalid_parameter file_mime_type"},
      {R"({"name":"n","file_content":"no base64!"})", "invalid_parameter file_content"},
      {R"({"name":"n","file_content":7})", "invalid_parameter file_content"},
      {R"({"name":"n"})", "missing_parameter file_content"},
  };
  for (const TextCase& one : cases) EXPECT_EQ(problem(build(parts, one.given)), one.expected);
  const auto empty = build(parts, R"({"name":"ü","file_content":""})");
  ASSERT_TRUE(empty);
  EXPECT_NE(empty->body->find("{\"name\": \"\\u00fc\"}"), std::string::npos);
  EXPECT_NE(empty->body->find("Content-Type: application/octet-stream\r\n\r\n\r\n--"),
            std::string::npos);
}

TEST(Body, MultipartFormHasABoundaryAndAllItsParts) {
  const auto draft =
      build(upload("multipart/form-data"),
            R"({"name":"a\"b\r\n","file_content":"aGk=","file_mime_type":"text/plain",
                "tags":["x",1],"meta":{"k":true}})");
  ASSERT_TRUE(draft) << draft.error().message;
  const std::string type = header(*draft, "Content-Type");
  const std::string line = "--" + type.substr(type.find('=') + 1);
  EXPECT_TRUE(type.starts_with("multipart/form-data; boundary="));
  const std::string field = line + "\r\nContent-Disposition: form-data; name=";
  EXPECT_EQ(*draft->body,
            field + "\"name\"\r\n\r\na\"b\r\n\r\n" + field + "\"tags\"\r\n\r\nx\r\n" + field +
                "\"tags\"\r\n\r\n1\r\n" + field +
                "\"meta\"\r\nContent-Type: application/json\r\n\r\n{\"k\":true}\r\n" + field +
                "\"file_content\"; filename=\"file\"\r\nContent-Type: text/plain\r\n\r\nhi\r\n" +
                line + "--\r\n");
}

// 6.10 GraphQL.

Result<RequestDraft, CallError> graphql(const std::string& body_type, std::string_view params) {
  return build({.method = "post",
                .path = "/graphql:things:search",
                .action = "search",
                .operation = "x-airbyte-path-override: {path: /graphql}\n"
                             "parameters:\n"
                             "  - {name: first, in: query, schema: {type: integer, default: 10}}\n"
                             "  - {name: ref, in: query, schema: {type: string, default: HEAD}}\n"
                             "requestBody:\n  x-airbyte-body-type: {type: graphql, " +
                             body_type + "}"},
               params);
}

TEST(GraphQl, Variables) {
  struct Case {
    const char *variables, *params, *body;
  };
  const Case cases[] = {
      {"{n: \"{{ first }}\"}", "{}", R"({"n":10})"},
      {"{n: \"{{ x }}\", o: 1}", R"({"x":{"a":[1]}})", R"({"n":{"a":[1]},"o":1})"},
      {"{n: \"{{ x }}\"}", "{}", "{}"},
      {"{n: \"{{ x }}\"}", R"({"x":null})", "{}"},
      {"{i: {a: \"{{ x }}\", b: [\"{{ y }}\", 2]}}", R"({"y":false})",
       R"({"i":{"a":null,"b":[false,2]}})"},
      {"{e: \"{{ ref }}:{{ path }}\"}", R"({"path":"README.md"})", R"({"e":"HEAD:README.md"})"},
      {"{e: \"{{ ref }}:{{ path }}\"}", R"({"path":"a","ref":"main"})", R"({"e":"main:a"})"},
      {"{e: \"{{ ref }}:{{ path }}\"}", "{}", "{}"},
      {"{e: \"x {{ q }}\"}", R"({"q":"say {{ first }} {{ q }}"})",
       R"({"e":"x say {{ first }} {{ q }}"})"},
      {"{e: \"{{ q }}\"}", R"({"q":"{{ first }}"})", R"({"e":"{{ first }}"})"},
      {"{e: \"is:{{ q }}\"}", R"({"q":true})", R"({"e":"is:true"})"},
  };
  for (const Case& one : cases) {
    const auto draft = graphql("query: \"{ x }\", variables: "s + one.variables, one.params);
    ASSERT_TRUE(draft) << one.variables << ": " << draft.error().message;
    EXPECT_EQ(*draft->body, R"({"query":"{ x }","variables":)"s + one.body + "}")
        << one.variables << one.params;
  }
  EXPECT_EQ(problem(graphql("query: q, variables: {e: \"x {{ q }}\"}", R"({"q":{"a":1}})")),
            "invalid_parameter q");
}

TEST(GraphQl, AnExplicitNullPassesWhereTheFileAllowsIt) {
  const std::string type =
      "query: q, variables: {a: \"{{ a }}\", b: \"{{ b }}\"}, "
      "x-airbyte-nullable-variables: [a]";
  EXPECT_EQ(*graphql(type, R"({"a":null,"b":null})")->body,
            R"({"query":"q","variables":{"a":null}})");
  EXPECT_EQ(*graphql(type, "{}")->body, R"({"query":"q","variables":{}})");
}

TEST(GraphQl, FieldsAreNamesOnly) {
  const std::string type =
      "query: \"{ n { {{ fields }} } }\", default_fields: \"id\", "
      "operationName: N";
  EXPECT_EQ(*graphql(type, R"({"fields":["id","author.team.name"]})")->body,
            R"({"query":"{ n { id author { team { name } } } }","operationName":"N"})");
  for (const char* const absent : {"{}", R"({"fields":null})", R"({"fields":[]})"})
    EXPECT_EQ(*graphql(type, absent)->body, R"({"query":"{ n { id } }","operationName":"N"})");
  for (const char* const bad :
       {R"({"fields":["id } evil { secret"]})", R"({"fields":"id name"})", R"({"fields":["a."]})",
        R"({"fields":[".a"]})", R"({"fields":[1]})", R"j({"fields":["a(x:1)"]})j",
        R"({"fields":["a\n"]})", R"({"fields":{"a":1}})"})
    EXPECT_EQ(problem(graphql(type, bad)), "invalid_parameter fields") << bad;
}

TEST(GraphQl, QueryParametersStandInTheUrlToo) {
  const auto draft = graphql("query: q, variables: {n: \"{{ first }}\"}", R"({"first":3})");
  ASSERT_TRUE(draft);
  EXPECT_EQ(draft->url(), "https://api.acme.example/v1/graphql?first=3");
  EXPECT_EQ(header(*draft, "Content-Type"), "application/json");
}

TEST(Parameters, UnknownOnesAreNamed) {
  const auto acme = load_acme();
  const auto unknown = [&](const char* entity, const char* action, std::string_view params) {
    return unknown_parameters(*acme, **acme->find(entity, action), object_of(params));
  };
  using Names = std::vector<std::string>;
  EXPECT_EQ(unknown("tickets", "list", R"({"colour":"x","state":"open","flavour":1})"),
            (Names{"colour", "flavour"}));
  EXPECT_EQ(unknown("tickets", "search", R"({"state":"x","query":"y","per_page":1,"fields":[]})"),
            Names{});
  EXPECT_EQ(unknown("exports", "download", R"({"id":1,"_airbyte_response_type":"json","x":1})"),
            Names{"x"});
  EXPECT_EQ(unknown("files", "create", R"({"file_content":"","file_mime_type":"","nam":""})"),
            Names{"nam"});
}

// Section 5 and F5: addresses.

std::string base_url(const std::string& server, std::string_view config) {
  const auto definition = load_small({.server = server});
  auto url = render_base_url(*definition, object_of(config), {});
  return url ? *url : std::string(name_of(url.error().kind)) + " " + url.error().parameter;
}

TEST(BaseUrl, SettingsFillTheirPlace) {
  struct Case {
    const char *server, *config, *url;
  };
  const char* const label = "url: https://{s}.acme.example/v1/";
  const char* const host = "url: https://{h}/api/v4";
  const char* const whole = "url: \"{u}/services\"";
  const char* const ending = "url: https://www.zoho.{tld}/crm";
  const char* const path = "url: https://acme.example/x/{p}/v1";
  const char* const inner = "url: https://api-{r}.acme.example";
  const Case cases[] = {
      {label, R"({"s":"my-team"})", "https://my-team.acme.example/v1"},
      {label, R"({"s":"xy1.us-east-2"})", "https://xy1.us-east-2.acme.example/v1"},
      {label, R"({"s":12})", "https://12.acme.example/v1"},
      {label, R"({"s":"evil.test/"})", "invalid_parameter s"},
      {label, R"({"s":"evil.test?"})", "invalid_parameter s"},
      {label, R"({"s":"evil.test#"})", "invalid_parameter s"},
      {label, R"({"s":"user@evil"})", "invalid_parameter s"},
      {label, R"({"s":"evil:80"})", "invalid_parameter s"},
      {label, R"({"s":"a..b"})", "invalid_parameter s"},
      {label, R"({"s":"-a"})", "invalid_parameter s"},
      {label, R"({"s":"a b"})", "invalid_parameter s"},
      {label, R"({"s":"ü"})", "invalid_parameter s"},
      {label, R"({"s":"a%2fb"})", "invalid_parameter s"},
      {label, R"({"s":"a\nb"})", "invalid_parameter s"},
      {label, R"({"s":""})", "invalid_parameter s"},
      {label, R"({"s":["a"]})", "invalid_parameter s"},
      {label, "{}", "missing_parameter s"},
      {host, R"({"h":"git.acme.example:8443"})", "https://git.acme.example:8443/api/v4"},
      {host, R"({"h":"https://git.acme.example"})", "invalid_parameter h"},
      {host, R"({"h":"git.acme.example/x"})", "invalid_parameter h"},
      {host, R"({"h":"a@b"})", "invalid_parameter h"},
      {host, R"({"h":"a:b"})", "invalid_parameter h"},
      {whole, R"({"u":"https://eu1.acme.example"})", "https://eu1.acme.example/services"},
      {whole, R"({"u":"https://eu1.acme.example/"})", "https://eu1.acme.example/services"},
      {whole, R"({"u":"https://eu1.acme.example/base"})", "https://eu1.acme.example/base/services"},
      {whole, R"({"u":"http://eu1.acme.example"})", "invalid_parameter u"},
      {whole, R"({"u":"http://127.0.0.1.acme.example"})", "invalid_parameter u"},
      {whole, R"({"u":"http://127.0.0.1:8301"})", "http://127.0.0.1:8301/services"},
      {whole, R"({"u":"https://a@eu1.acme.example"})", "invalid_parameter u"},
      {whole, R"({"u":"https://eu1.acme.example/a/../b"})", "invalid_parameter u"},
      {whole, R"({"u":"https://eu1.acme.example?x="})", "invalid_parameter u"},
      {whole, R"({"u":"file:///etc/passwd"})", "invalid_parameter u"},
      {ending, R"({"tld":"eu"})", "https://www.zoho.eu/crm"},
      {ending, R"({"tld":"com.au"})", "https://www.zoho.com.au/crm"},
      {ending, R"({"tld":"evil.com"})", "invalid_parameter tld"},
      {ending, R"({"tld":"evil.au"})", "invalid_parameter tld"},  // somebody's domain
      {path, R"({"p":"a b:c"})", "https://acme.example/x/a%20b:c/v1"},
      {path, R"({"p":"../y"})", "invalid_parameter p"},
      {path, R"({"p":".."})", "invalid_parameter p"},
      {path, R"({"p":"a?b"})", "invalid_parameter p"},
      {inner, R"({"r":"eu"})", "https://api-eu.acme.example"},
      {inner, R"({"r":"eu.evil"})", "invalid_parameter r"},
  };
  for (const Case& one : cases) {
    std::string server = one.server;
    const auto begin = server.find('{') + 1;
    const std::string name = server.substr(begin, server.find('}') - begin);
    EXPECT_EQ(base_url(server, one.config), one.url) << server << one.config;
  }
}

TEST(BaseUrl, DefaultsAndEnums) {
  const char* const server =
      "url: https://{r}.acme.example\nvariables: {r: {default: na, enum: "
      "[na, eu]}}";
  EXPECT_EQ(base_url(server, "{}"), "https://na.acme.example");
  EXPECT_EQ(base_url(server, R"({"r":"eu"})"), "https://eu.acme.example");
  EXPECT_EQ(base_url(server, R"({"r":"EU"})"), "https://EU.acme.example");  // hosts know no case
  EXPECT_EQ(base_url(server, R"({"r":"xx"})"), "invalid_parameter r");
  EXPECT_EQ(base_url(server, R"({"r":null})"), "https://na.acme.example");
  // A hole as its own default is no default.
  EXPECT_EQ(base_url("url: https://{s}.acme.example\nvariables: {s: {default: \"{s}\"}}", "{}"),
            "missing_parameter s");
}

TEST(BaseUrl, ATokenResponseCompletesIt) {
  const auto definition = load_small(
      {.server = "url: \"{instance_url}/data\"\nvariables: {instance_url: {default: \"\"}}",
       .components =
           "securitySchemes:\n  o:\n    type: oauth2\n    flows: {authorizationCode: "
           "{authorizationUrl: https://a.example/a, tokenUrl: https://a.example/t, refreshUrl: "
           "https://a.example/t, scopes: {}}}\n    x-airbyte-token-extract: [instance_url]"});
  const Operation& operation = **definition->find("things", "list");
  const auto before = build_request(*definition, operation, {}, {}, {}, now);
  ASSERT_TRUE(before) << before.error().message;
  EXPECT_EQ(before->base_url, "");
  const auto after = build_request(*definition, operation, {}, {},
                                   {{"instance_url", "https://eu1.acme.example"}}, now);
  ASSERT_TRUE(after);
  EXPECT_EQ(after->url(), "https://eu1.acme.example/data/things");
}

}  // namespace
}  // namespace fairlead::connector
