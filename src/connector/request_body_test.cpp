#include "connector/request_body.hpp"

#include "connector/testdata/built_request.hpp"

#include <gtest/gtest.h>

namespace fairlead::connector {
namespace {

using namespace std::string_literals;

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

}  // namespace
}  // namespace fairlead::connector
