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

struct Executed {
  int left_behind = 0;  ///< blocks that were given back with the key in them
  bool succeeded = false;
};

/// A call of the small definition with `components`.
Executed execute(const std::string& components, RecordingUpstream& upstream,
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
  Executed out;
  out.left_behind = freed_blocks_with(
      key, [&] { out.succeeded = bool(run_to_end(engine.execute(call, credentials, options))); });
  return out;
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
      {"further headers",
       "{type: apiKey, in: header, name: X-Key, x-airbyte-auth-config: {type: object, required: "
       "[api_key], properties: {api_key: {type: string}}, auth_mapping: {api_key: '${api_key}'}, "
       "additional_headers: {X-Other: 'Key {{ api_key }}', X-Same: '{{ api_key }}'}}}",
       {ok()}},
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
    EXPECT_EQ(execute(components, upstream, given).left_behind, 0) << one.name;
    const auto sent = upstream.take();
    EXPECT_EQ(sent.size(), one.answers.size()) << one.name;
  }
}

/// In pieces whose number and length nobody knows before; the secret is in the first one.
net::Response in_pieces(const std::string& first, int further, bool breaks_off) {
  net::Response out{200, {{"Content-Type", "application/json"}}, ""};
  const auto sent = std::make_shared<int>(0);
  out.stream = [=]() -> Task<std::string> {
    const int number = (*sent)++;
    if (number == 0) co_return first;
    if (number <= further) co_return std::string(20'000, ' ');
    if (breaks_off) throw Failure(Error{.message = "broken off"});
    co_return std::string();
  };
  return out;
}

TEST(WipedMemory, NoRenewalLeavesTheCredentialsBehind) {
  const std::string text(key);
  const std::string tokens =
      R"({"access_token":")" + text + R"(","refresh_token":")" + text + "\"}";
  const net::Response whole{200, {{"Content-Type", "application/json"}}, tokens};
  struct Renewal {
    const char* name;
    const char* refresh;
    net::Response answer;
    bool succeeds = true;
  };
  const Renewal renewals[] = {
      {"form", "{auth_style: body}", whole},
      {"basic", "{auth_style: basic}", whole},
      {"JSON", "{auth_style: body, body_format: json}", whole},
      {"in pieces", "{auth_style: body}", in_pieces(tokens, 5, false)},
      {"in pieces, the last of which is missing", "{auth_style: body}", in_pieces(tokens, 2, true),
       false},
      {"larger than allowed", "{auth_style: body}", in_pieces(tokens, 100, false), false},
  };
  for (const Renewal& one : renewals) {
    RecordingUpstream upstream;
    upstream.will_answer(one.answer).will_answer(ok());
    const std::map<std::string, std::string> given = {
        {"client_id", "id"}, {"client_secret", text}, {"refresh_token", text}};
    const std::string components =
        "securitySchemes:\n  o:\n    type: oauth2\n    flows:\n"
        "      authorizationCode:\n"
        "        authorizationUrl: https://login.example/a\n"
        "        tokenUrl: https://login.example/t\n"
        "        refreshUrl: https://login.example/t\n        scopes: {}\n"
        "    x-airbyte-token-refresh: " +
        std::string(one.refresh) + "\n";
    const Executed executed = execute(components, upstream, given);
    EXPECT_EQ(executed.left_behind, 0) << one.name;
    EXPECT_EQ(executed.succeeded, one.succeeds) << one.name;
    EXPECT_EQ(upstream.take().size(), one.succeeds ? 2u : 1u) << one.name;
  }
}

}  // namespace
}  // namespace fairlead::connector
