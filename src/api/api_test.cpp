#include "api/api.hpp"

#include "support/api_under_test.hpp"
#include "support/freed_memory.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <set>

namespace fairlead::api {
namespace {

using fairlead::testing::ApiUnderTest;
using fairlead::testing::Reply;
using ::testing::HasSubstr;

const std::string connectors = "/api/v1/integrations/connectors";

TEST(Journey, FromClientSecretToRecords) {
  ApiUnderTest test;
  const std::string token = test.application_token(test.first);
  const std::string id = test.add_connector(token);

  const Reply list = test.call("GET", connectors + "?workspace_name=acme", token);
  ASSERT_EQ(list.status, 200);
  EXPECT_EQ(list.string("/data/0/id"), id);
  EXPECT_EQ(list.string("/data/0/name"), "Test Harbor - acme");
  EXPECT_EQ(list.string("/data/0/summarized_source_template/name"), "Test Harbor");
  EXPECT_EQ(list.string("/data/0/status"), "ready");

  const Reply first = test.execute(token, id,
                                   json::object{{"entity", "customers"},
                                                {"action", "list"},
                                                {"params", json::object{{"limit", 2}}},
                                                {"select_fields", json::array{"id", "notes"}},
                                                {"skip_truncation", false}});
  ASSERT_EQ(first.status, 200) << first.text;
  EXPECT_EQ(first.string("/status"), "success");
  EXPECT_EQ(first.at("/result").as_array().size(), 2u);
  EXPECT_FALSE(first.at("/result/0").as_object().contains("name"));
  EXPECT_THAT(first.string("/result/0/notes"), HasSubstr("... [truncated"));
  EXPECT_EQ(first.at("/connector_metadata/has_next_page"), true);
  EXPECT_EQ(first.string("/execution_metadata/connector_instance_id"), id);
  EXPECT_THAT(test.upstream.requests().back().target, HasSubstr("per_page=2"));

  const Reply second = test.execute(
      token, id,
      json::object{
          {"entity", "customers"},
          {"action", "list"},
          {"params", json::object{{"cursor", first.string("/connector_metadata/end_cursor")}}}});
  ASSERT_EQ(second.status, 200) << second.text;
  EXPECT_EQ(second.string("/result/0/id"), "c3");
  EXPECT_EQ(second.at("/connector_metadata/has_next_page"), false);
  EXPECT_TRUE(second.at("/connector_metadata/end_cursor").is_null());
}

TEST(Head, IsAnsweredAsGet) {
  ApiUnderTest test;
  const auto status_of = [&](std::string method, std::string target) {
    return test
        .run(test.api->handle({.method = std::move(method),
                               .target = std::move(target),
                               .headers = {},
                               .body = {},
                               .peer = "203.0.113.7"}))
        .status;
  };
  EXPECT_EQ(status_of("HEAD", "/healthz"), 200);
  EXPECT_EQ(status_of("HEAD", "/docs"), 200);
  EXPECT_EQ(status_of("HEAD", connectors), 401);
  EXPECT_EQ(status_of("HEAD", "/api/v1/execute/batch"), 405);
  EXPECT_EQ(status_of("HEAD", "/nowhere"), 404);
}

TEST(Secrets, OfARequestAreGoneWhenItIsAnswered) {
  ApiUnderTest test;
  const std::string secret = "fls_unwiped-0123456789-abcdefghijklmnopq";
  net::Request request{.method = "POST",
                       .target = "/api/v1/account/applications/token",
                       .body = json::serialize(json::object{{"client_id", test.first.client.str()},
                                                            {"client_secret", secret}}),
                       .peer = "203.0.113.7"};
  // On this thread, whose memory is searched.
  const auto answer = [&] {
    EXPECT_EQ(run_to_end(test.api->handle(std::move(request))).status, 401);
  };
  EXPECT_EQ(fairlead::testing::freed_blocks_with(secret, answer), 0);
}

}  // namespace
}  // namespace fairlead::api
