#include "connector/answer_reader.hpp"

#include "base/encoding.hpp"
#include "connector/raw_json.hpp"
#include "connector/testdata/small_definition.hpp"

#include <gtest/gtest.h>

#include <random>

namespace fairlead::connector {
namespace {

using namespace std::string_literals;

const Instant now = Instant(std::chrono::seconds(1'770'000'000));

net::Answer answer(std::string body, std::string type = "application/json", int status = 200) {
  net::Answer out;
  out.status = status;
  if (!type.empty()) out.headers.add("Content-Type", std::move(type));
  out.body = std::move(body);
  return out;
}

struct Shape {
  std::vector<std::string> select = {}, exclude = {};
  bool truncate = false;
};

Result<Outcome, CallError> read(const SmallDefinition& parts, const net::Answer& from,
                                const Shape& shape = {}, std::string_view config = "{}") {
  const auto definition = load_small(parts);
  const json::object settings = object_of(config);
  ReadOptions options;
  options.config = &settings;
  options.select_fields = &shape.select;
  options.exclude_fields = &shape.exclude;
  options.truncate = shape.truncate;
  options.now = now;
  const auto operation = definition->find("things", parts.action);
  return read_answer(*definition, **operation, from, options);
}

std::string data(const Result<Outcome, CallError>& outcome) {
  if (!outcome) return std::string(name_of(outcome.error().kind)) + ": " + outcome.error().message;
  json::error_code code;
  json::parse_options options;
  options.max_depth = 512;
  json::parse(outcome->data, code, {}, options);
  EXPECT_FALSE(code) << "not JSON: " << outcome->data;
  return outcome->data;
}

std::string extracted(const char* action, const std::string& path, std::string body) {
  const SmallDefinition parts{
      .action = action,
      .operation = path.empty() ? "" : "x-airbyte-record-extractor: \"" + path + "\""};
  return data(read(parts, answer(std::move(body))));
}

struct ExtractCase {
  const char *action, *path, *body, *data;
};

TEST(Records, AreFoundAsTheFormatSays) {
  const ExtractCase cases[] = {
      // A list is always a list.
      {"list", "$.d", R"({"d":[1,2]})", R"([{"value":1},{"value":2}])"},
      {"list", "$.d", R"({"d":{"a":1}})", R"([{"a":1}])"},
      {"list", "$.d", R"({"d":null})", "[]"},
      {"list", "$.d", R"({"d":"x"})", R"([{"value":"x"}])"},
      {"list", "$.d", "{}", "[]"},
      {"list", "$.d", "[1]", "[]"},
      {"list", "$.d", R"({"d":[{"a":1},null,[2]]})", R"([{"a":1},{"value":null},{"value":[2]}])"},
      {"list", "$", R"([{"a": 1}, {"a":2}])", R"([{"a": 1}, {"a":2}])"},
      {"list", "$", R"({"a":1})", R"([{"a":1}])"},
      {"list", "$.d[*].i", R"({"d":[{"i":[{"a":1},{"a":2}]}]})", R"([{"a":1},{"a":2}])"},
      {"list", "$.d[*].i", R"({"d":[{"i":[{"a":1}]},{"i":[{"a":2}]}]})", R"([{"a":1},{"a":2}])"},
      {"list", "$.d[*].i", R"({"d":[{"i":{"a":1}},{"j":1},{"i":{"a":2}}]})",
       R"([{"a":1},{"a":2}])"},
      {"list", "$.d[*].i", R"({"d":[]})", "[]"},
      {"list", "$[*][*]", R"({"visitor":[{"a":1}],"ip":[{"b":2},{"b":3}]})",
       R"([{"a":1},{"b":2},{"b":3}])"},
      {"list", "$.a.b[0]", R"({"a":{"b":[[{"x":1}],2]}})", R"([{"x":1}])"},
      {"list", "$.a[-1]", R"({"a":[{"x":1},{"x":2}]})", R"([{"x":2}])"},
      {"list", "$.a[5]", R"({"a":[1]})", "[]"},
      {"search", "$.d", R"({"d":{"a":1}})", R"([{"a":1}])"},
      {"list", "", R"({"a":[1], "b":2})", R"({"a":[1], "b":2})"},
      {"list", "", "[1,{\"a\":2}]", R"([{"value":1},{"a":2}])"},
      {"list", "", "", "{}"},
      {"list", "$", " \n", "[]"},
      {"list", "$.d", "", "[]"},
      // One record.
      {"get", "$.d", R"({"d":{"a":1}})", R"({"a":1})"},
      {"get", "$.d", "{}", "null"},
      {"get", "$.d", R"({"d":null})", "null"},
      {"get", "$.d", R"({"d":5})", R"({"value":5})"},
      {"get", "$.d", R"({"d":[1,{"a":2}]})", R"([{"value":1},{"a":2}])"},
      {"get", "$.d[0]", R"({"d":[{"a":2},{"a":3}]})", R"({"a":2})"},
      {"get", "$.d[*]", R"({"d":[{"a":2},{"a":3}]})", R"({"a":2})"},
      {"get", "", R"( {"a" : 1.10e5 } )", R"({"a" : 1.10e5 })"},
      {"get", "", "7", R"({"value":7})"},
      {"get", "", "null", "null"},
      {"delete", "", "", "{}"},
      {"create", "$.d", R"({"d":{"a":1},"d":{"a":2}})", R"({"a":2})"},  // the last one wins
      {"get", "$.d", R"({"\u0064":{"a":1}})", R"({"a":1})"},
  };
  for (const ExtractCase& one : cases)
    EXPECT_EQ(extracted(one.action, one.path, one.body), one.data)
        << one.path << " of " << one.body;
}

TEST(Records, AnExtractorThatCannotBeRead) {
  const char* const path = "x-airbyte-record-extractor: \"$.[\"";
  EXPECT_EQ(data(read({.operation = path}, answer(R"({"a":1})"))), R"({"a":1})");
  EXPECT_TRUE(data(read({.operation = path + "\nx-airbyte-record-filter: \"{{ true }}\""s},
                        answer(R"({"a":1})")))
                  .starts_with("executor"));
}

TEST(Records, AreCounted) {
  const auto count = [](const char* action, const char* body) {
    return read({.action = action, .operation = "x-airbyte-record-extractor: $.d"}, answer(body))
        ->record_count;
  };
  EXPECT_EQ(count("list", R"({"d":[1,2,3]})"), 3u);
  EXPECT_EQ(count("list", "{}"), 0u);
  EXPECT_EQ(count("get", R"({"d":{"a":1}})"), std::nullopt);
}

TEST(Numbers, KeepAllTheirDigits) {
  for (const char* const number :
       {"12345678901234567890123456789", "-0.1000", "1E400", "1e-400", "18446744073709551616",
        "0.30000000000000004", "123456789.123456789123456789", "-9223372036854775809"}) {
    const std::string body = "{\"n\":"s + number + ",\"s\":\"1e999 \\\" 99\"}";
    EXPECT_EQ(extracted("get", "", body), body);
    EXPECT_EQ(extracted("list", "$.n", body), "[{\"value\":"s + number + "}]");
  }
}

TEST(Json, WhatIsNoJsonIsRefusedWhereverItStands) {
  const char* const bodies[] = {"{\"a\":1",
                                "{\"a\":1}}",
                                "{\"a\":tru}",
                                "{\"a\":truee}",
                                "[1,]",
                                "{\"a\":NaN}",
                                "{\"a\":Infinity}",
                                "{\"a\":-Infinity}",
                                "{\"a\":01}",
                                "{\"a\":1.}",
                                "{\"a\":.5}",
                                "{\"a\":+1}",
                                "{\"a\":1e}",
                                "{'a':1}",
                                "{a:1}",
                                "{\"a\":\"\n\"}",
                                "{\"a\":\"\\x\"}",
                                "{\"a\":\"\\u12\"}",
                                "[1 2]",
                                "{\"a\" 1}",
                                "<html></html>",
                                "not json",
                                "{\"d\":[],\"x\":\"\t\"}",
                                "\"open",
                                "{\"d\":[{}],\"x\":1.2.3}",
                                "{\"d\":[], \"n\":1-2}",
                                "[1e5e5]",
                                "--1",
                                "{\"a\":12345678901234567890123x}",
                                "\xff",
                                "{\"d\":[]}x",
                                "{} {}"};
  for (const char* const body : bodies)
    for (const char* const path : {"", "$.d"}) {
      const auto got = extracted("list", path, body);
      EXPECT_TRUE(got.starts_with("http_client: The service's answer is not valid JSON"))
          << body << " -> " << got;
    }
}

TEST(Json, OddTextIsMendedOrKept) {
  const ExtractCase cases[] = {
      {"get", "", "\xef\xbb\xbf{\"a\":1}", "{\"a\":1}"},
      {"get", "", "{\"a\":\"x\xff\xc3y\"}", "{\"a\":\"x\xef\xbf\xbd\xef\xbf\xbdy\"}"},
      {"get", "", R"({"a":"\ud83d"})", R"({"a":"\ufffd"})"},
      {"get", "", R"({"a":"\\ud83d\ud83d\ude00\ude00"})", R"({"a":"\\ud83d\ud83d\ude00\ufffd"})"},
      {"get", "", R"({"a":"\udc00","n":123456789012345678901})",
       R"({"a":"\ufffd","n":123456789012345678901})"},
      {"get", "", "{\"a\":\"\xf0\x9f\x98\x80\xe2\x80\xa8\"}",
       "{\"a\":\"\xf0\x9f\x98\x80\xe2\x80\xa8\"}"},
  };
  for (const ExtractCase& one : cases)
    EXPECT_EQ(extracted(one.action, one.path, one.body), one.data) << one.body;
}

TEST(Json, DepthIsBounded) {
  const auto nested = [](std::size_t depth) {
    return std::string(depth, '[') + std::string(depth, ']');
  };
  EXPECT_EQ(extracted("get", "$[0]", nested(200)), "[{\"value\":" + nested(198) + "}]");
  EXPECT_TRUE(extracted("get", "", nested(300)).starts_with("http_client"));
  EXPECT_TRUE(extracted("get", "", std::string(100'000, '[')).starts_with("http_client"));
}

TEST(ContentType, DecidesOverTheText) {
  struct Case {
    const char *type, *body;
    bool accepted;
  };
  const Case cases[] = {
      {"application/json; charset=utf-8", "{}", true},
      {"application/vnd.x+json", "{}", true},
      {"", "{}", true},
      {"text/plain", "{}", true},
      {"text/xml", "{}", true},
      {"application/octet-stream", "{}", true},
      {"Application/JSON", "{}", true},
      {"application/xml", "{}", false},
      {"text/html; charset=utf-8", "{}", false},
      {"text/plain", "hello", false},
      {"text/xml", "<a/>", false},
      {"text/html", " ", true},
  };
  for (const Case& one : cases) {
    const auto outcome = read({}, answer(one.body, one.type));
    EXPECT_EQ(static_cast<bool>(outcome), one.accepted) << one.type << " " << one.body;
    if (!outcome) {
      EXPECT_EQ(outcome.error().kind, CallErrorKind::http_client);
    }
  }
}

TEST(Envelope, AFailureInA200IsAnError) {
  struct Case {
    const char *check, *body, *result;
  };
  const char* const check = "{field: ok, on_value: false, message_field: error}";
  const Case cases[] = {
      {check, R"({"ok":false,"error":"not_authed"})", "api_error: API error: not_authed"},
      {check, R"({"ok":0,"error":"x"})", "api_error: API error: x"},
      {check, R"({"ok":false})", "api_error: API error: unknown_error"},
      {check, R"({"ok":false,"error":{"a":1}})", "api_error: API error: {'a': 1}"},
      {check, R"({"ok":true})", R"({"ok":true})"},
      {check, R"({"ok":null})", R"({"ok":null})"},
      {check, R"({"error":"x"})", R"({"error":"x"})"},
      {check, "[false]", R"([{"value":false}])"},
      {"{field: s, on_value: bad}", R"({"s":"bad"})",
       "api_error: API error: the service reported a failure"},
  };
  for (const Case& one : cases)
    EXPECT_EQ(
        data(read({.info = "x-airbyte-response-error-check: "s + one.check}, answer(one.body))),
        one.result);
}

TEST(GraphQlErrors, RaiseWhenThereIsNoData) {
  const SmallDefinition parts{.method = "post",
                              .action = "search",
                              .operation =
                                  "x-airbyte-record-extractor: $.data.n\n"
                                  "x-airbyte-meta-extractor: {next: $.data.next}\n"
                                  "requestBody: {x-airbyte-body-type: {type: graphql, query: q}}"};
  const char* const raised[] = {
      R"({"data":null,"errors":[{"message":"no"},{"message":"way"}]})",
      R"({"errors":[{"message":"no"},{"message":"way"}]})",
      R"({"data":{"n":null},"errors":[{"message":"no"},{"message":"way"}]})"};
  for (const char* const body : raised)
    EXPECT_EQ(data(read(parts, answer(body))), "api_error: API error: no, way") << body;
  const auto partial =
      read(parts, answer(R"({"data":{"n":[{"a":1}]},"errors":[{"message":"m"}]})"));
  EXPECT_EQ(data(partial), R"([{"a":1}])");
  EXPECT_EQ(partial->meta, R"({"next":null,"errors":[{"message":"m"}]})");
  EXPECT_EQ(data(read(parts, answer(R"({"data":{"n":[]},"errors":[]})"))), "[]");
  EXPECT_EQ(data(read({.operation = "x-airbyte-record-extractor: $.d"},
                      answer(R"({"errors":[{"message":"m"}]})"))),
            "[]");  // no GraphQL
}

TEST(Meta, PathsLinksAndHeaders) {
  const SmallDefinition parts{
      .operation =
          "x-airbyte-record-extractor: $.d\nx-airbyte-meta-extractor:\n"
          "  cursor: $.paging.next\n  first: $.d[*].id\n  gone: $.x.y\n"
          "  next: \"@link.next\"\n  last: \"@link.last\"\n  prev: \"@link.prev\"\n"
          "  id: \"@header.x-request-id\"\n  none: \"@header.X-None\"\n  bad: \"$[\""};
  auto from = answer(R"({"d":[{"id":3},{"id":4}],"paging":{"next": {"a": 1.50} }})");
  from.headers.add("X-Request-Id", "r\"1");
  from.headers.add("Link",
                   "<https://a.example/x?a=1,2&b=<>; rel=\"first\", "
                   "<https://a.example/n>; title=\"a, b\"; REL=next");
  from.headers.add("link",
                   "<https://a.example/l>;rel=\"last\", <https://a.example/p>; rel='prev', "
                   "<https://a.example/p2>; rel=\"prev next\"");
  const auto outcome = read(parts, from);
  ASSERT_TRUE(outcome) << outcome.error().message;
  EXPECT_EQ(outcome->meta,
            R"({"cursor":{"a": 1.50},"first":3,"gone":null,"next":"https://a.example/n",)"
            R"("last":"https://a.example/l","prev":null,"id":"r\"1","none":null,"bad":null})");
  EXPECT_EQ(read({}, answer("{}"))->meta, "");
}

TEST(Meta, BlanksInALinkAreNoPartOfIt) {
  struct Case {
    const char *link, *next;
  };
  const Case cases[] = {
      {"< https://a.example/n >; rel=next", "\"https://a.example/n\""},
      {"<\thttps://a.example/n?q=a b\t> ; rel=\"next\"", "\"https://a.example/n?q=a b\""},
      {"<  /n?page=2>;rel=next", "\"/n?page=2\""},
      {"< https://a.example/p >; rel=prev, < https://a.example/n >; rel=next",
       "\"https://a.example/n\""},
      {"<  >; rel=next", "\"\""},
      {"< https://a.example/n ; rel=next", "null"},
  };
  const SmallDefinition parts{.operation = "x-airbyte-meta-extractor: {next: \"@link.next\"}"};
  for (const Case& one : cases) {
    auto from = answer("{}");
    from.headers.add("Link", one.link);
    const auto outcome = read(parts, from);
    ASSERT_TRUE(outcome) << outcome.error().message;
    EXPECT_EQ(outcome->meta, R"({"next":)" + std::string(one.next) + "}") << one.link;
  }
}

TEST(Filter, KeepsWhatItsTextSays) {
  const auto filtered = [](const std::string& filter, const char* body,
                           const char* action = "list") {
    return data(read({.action = action,
                      .operation = "x-airbyte-record-extractor: $.d\nx-airbyte-record-filter: \"" +
                                   filter + "\""},
                     answer(body), {}, R"({"keep":"yes"})"));
  };
  const char* const body = R"({"d":[{"id":1,"p":false},{"id":2,"p":true}]})";
  EXPECT_EQ(filtered("{{ not record.p }}", body), R"([{"id":1,"p":false}])");
  EXPECT_EQ(filtered(" {{ record.p }} ", body), R"([{"id":2,"p":true}])");
  EXPECT_EQ(filtered("{{ config.keep == 'yes' }}", R"({"d":[{"id":1}]})"), R"([{"id":1}])");
  for (const char* const no : {"False", "false", "0", "None", "none", "null", "", " "})
    EXPECT_EQ(filtered(no, body), "[]") << no;
  for (const char* const yes : {"FALSE", "[]", "0.0", "x"})
    EXPECT_EQ(filtered(yes, R"({"d":[{"id":1}]})"), R"([{"id":1}])") << yes;
  EXPECT_EQ(filtered("0", R"({"d":[1,{"a":1}]})"), R"([{"value":1}])");
  EXPECT_EQ(filtered("0", R"({"d":{"a":1}})"), "[]");
  EXPECT_EQ(filtered("0", R"({"d":{"a":1}})", "get"), R"({"a":1})");
  EXPECT_EQ(filtered("{{ record.n == 0 }}", R"({"d":[{"n":0e400},{"n":[-0.0E999]},{"n":1e-400}]})"),
            R"([{"n":0e400},{"n":1e-400}])");
  EXPECT_EQ(filtered("{{ record.n[0] == 0 }}", R"({"d":[{"n":[-0.0E999]}]})"),
            R"([{"n":[-0.0E999]}])");
  // An unknown member fails the whole call, so that nothing private slips through.
  EXPECT_TRUE(filtered("{{ not record.meta.private }}", R"({"d":[{"meta":{"private":false}},
                                                               {"meta":{}}]})")
                  .starts_with("record_expression: "));
}

TEST(Transform, MergesOverObjectsAndReplacesScalars) {
  const auto changed = [](const char* action, const char* body, const Shape& shape = {}) {
    return data(read({.action = action,
                      .operation = "x-airbyte-record-extractor: $.d\nx-airbyte-record-transform:\n"
                                   "  b: \"<{{ record.a }}>\"\n  n: \"{{ record.a }}\\\"\""},
                     answer(body), shape));
  };
  EXPECT_EQ(changed("list", R"({"d":[{"a":1,"b":2.50,"c":3}]})"),
            R"([{"a":1,"b":"<1>","c":3,"n":"1\""}])");
  EXPECT_EQ(changed("get", R"({"d":{"a":"x"}})"), R"({"a":"x","b":"<x>","n":"x\""})");
  EXPECT_EQ(changed("list", R"({"d":[{"a":1,"c":3}]})", {.select = {"b", "c"}}),
            R"([{"b":"<1>","c":3}])");
  EXPECT_TRUE(changed("list", R"({"d":[7]})").starts_with("record_expression"));
  EXPECT_EQ(
      data(read({.operation = "x-airbyte-record-extractor: $.ids\n"
                              "x-airbyte-record-transform: {comment_id: \"{{ record.value }}\"}"},
                answer(R"({"ids":[11,12]})"))),
      R"([{"comment_id":"11"},{"comment_id":"12"}])");
}

TEST(Selection, FollowsTheOrderAsked) {
  struct Case {
    Shape shape;
    const char* data;
  };
  const char* const body =
      R"([{"id":1,"user":{"login":"x","id":2,"team":{"n":"t"}},"a.b":3,"a":{"b":4},"l":[{"k":1}],)"
      R"("id":9}])";
  const Case cases[] = {
      {{.select = {"user", "id"}}, R"([{"user":{"login":"x","id":2,"team":{"n":"t"}},"id":9}])"},
      {{.select = {"user.login", "gone", "user.team.n", "id"}},
       R"([{"user":{"login":"x","team":{"n":"t"}},"id":9}])"},
      {{.select = {"a.b"}}, R"([{"a.b":3}])"},  // the literal key first
      {{.select = {"l.k", "user.nope", "id.x"}}, "[{}]"},
      {{.select = {"id", "id"}}, R"([{"id":9}])"},
      {{.select = {"user.login", "user"}}, R"([{"user":{"login":"x","id":2,"team":{"n":"t"}}}])"},
      {{.select = {"id"}, .exclude = {"id"}}, R"([{"id":9}])"},  // select wins
      {{.select = {}, .exclude = {"user.team", "a.b", "l", "id"}},
       R"([{"user":{"login":"x","id":2},"a":{"b":4}}])"},
      {{.exclude = {"a", "user.team.n", "nope", "id.x", "l.k"}},
       R"([{"id":1,"user":{"login":"x","id":2,"team":{}},"a.b":3,"l":[{"k":1}],"id":9}])"},
      {{.exclude = {"user", "user.id", "a.b", "a", "l"}}, R"([{"id":1,"id":9}])"},
  };
  for (const Case& one : cases)
    EXPECT_EQ(data(read({.operation = "x-airbyte-record-extractor: $"}, answer(body), one.shape)),
              one.data);
}

TEST(Selection, FindsKeysHoweverTheyAreWrittenAndHoweverLong) {
  const std::string longer(100, 'k'), longest(101, 'k');
  const std::string body = R"([{"\u0069d":1,"us\u0065r":{"i\u0064":2},"ix":3,")" + longer +
                           R"(":4,")" + longest + R"(":5}])";
  EXPECT_EQ(data(read({.operation = "x-airbyte-record-extractor: $"}, answer(body),
                      {.select = {"user.id", "id"}})),
            R"([{"user":{"id":2},"id":1}])");
  EXPECT_EQ(data(read({.operation = "x-airbyte-record-extractor: $"}, answer(body),
                      {.select = {longest, "gone", "ix"}})),
            R"([{")" + longest + R"(":5,"ix":3}])");
}

TEST(Selection, ReachesRecordsUnderData) {
  const SmallDefinition parts{.action = "get"};
  EXPECT_EQ(data(read(parts, answer(R"({"has_more":true,"data":[{"a":1,"b":2}, 5]})"),
                      {.select = {"b", "value"}})),
            R"({"has_more":true,"data":[{"b":2},{"value":5}]})");
  EXPECT_EQ(data(read(parts, answer(R"({"data":{"a":1},"b":2})"), {.select = {"b"}})),
            R"({"b":2})");
  EXPECT_EQ(data(read(parts, answer("null"), {.select = {"b"}})), "null");
  EXPECT_EQ(data(read(parts, answer("5"), {.exclude = {"value"}})), "{}");
}

TEST(Truncation, CutsLongStringsAtAnyDepth) {
  const std::string note = "... [truncated; use the get action for the full text]";
  ASSERT_LE(note.size(), 80u);
  const std::string a200(200, 'a'), longer = a200 + "b";
  struct Case {
    std::string given, expected;
  };
  std::string euros, escapes, pairs;
  for (int i = 0; i < 200; ++i) {
    euros += "\xe2\x82\xac";
    escapes += "\\n";
    pairs += "\\ud83d\\ude00";
  }
  const Case cases[] = {
      {a200, a200},
      {longer, a200 + note},
      {euros, euros},
      {euros + "x", euros + note},
      {escapes, escapes},
      {escapes + "\\u00e9", escapes + note},
      {pairs, pairs},
      {pairs + "\\\"", pairs + note},
      {a200 + "\\\\", a200 + note},
  };
  for (const Case& one : cases) {
    const auto body = [&](const std::string& text) {
      return R"([{"id": 1,"t":")" + text + R"(","n":{"l":["x", ")" + text + R"("]},")" + longer +
             R"(":2}])";
    };
    EXPECT_EQ(data(read({.operation = "x-airbyte-record-extractor: $"}, answer(body(one.given)),
                        {.truncate = true})),
              body(one.expected));
    EXPECT_EQ(data(read({.operation = "x-airbyte-record-extractor: $"}, answer(body(one.given)),
                        {.select = {"n.l", "id"}, .truncate = true})),
              R"([{"n":{"l":["x", ")" + one.expected + R"("]},"id":1}])");
    EXPECT_EQ(data(read({.operation = "x-airbyte-record-extractor: $"},
                        answer("[\"" + one.given + "\"]"), {.truncate = true})),
              R"([{"value":")" + one.expected + R"("}])");
  }
}

TEST(Refusals, AreWordedAsTheFormatSays) {
  struct Case {
    int status;
    const char *body, *kind, *message;
  };
  const Case cases[] = {
      {401, R"({"message":"Bad credentials"})", "authentication",
       "Authentication failed: Bad credentials (HTTP 401)"},
      {403, R"({"error":"nope"})", "authentication", "Authentication failed: nope (HTTP 403)"},
      {400,
       R"({"errors":[{"message":"a"},{"userPresentableMessage":"b","message":"c"},"d",{"x":1}]})",
       "validation", "Validation error: a, b, d, {'x': 1} (HTTP 400)"},
      {422, R"({"errors":{"name":["bad"]}})", "validation",
       "Validation error: {'name': ['bad']} (HTTP 422)"},
      {422, R"({"errors":[],"message":"m"})", "validation", "Validation error: m (HTTP 422)"},
      {404, R"({"error":{"code":5,"ok":null}})", "http_status", "{'code': 5, 'ok': None}"},
      {404, R"({"a":true})", "http_status", "{'a': True}"},
      {500, "", "http_status", "HTTP 500 error"},
      {502, "<html>\n bad  gateway</html>", "http_status", "<html>  bad  gateway</html>"},
      {503, "[1]", "http_status", "[1]"},
      {429, R"({"message":"slow"})", "rate_limit", "Rate limit exceeded: slow (retry after 7s)"},
  };
  const auto definition = load_small({});
  for (const Case& one : cases) {
    auto from = answer(one.body, "text/html", one.status);
    if (one.status == 429) from.headers.add("retry-after", "7");
    const auto error = read_refusal(*definition, from, now);
    EXPECT_EQ(name_of(error.kind), one.kind);
    EXPECT_EQ(error.message, one.message);
    EXPECT_EQ(error.status, one.status);
  }
}

TEST(Refusals, AreShortAndPrintable) {
  const auto definition = load_small({});
  const auto error = read_refusal(
      *definition, answer(std::string(100'000, 'x') + "\x1b[31m", "text/plain", 500), now);
  EXPECT_LE(error.message.size(), 503u);
  EXPECT_EQ(quotable("a\x1b[31m\r\n\tb\x7f"), "a [31m b ");
  EXPECT_EQ(quotable("x\xff y"), "x? y");
  std::string umlauts;
  for (int i = 0; i < 3'000; ++i) umlauts += "\xc3\xa4";
  EXPECT_EQ(quotable("a" + umlauts).size(), 1u + 499 * 2 + 3);
}

// The walk over slices is held against a tree.

class RandomJson {
 public:
  std::string value(int depth) {
    switch (random_() % (depth > 0 ? 8 : 6)) {
      case 0:
        return "null";
      case 1:
        return random_() % 2 == 0 ? "true" : "false";
      case 2:
        return std::to_string(static_cast<std::int64_t>(random_()) % 1000);
      case 3:
        return "-1.5e3";
      case 4:
      case 5:
        return string();
      case 6: {
        std::string out = "[" + blank();
        for (auto i = random_() % 4; i > 0; --i)
          out += value(depth - 1) + blank() + (i > 1 ? "," : "") + blank();
        return out + "]";
      }
      default: {
        std::string out = "{" + blank();
        const auto count = random_() % 4;
        for (std::uint64_t i = 0; i < count; ++i)
          out += (i > 0 ? "," : "") + blank() + "\"k" + std::to_string(i) + "\"" + blank() + ":" +
                 blank() + value(depth - 1) + blank();
        return out + "}";
      }
    }
  }

 private:
  std::string string() {
    static const char* const pieces[] = {"a",        "\\\"", "\\\\", "{", "}",
                                         "[",        "]",    ":",    ",", "\\u00e9",
                                         "\xc3\xa9", " ",    "\\n",  "1", "\\\\\\\""};
    std::string out = "\"";
    for (auto i = random_() % 5; i > 0; --i) out += pieces[random_() % std::size(pieces)];
    return out + "\"";
  }
  std::string blank() {
    static const char* const blanks[] = {"", "", "", " ", "\n", "\t \r\n"};
    return blanks[random_() % std::size(blanks)];
  }
  std::mt19937_64 random_{7};
};

json::value tree(const RawJson& raw, RawJson::Value value) {
  if (raw.is_object(value)) {
    json::object out;
    raw.each_member(value, [&](const RawJson::Member& member, std::uint32_t behind) {
      EXPECT_EQ(behind, raw.behind(member.value));
      out[unescaped(member.raw_key)] = tree(raw, member.value);
    });
    return out;
  }
  if (raw.is_array(value)) {
    json::array out;
    raw.each_element(
        value, [&](RawJson::Value element, std::uint32_t) { out.push_back(tree(raw, element)); });
    return out;
  }
  if (raw.is_string(value)) return json::value(raw.string(value));
  const auto slice = raw.slice(value);
  return json::parse(json::string_view(slice.data(), slice.size()));
}

TEST(RawJson, GivesTheValuesOfATree) {
  RandomJson random;
  for (int i = 0; i < 3'000; ++i) {
    const std::string text = random.value(5);
    auto raw = RawJson::parse(text, text.size());
    ASSERT_TRUE(raw) << text;
    const RawJson moved = *std::move(raw);
    ASSERT_EQ(tree(moved, moved.root()), json::parse(text)) << text;
    const auto slice = moved.slice(moved.root());
    ASSERT_EQ(json::parse(json::string_view(slice.data(), slice.size())), json::parse(text));
  }
}

TEST(RawJson, AcceptsWhatAParserAcceptsAndNothingElse) {
  RandomJson random;
  std::mt19937_64 chance(11);
  int refused = 0;
  for (int i = 0; i < 20'000; ++i) {
    std::string text = random.value(4);
    static const std::string junk = "{}[]:,\"\\ e-+.0159tfn\x01\xff\n";
    for (auto changes = chance() % 3; changes > 0 && !text.empty(); --changes) {
      const auto at = chance() % text.size();
      if (chance() % 2 == 0)
        text[at] = junk[chance() % junk.size()];
      else
        text.erase(at, 1);
    }
    if (!is_valid_utf8(text)) continue;  // mended on purpose
    json::error_code code;
    const auto expected = json::parse(text, code);
    const auto raw = RawJson::parse(text, text.size());
    ASSERT_EQ(static_cast<bool>(raw), !code) << text;
    if (code) {
      ++refused;
      continue;
    }
    ASSERT_EQ(tree(*raw, raw->root()), expected) << text;
  }
  EXPECT_GT(refused, 5'000);
}

}  // namespace
}  // namespace fairlead::connector
