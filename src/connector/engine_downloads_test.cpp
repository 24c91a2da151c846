#include "connector/engine.hpp"
#include "connector/testdata/engine_under_test.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace fairlead::connector {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::StartsWith;
using namespace std::string_literals;

SmallDefinition two_steps(const std::string& field) {
  return {.path = "/files/{id}",
          .action = "download",
          .operation = "x-airbyte-file-url: \"" + field + "\"\n" +
                       "parameters:\n  - {name: id, in: path, required: true, schema: {type: "
                       "string}}\n  - {name: i, in: query, schema: {type: integer}}"};
}

TEST_F(EngineTest, TheFileUrlIsFoundByItsPath) {
  struct Case {
    const char *field, *params, *answer, *result;
  };
  const Case cases[] = {
      {"a.b[1].url", R"({"id":1})", R"({"a":{"b":[{},{"url":"https://cdn.example/f"}]}})", "file"},
      {"[0].url", R"({"id":1})", R"([{"url":"https://cdn.example/f"}])", "file"},
      {"0.url", R"({"id":1})", R"([{"url":"https://cdn.example/f"}])", "file"},
      {"a[{i}]", R"({"id":1,"i":1})", R"({"a":[0,"https://cdn.example/f"]})", "file"},
      {"a[5]", R"({"id":1})", R"({"a":[]})",
       "executor: Cannot extract download URL for things: the answer has no text at 'a[5]'"},
      {"a", R"({"id":1})", R"({"a":7})",
       "executor: Cannot extract download URL for things: the answer has no text at 'a'"},
      {"a", R"({"id":1})", R"({"a":"ftp://x.example/"})",
       "executor: Cannot extract download URL for things: "},
      {"a", R"({"id":1})", R"({"a":"https://u:p@x.example/"})",
       "executor: Cannot extract download URL for things: "},
      {"a", R"({"id":1})", "<html>", "http_client"},
  };
  for (const Case& one : cases) {
    upstream_.will_answer(one.answer);
    const bool works = one.result == "file"s;
    if (works) upstream_.will_answer("file", 200, {{"Content-Type", "text/plain"}});
    EXPECT_THAT(text(execute(two_steps(one.field), one.params)), StartsWith(one.result));
    EXPECT_EQ(upstream_.take().size(), works ? 2u : 1u) << one.field;
  }
}

TEST_F(EngineTest, WhatTheFileUrlLacksIsKnownBeforeAnythingIsSent) {
  const auto parts = two_steps("a[{i}]");
  EXPECT_THAT(text(execute(parts, R"({"id":1})")), StartsWith("missing_parameter"));
  EXPECT_THAT(text(execute(parts, R"({"id":1,"i":"0].x"})")), StartsWith("invalid_parameter"));
  EXPECT_THAT(upstream_.take(), IsEmpty());
}

TEST_F(EngineTest, TheFilesHostGetsCredentialsOnlyBelowTheBase) {
  struct Case {
    const char *url, *request;
  };
  const Case cases[] = {
      {"https://api.acme.example/v1/raw/7",
       "GET api.acme.example/v1/raw/7\nAccept: "
       "*/*\nAuthorization: Bearer bearer-token-1\n\n"},
      {"/v1/raw/7",
       "GET api.acme.example/v1/raw/7\nAccept: */*\nAuthorization: Bearer "
       "bearer-token-1\n\n"},
      {"raw",
       "GET api.acme.example/v1/files/raw\nAccept: */*\nAuthorization: Bearer "
       "bearer-token-1\n\n"},
      {"https://api.acme.example/v1evil/7", "GET api.acme.example/v1evil/7\nAccept: */*\n\n"},
      {"https://api.acme.example.evil.test/v1/7",
       "GET api.acme.example.evil.test/v1/7\nAccept: */*\n\n"},
      {"https://api.acme.example/v1/../x", "GET api.acme.example/v1/../x\nAccept: */*\n\n"},
  };
  for (const Case& one : cases) {
    upstream_.will_answer("{\"u\":\""s + one.url + "\"}");
    upstream_.will_answer("file", 200, {{"Content-Type", "text/plain"}});
    EXPECT_EQ(text(execute(two_steps("u"), R"({"id":1})")), "file");
    const auto sent = upstream_.take();
    ASSERT_EQ(sent.size(), 2u);
    EXPECT_EQ(sent[1], one.request);
  }
}

TEST_F(EngineTest, ADownloadUrlIsHttps) {
  options_.connect_to.reset();  // as in production
  const auto definition = load_small({.path = "/files/{id}",
                                      .action = "download",
                                      .operation = two_steps("u").operation,
                                      .server = "url: " + upstream_.origin() + "/v1"});
  upstream_.will_answer(R"({"u":"http://files.example/x"})");
  EXPECT_EQ(text(execute(call(*definition, "things", "download", R"({"id":1})"), token_)),
            "executor: Cannot extract download URL for things: the URL is not https");
}

TEST_F(EngineTest, OneStepDownloadsFailBeforeTheFirstByte) {
  const SmallDefinition parts{
      .action = "download",
      .info = "x-airbyte-response-error-check: {field: ok, on_value: false, message_field: e}"};
  upstream_.will_answer(R"({"ok":false,"e":"gone"})");
  EXPECT_EQ(text(execute(parts)), "api_error: API error: gone");
  upstream_.will_answer(R"({"ok":true,"rows":[1]})");
  EXPECT_EQ(text(execute(parts)), R"({"ok":true,"rows":[1]})");
  upstream_.will_answer("{broken json is a file too");
  EXPECT_EQ(text(execute(parts)), "{broken json is a file too");
  upstream_.will_answer(R"({"message":"no"})", 404);
  EXPECT_EQ(text(execute(parts)), "http_status: no");
  upstream_.will_answer("");
  EXPECT_THAT(text(execute(parts)), StartsWith("executor: The service sent an empty file"));
  upstream_.will_answer("", 200, {{"Content-Type", "text/plain"}});
  EXPECT_EQ(text(execute(parts)), "");
}

TEST_F(EngineTest, LargeFilesStream) {
  std::string large(3u << 20, 'x');
  large[1'000'000] = 'y';
  upstream_.will_answer(large, 200,
                        {{"Content-Type", "application/zip"},
                         {"Content-Disposition", "inline; filename*=UTF-8''..%2Fb%20%C3%BC.zip"}});
  const auto outcome = execute({.action = "download"});
  ASSERT_TRUE(outcome) << outcome.error().message;
  EXPECT_EQ(outcome->download->file_name, "b \xc3\xbc.zip");
  EXPECT_EQ(outcome->download->length, large.size());
  EXPECT_TRUE(file(*outcome) == large);
}

TEST_F(EngineTest, JsonChunks) {
  struct Case {
    const char* params;
    int status;
    const char *range, *body, *sent, *result;
  };
  const char* const base64_first =
      R"({"content":"YWJjZA==","encoding":"base64","bytes_returned":4,"range_requested":"bytes=0-3","next_range_header":"bytes=4-7","has_more":true,"content_type":null})";
  const Case cases[] = {
      {R"({"_airbyte_response_type":"json","range_header":"bytes=0-3"})", 206, "bytes 0-3/10",
       "abcd", "bytes=0-3", base64_first},
      {R"({"_airbyte_response_type":"json","range_header":"bytes=0-3"})", 206, "bytes 0-3/*",
       "abcd", "bytes=0-3", base64_first},
      {R"({"_airbyte_response_type":"json","range_header":"bytes=6-9"})", 206, "bytes 6-9/10",
       "ghij", "bytes=6-9",
       R"({"content":"Z2hpag==","encoding":"base64","bytes_returned":4,"range_requested":"bytes=6-9","next_range_header":null,"has_more":false,"content_type":null})"},
      {R"({"_airbyte_response_type":"json","_airbyte_response_format":"text"})", 200, "", "h\u00e9",
       "bytes=0-15359",
       R"({"content":"hé","encoding":"utf-8","bytes_returned":3,"range_requested":"bytes=0-15359","next_range_header":null,"has_more":false,"content_type":null})"},
      {R"({"_airbyte_response_type":"json","range_header":"bytes=1-2","_airbyte_response_format":"text"})",
       200, "", "abcdef", "bytes=1-2",
       R"({"content":"bc","encoding":"utf-8","bytes_returned":2,"range_requested":"bytes=1-2","next_range_header":null,"has_more":false,"content_type":null})"},
      {R"({"_airbyte_response_type":"json","range_header":"bytes=0-2","_airbyte_response_format":"text"})",
       206, "bytes 0-2/9", "ab\xc3", "bytes=0-2",
       R"({"content":"ab","encoding":"utf-8","bytes_returned":2,"range_requested":"bytes=0-2","next_range_header":"bytes=2-4","has_more":true,"content_type":null})"},
      {R"({"_airbyte_response_type":"json","range_header":"bytes=0-2","_airbyte_response_format":"text"})",
       206, "bytes 0-2/9", "a\xff\xfe", "bytes=0-2",
       "invalid_parameter: Parameter '_airbyte_response_format' must be 'base64': the file is not "
       "UTF-8 text"},
  };
  for (const Case& one : cases) {
    net::Headers headers{{"Content-Type", "application/octet-stream"}};
    if (*one.range != '\0') headers.add("Content-Range", one.range);
    upstream_.will_answer(net::Response{one.status, headers, one.body});
    EXPECT_EQ(text(execute({.action = "download"}, one.params)), one.result);
    EXPECT_THAT(upstream_.take(), ElementsAre(::testing::EndsWith("Range: "s + one.sent + "\n\n")))
        << one.params;
  }
  for (const char* const bad : {"bytes=0-65536", "bytes=5-4", "bytes=-5", "items=0-1", "bytes=0-",
                                "bytes=0-1,3-4", "bytes=a-b"})
    EXPECT_THAT(
        text(execute({.action = "download"},
                     R"({"_airbyte_response_type":"json","range_header":")"s + bad + "\"}")),
        StartsWith("invalid_parameter: Parameter 'range_header'"))
        << bad;
}

TEST_F(EngineTest, ARangeThatNoServiceReadsIsRefused) {
  for (const char* const bad : {"\"junk\"", "\"bytes\"", "\"bytes=\"", "\"bytes=-\"",
                                "\"bytes=5-4\"", "\"bytes=a-b\"", "\"items=0-1\"", "\"bytes=0-1,\"",
                                "\"bytes 0-1\"", "\"bytes=0-1x\"", "\"0-1\"", "5", "[]", "true"})
    EXPECT_THAT(text(execute({.action = "download"}, R"({"range_header":)"s + bad + "}")),
                StartsWith("invalid_parameter: Parameter 'range_header' must be a range"))
        << bad;
  EXPECT_TRUE(upstream_.take().empty());
  for (const std::string good : {"bytes=0-3", "bytes=4-", "bytes=-4", "bytes=0-1, 4-5"}) {
    upstream_.will_answer("abcd", 206, {{"Content-Type", "image/png"}});
    const auto outcome = execute({.action = "download"}, R"({"range_header":")" + good + "\"}");
    ASSERT_TRUE(outcome) << good << outcome.error().message;
    EXPECT_EQ(file(*outcome), "abcd");
    EXPECT_THAT(upstream_.take(), ElementsAre(::testing::EndsWith("Range: " + good + "\n\n")));
  }
}

}  // namespace
}  // namespace fairlead::connector
