// No memory is given back while it still holds a credential (security.md D70): every block that the
// calling thread frees during a call is searched for it.
#include "connector/testdata/recording_upstream.hpp"
#include "connector/testdata/small_definition.hpp"
#include "support/unrestricted.hpp"

#include <gtest/gtest.h>

#include <cstdlib>
#include <cstring>
#include <malloc.h>
#include <new>

// The sanitizers' own stay: they find other things.
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
constexpr bool looks = false;
#else
constexpr bool looks = true;

namespace {

thread_local std::string_view sought;
thread_local int found = 0;

void give_back(void* block) noexcept {
  if (block != nullptr && !sought.empty() &&
      memmem(block, malloc_usable_size(block), sought.data(), sought.size()) != nullptr)
    ++found;
  std::free(block);
}

}  // namespace

void operator delete(void* block) noexcept { give_back(block); }
void operator delete(void* block, std::size_t) noexcept { give_back(block); }
void operator delete[](void* block) noexcept { give_back(block); }
void operator delete[](void* block, std::size_t) noexcept { give_back(block); }
#endif

namespace fairlead::connector {
namespace {

using fairlead::testing::unrestricted;

constexpr std::string_view key = "hk_unwiped-0123456789-abcdefghijklmnopq";

/// How many blocks that `action` frees hold the key.
template <class Action>
int blocks_with_key(Action action) {
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
  action();
  return 0;
#else
  found = 0;
  sought = key;
  action();
  sought = {};
  return found;
#endif
}

TEST(WipedMemory, WhatIsLeftBehindIsFound) {
  if (!looks) GTEST_SKIP() << "the sanitizers bring an operator delete of their own";
  EXPECT_EQ(blocks_with_key([] { delete new std::string(key); }), 1);
  EXPECT_EQ(blocks_with_key([] { delete new std::string(key.substr(1)); }), 0);
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
    net::HttpClient client(unrestricted());
    Engine engine(client);
    const auto definition =
        load_small({.components = std::string("securitySchemes:\n  one: ") + one.scheme});
    Call call;
    call.definition = definition.get();
    call.entity = "things";
    call.action = "list";
    EngineOptions options;
    options.connect_to = upstream.endpoint();
    options.on_wait = [](Wait) {};
    const std::string text(key);
    HeldCredentials credentials(
        {{"token", text}, {"api_key", text}, {"username", text}, {"password", text}});
    const auto execute = [&] { (void)run_to_end(engine.execute(call, credentials, options)); };
    EXPECT_EQ(blocks_with_key(execute), 0) << one.name;
    const auto sent = upstream.take();
    EXPECT_EQ(sent.size(), one.answers.size()) << one.name;
  }
}

}  // namespace
}  // namespace fairlead::connector
