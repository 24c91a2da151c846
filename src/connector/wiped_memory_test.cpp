// No memory is given back while it still holds a credential (security.md D70).
#include "connector/testdata/recording_upstream.hpp"
#include "connector/testdata/small_definition.hpp"
#include "support/freed_memory.hpp"
#include "support/unrestricted.hpp"

#include <gtest/gtest.h>

namespace fairlead::connector {
namespace {

using fairlead::testing::freed_blocks_with;
using fairlead::testing::freed_memory_is_searched;
using fairlead::testing::unrestricted;

constexpr std::string_view key = "hk_unwiped-0123456789-abcdefghijklmnopq";

/// How many blocks with the key a call of the small definition with `components` gives back.
int left_behind(const std::string& components, RecordingUpstream& upstream,
                const std::map<std::string, std::string>& given) {
  net::HttpClient client(unrestricted());
  Engine engine(client);
  const auto definition = load_small({.components = components});
  Call call;
  call.definition = definition.get();
  call.entity = "things";
  call.action = "list";
  EngineOptions options;
  options.connect_to = upstream.endpoint();
  options.on_wait = [](Wait) {};
  HeldCredentials credentials(given);
  return freed_blocks_with(key,
                           [&] { (void)run_to_end(engine.execute(call, credentials, options)); });
}

TEST(WipedMemory, WhatIsLeftBehindIsFound) {
  if (!freed_memory_is_searched)
    GTEST_SKIP() << "the sanitizers bring an operator delete of their own";
  EXPECT_EQ(freed_blocks_with(key, [] { delete new std::string(key); }), 1);
  EXPECT_EQ(freed_blocks_with(key, [] { delete new std::string(key.substr(1)); }), 0);
}

struct Case {
  const char* name;
  const char* scheme;
  std::vector<net::Response> answers;
};

net::Response ok() { return {200, {{"Content-Type", "application/json"}}, "[]"}; }
net::Response moved(const char* to) { return {302, {{"Location", to}}, ""}; }

TEST(WipedMemory, NoCallLeavesTheCredentialBehind) {
  const char *const bearer = "{type: http, scheme: bearer}",
                    *const in_query = "{type: apiKey, in: query, name: key}";
  const Case cases[] = {
      {"bearer", bearer, {ok()}},
      {"basic", "{type: http, scheme: basic}", {ok()}},
      {"header", "{type: apiKey, in: header, name: X-Key}", {ok()}},
      {"query", in_query, {ok()}},
      {"cookie", "{type: apiKey, in: cookie, name: key}", {ok()}},
      {"retried", bearer, {{503}, {429}, ok()}},
      {"redirected", bearer, {moved("/v1/other"), ok()}},
      {"redirected, in the query", in_query, {moved("/v1/other"), ok()}},
      {"redirected to another origin", bearer, {moved("https://elsewhere.example/"), ok()}},
      {"refused", in_query, {{403}}},
  };
  for (const Case& one : cases) {
    RecordingUpstream upstream;
    for (const net::Response& answer : one.answers) upstream.will_answer(answer);
    const std::string text(key);
    const std::map<std::string, std::string> given = {
        {"token", text}, {"api_key", text}, {"username", text}, {"password", text}};
    const std::string components = std::string("securitySchemes:\n  one: ") + one.scheme;
    EXPECT_EQ(left_behind(components, upstream, given), 0) << one.name;
    const auto sent = upstream.take();
    EXPECT_EQ(sent.size(), one.answers.size()) << one.name;
  }
}

TEST(WipedMemory, NoRenewalLeavesTheCredentialsBehind) {
  const char* const refreshes[] = {"{auth_style: body}", "{auth_style: basic}",
                                   "{auth_style: body, body_format: json}"};
  for (const char* const refresh : refreshes) {
    RecordingUpstream upstream;
    const std::string text(key);
    upstream.will_answer({200,
                          {{"Content-Type", "application/json"}},
                          R"({"access_token":")" + text + R"(","refresh_token":")" + text + "\"}"});
    upstream.will_answer(ok());
    const std::map<std::string, std::string> given = {
        {"client_id", "id"}, {"client_secret", text}, {"refresh_token", text}};
    const std::string components =
        "securitySchemes:\n  o:\n    type: oauth2\n    flows:\n"
        "      authorizationCode:\n"
        "        authorizationUrl: https://login.example/a\n"
        "        tokenUrl: https://login.example/t\n"
        "        refreshUrl: https://login.example/t\n        scopes: {}\n"
        "    x-airbyte-token-refresh: " +
        std::string(refresh) + "\n";
    EXPECT_EQ(left_behind(components, upstream, given), 0) << refresh;
    EXPECT_EQ(upstream.take().size(), 2u) << refresh;
  }
}

}  // namespace
}  // namespace fairlead::connector
