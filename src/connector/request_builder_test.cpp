#include "connector/request_builder.hpp"

#include "connector/testdata/built_request.hpp"

#include <gtest/gtest.h>

namespace fairlead::connector {
namespace {

using namespace std::string_literals;

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

}  // namespace
}  // namespace fairlead::connector
