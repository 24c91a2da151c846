// Executes over REST: forms of answers, mistakes, what the service may say, and writes.
#include "support/api_under_test.hpp"
#include "support/eventually.hpp"

#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/use_future.hpp>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <future>
#include <set>

namespace fairlead::api {
namespace {

using fairlead::testing::ApiUnderTest;
using fairlead::testing::eventually;
using fairlead::testing::Reply;
using ::testing::HasSubstr;

/// One server for all tests of a suite that change nothing.
class Execute : public ::testing::Test {
 protected:
  void SetUp() override {
    token = test.application_token(test.first);
    connector = test.add_connector(token);
  }
  Reply execute(json::value command, net::Headers headers = {}) {
    return test.execute(token, connector, std::move(command), std::move(headers));
  }

  ApiUnderTest test;
  std::string token, connector;
};

json::object call(std::string_view entity, std::string_view action, json::object params = {}) {
  return {{"entity", json::string_view(entity)},
          {"action", json::string_view(action)},
          {"params", std::move(params)}};
}

TEST_F(Execute, GivesEachActionItsForm) {
  Reply one = execute(call("customers", "get", {{"id", "c1"}}));
  ASSERT_EQ(one.status, 200) << one.text;
  EXPECT_EQ(one.string("/result/name"), "Ada");
  EXPECT_TRUE(one.at("/connector_metadata").is_null());

  Reply found = execute(call("notes", "search", {{"text", "boat"}}));
  ASSERT_EQ(found.status, 200) << found.text;
  EXPECT_TRUE(found.at("/result").is_array());
  // An older word for the same.
  EXPECT_EQ(execute(call("notes", "api_search", {{"text", "boat"}})).status, 200);

  Reply made = execute(call("customers", "create", {{"name", "Dee"}}));
  ASSERT_EQ(made.status, 200) << made.text;
  EXPECT_EQ(made.string("/result/name"), "Dee");

  Reply described = execute(call("", "describe"));
  ASSERT_EQ(described.status, 200) << described.text;
  EXPECT_EQ(described.string("/result/entities/0/name"), "customers");
  EXPECT_EQ(described.string("/result/entities/0/actions/0/effect"), "read");
  EXPECT_GT(described.at("/result/entities").as_array().size(), 1u);
  Reply notes = execute(call("notes", "describe"));
  EXPECT_EQ(notes.string("/result/entities/0/name"), "notes");
  EXPECT_EQ(notes.at("/result/entities").as_array().size(), 1u);
}

TEST_F(Execute, TakesNullAndAbsentMembersAlike) {
  json::object command = call("customers", "get", {{"id", "c1"}});
  for (const char* member : {"select_fields", "exclude_fields", "intent", "skip_truncation"})
    command[member] = nullptr;
  EXPECT_EQ(execute(command).status, 200);
  EXPECT_EQ(execute(json::object{{"entity", "customers"}, {"action", "list"}}).status, 200);
}

TEST_F(Execute, DownloadsRawAndAsJson) {
  Reply raw = execute(call("files", "download", {{"id", "f1"}}));
  ASSERT_EQ(raw.status, 200);
  EXPECT_EQ(raw.text, test.upstream.file_text);
  EXPECT_THAT(*raw.headers.find("Content-Disposition"), HasSubstr("attachment; filename="));
  EXPECT_EQ(*raw.headers.find("Content-Security-Policy"), "sandbox");

  Reply chunk = execute(call("files", "download",
                             {{"id", "f1"},
                              {"range_header", "bytes=0-4"},
                              {"_airbyte_response_type", "json"},
                              {"_airbyte_response_format", "text"}}));
  ASSERT_EQ(chunk.status, 200) << chunk.text;
  EXPECT_EQ(chunk.string("/result/content"), "hello");
  EXPECT_EQ(chunk.at("/result/has_more"), true);

  Reply missing = execute(call("files", "download", {{"id", "nothing"}}));
  EXPECT_EQ(missing.status, 404) << missing.text;
  EXPECT_EQ(missing.error_code(), "provider_not_found");
  EXPECT_EQ(test.platform->executor().admission().running(), 0u);
}

TEST_F(Execute, NamesAMisspeltMemberAndLetsOthersBe) {
  struct Case {
    const char* member;
    json::value value;
    const char* meant;  ///< nullptr: let be
  };
  const json::object params{{"limit", 1}};
  for (const Case& one : std::vector<Case>{{"parms", params, "params"},
                                           {"Params", params, "params"},
                                           {"selectFields", json::array{"id"}, "select_fields"},
                                           {"exclude_field", json::array{"id"}, "exclude_fields"},
                                           {"skip-truncation", false, "skip_truncation"},
                                           {"dryRun", true, "dry_run"},
                                           {"intnet", "look", "intent"},
                                           {"workspace_name", "acme", nullptr},
                                           {"connector_id", json::value(connector), nullptr},
                                           {"trace", json::object{}, nullptr},
                                           {"x", 1, nullptr}}) {
    json::object body{{"entity", "customers"}, {"action", "list"}};
    body[one.member] = one.value;
    const Reply reply = execute(body);
    if (!one.meant) {
      EXPECT_EQ(reply.status, 200) << one.member << reply.text;
      continue;
    }
    EXPECT_EQ(reply.status, 422) << one.member << reply.text;
    EXPECT_EQ(reply.error_field(), one.member);
    EXPECT_EQ(reply.error_code(), "unknown_parameter");
    EXPECT_THAT(reply.message(), HasSubstr(std::string("did you mean '") + one.meant));
  }
  const Reply both = execute(json::object{{"entty", "customers"}, {"action", "list"}});
  EXPECT_THAT(both.text, HasSubstr("did you mean 'entity'"));
  const Reply batch =
      test.call("POST", "/api/v1/execute/batch", token,
                json::object{{"calls", json::array{json::object{{"connector_id", connector},
                                                                {"entity", "customers"},
                                                                {"action", "list"},
                                                                {"parms", params}}}}});
  EXPECT_EQ(batch.string("/results/0/error/errors/0/field"), "calls.0.parms") << batch.text;
}

TEST_F(Execute, HasNothingToPrepareForClientsThatKeepSecrets) {
  const std::string address = "/api/v1/integrations/connectors/";
  const json::object command = call("customers", "list");
  const Reply reply = test.call("POST", address + connector + "/execute/prepare", token, command);
  EXPECT_EQ(reply.status, 501) << reply.text;
  EXPECT_EQ(reply.error_code(), "not_offered");
  EXPECT_EQ(test.call("POST", address + random_uuid() + "/execute/prepare", token, command).status,
            404);
}

TEST_F(Execute, PlansWithoutSending) {
  const std::size_t before = test.upstream.requests().size();
  json::object command = call("customers", "create", {{"name", "Dee"}});
  command["dry_run"] = true;
  Reply plan = execute(command);
  ASSERT_EQ(plan.status, 200) << plan.text;
  EXPECT_EQ(plan.string("/result/method"), "POST");
  EXPECT_EQ(plan.string("/result/url"), "https://eu.harbor.example/v1/customers");
  EXPECT_EQ(plan.string("/result/effect"), "unsafe");
  EXPECT_EQ(test.upstream.requests().size(), before);
}

struct Mistake {
  const char* what;
  json::value command;
  int status;
  const char* field;
  const char* code;
  const char* message;
};

TEST_F(Execute, NamesEachMistakeAndTheWayOut) {
  json::object too_long = call("customers", "list");
  too_long["intent"] = std::string(513, 'x');
  json::object fields = call("customers", "list");
  fields["select_fields"] = json::array{1};
  const std::vector<Mistake> mistakes = {
      {"no entity", json::object{{"action", "list"}}, 422, "entity", "missing", "required"},
      {"no action", json::object{{"entity", "customers"}}, 422, "action", "missing", "required"},
      {"entity of another type", json::object{{"entity", 1}, {"action", "list"}}, 422, "entity",
       "wrong_type", "text"},
      {"mistyped entity", call("custmers", "list"), 422, "entity", "unknown_entity", "customers"},
      {"mistyped entity to describe", call("custmers", "describe"), 422, "entity", "unknown_entity",
       "customers"},
      {"action that the entity lacks", call("customers", "delete"), 422, "action", "unknown_action",
       "create"},
      {"action that nobody has", call("customers", "explode"), 422, "action", "unknown_action",
       "explode"},
      {"mistyped parameter", call("customers", "list", {{"stauts", "open"}}), 422, "params.stauts",
       "unknown_parameter", "'status'"},
      {"parameter that is not allowed", call("customers", "list", {{"status", "sunk"}}), 422,
       "params.status", "invalid", "open"},
      {"missing path parameter", call("customers", "get"), 422, "params.id", "missing", "id"},
      {"missing body field", call("customers", "create"), 422, "params.name", "missing", "name"},
      {"params of another type",
       json::object{{"entity", "customers"}, {"action", "list"}, {"params", json::array{}}}, 422,
       "params", "wrong_type", "object"},
      {"long intent", too_long, 422, "intent", "too_long", "512"},
      {"fields of another type", fields, 422, "select_fields", "wrong_type", "texts"},
      {"Context Store", call("customers", "context_store_search"), 409, "",
       "context_store_not_ready", "Context Store"},
      {"warehouse", call("customers", "sql_select"), 422, "action", "unknown_action", "sql_select"},
  };
  const std::size_t before = test.upstream.requests().size();
  for (const Mistake& mistake : mistakes) {
    SCOPED_TRACE(mistake.what);
    const Reply reply = execute(mistake.command);
    EXPECT_EQ(reply.status, mistake.status) << reply.text;
    EXPECT_EQ(reply.error_field(), mistake.field) << reply.text;
    EXPECT_EQ(reply.error_code(), mistake.code) << reply.text;
    EXPECT_THAT(reply.message(), HasSubstr(mistake.message));
  }
  EXPECT_EQ(test.upstream.requests().size(), before) << "a bad call reached the service";
}

TEST_F(Execute, ReadsItsBodyStrictly) {
  struct Case {
    std::string body;
    int status;
    const char* code;
  };
  const std::string begin = R"({"entity":"customers","action":"list","params":{"a":)";
  std::string wide = "[0";
  for (int i = 0; i < 100'000; ++i) wide += ",0";
  for (const Case& one :
       std::vector<Case>{{"", 400, "invalid_json"},
                         {"{", 400, "invalid_json"},
                         {"null", 400, "invalid_json"},
                         {"entity=customers", 400, "invalid_json"},
                         {begin + "1}}x", 400, "invalid_json"},
                         {begin + "1},\"entity\":\"orders\"}", 400, "invalid_json"},
                         {begin + "\"\xff\"}}", 400, "invalid_json"},
                         {begin + "NaN}}", 400, "invalid_json"},
                         {begin + "1e999}}", 400, "invalid_json"},
                         {begin + std::string(65, '1') + "}}", 400, "invalid_json"},
                         {begin + std::string(100'000, '[') + std::string(100'000, ']') + "}}", 400,
                          "invalid_json"},
                         {begin + wide + "]}}", 400, "invalid_json"},
                         {begin + '"' + std::string(5u << 20, 'x') + "\"}}", 413, "too_large"}}) {
    net::Request request{
        .method = "POST",
        .target = "/api/v1/integrations/connectors/" + connector + "/execute",
        .headers = {{"Authorization", "Bearer " + token}, {"Content-Type", "application/json"}},
        .body = one.body,
        .peer = {}};
    const Reply reply = test.send(std::move(request));
    EXPECT_EQ(reply.status, one.status) << one.body.substr(0, 90) << ' ' << reply.text;
    EXPECT_EQ(reply.error_code(), one.code) << one.body.substr(0, 90) << ' ' << reply.text;
  }
}

TEST(SlowService, IsGivenUpAtTheDeadline) {
  ApiUnderTest test({}, {.public_url = {}, .request_time = std::chrono::seconds(1)});
  const std::string token = test.application_token(test.first);
  const std::string id = test.add_connector(token);
  test.upstream.hold();
  const Reply read = test.execute(token, id, call("customers", "get", {{"id", "c1"}}));
  EXPECT_EQ(read.status, 504) << read.text;
  EXPECT_EQ(read.error_code(), "provider_timeout");
  const Reply write = test.execute(token, id, call("customers", "create", {{"name", "Dee"}}));
  EXPECT_EQ(write.status, 409) << write.text;
  EXPECT_EQ(write.error_code(), "outcome_unknown");
}

TEST(SlowService, LeavesNobodyInTheDarkWhenTheServerGivesUp) {
  ApiUnderTest test;
  const std::string token = test.application_token(test.first);
  test.upstream.hold();
  net::Request request{.method = "POST",
                       .target = "/api/v1/integrations/connectors/check",
                       .headers = {{"Authorization", "Bearer " + token}},
                       .body = json::serialize(json::object{
                           {"workspace_name", "acme"},
                           {"connector_type", "Test Harbor"},
                           {"credentials", json::object{{"api_key", ApiUnderTest::good_key}}}}),
                       .peer = "203.0.113.7"};
  boost::asio::cancellation_signal signal;
  auto running = boost::asio::co_spawn(
      test.workers.loop(0), test.api->handle(std::move(request)),
      boost::asio::bind_cancellation_slot(signal.slot(), boost::asio::use_future));
  EXPECT_TRUE(eventually([&] { return !test.upstream.requests().empty(); }));
  // As the HTTP server does at its time limit.
  boost::asio::post(test.workers.loop(0),
                    [&] { signal.emit(boost::asio::cancellation_type::terminal); });
  const net::Response response = running.get();
  EXPECT_EQ(response.status, 409) << response.body;
  EXPECT_THAT(response.body, HasSubstr("outcome_unknown"));
  EXPECT_THAT(response.body, HasSubstr("before you send it again"));
}

TEST_F(Execute, TellsWhatTheServiceSaid) {
  struct Case {
    int upstream, status;
    const char* code;
  };
  for (const Case& one :
       {Case{400, 400, "provider_rejected"}, Case{401, 403, "provider_auth"},
        Case{403, 403, "provider_auth"}, Case{404, 404, "provider_not_found"},
        Case{409, 400, "provider_rejected"}, Case{422, 400, "provider_rejected"}}) {
    SCOPED_TRACE(one.upstream);
    test.upstream.forced_status = one.upstream;
    const Reply reply = execute(call("customers", "get", {{"id", "c1"}}));
    EXPECT_EQ(reply.status, one.status) << reply.text;
    EXPECT_EQ(reply.error_code(), one.code);
    EXPECT_EQ(reply.at("/errors/0/details/provider_status"), one.upstream);
  }
  // Writes are not repeated, so these answer at once.
  test.upstream.forced_status = 503;
  const Reply away = execute(call("customers", "create", {{"name", "x"}}));
  EXPECT_EQ(away.status, 502) << away.text;
  test.upstream.forced_status = 429;
  const Reply busy = execute(call("customers", "create", {{"name", "x"}}));
  EXPECT_EQ(busy.status, 429) << busy.text;
  ASSERT_NE(busy.headers.find("Retry-After"), nullptr);
}

TEST_F(Execute, ShowsInTheStatusWhetherTheKeyWorks) {
  test.upstream.refuse(ApiUnderTest::good_key);
  EXPECT_EQ(execute(call("customers", "get", {{"id", "c1"}})).status, 403);
  const std::string address = "/api/v1/integrations/connectors/" + connector;
  EXPECT_EQ(test.call("GET", address, token).string("/status"), "needs_reauth");
  test.upstream.accept(ApiUnderTest::good_key);
  EXPECT_EQ(execute(call("customers", "get", {{"id", "c1"}})).status, 200);
  EXPECT_EQ(test.call("GET", address, token).string("/status"), "ready");
}

TEST_F(Execute, DoesAWriteWithAKeyOnce) {
  const net::Headers key{{"Idempotency-Key", "order-1"}};
  const json::object command = call("customers", "create", {{"name", "Eve"}});
  const Reply first = execute(command, key);
  ASSERT_EQ(first.status, 200) << first.text;
  const Reply again = execute(command, key);
  ASSERT_EQ(again.status, 200) << again.text;
  EXPECT_EQ(again.at("/result"), first.at("/result"));
  EXPECT_EQ(*again.headers.find("Idempotent-Replayed"), "true");
  EXPECT_EQ(test.upstream.created(), 1u);

  const Reply other = execute(call("customers", "create", {{"name", "Mallory"}}), key);
  EXPECT_EQ(other.status, 422) << other.text;
  EXPECT_EQ(other.error_code(), "idempotency_key_reused");
  EXPECT_EQ(execute(command, {{"Idempotency-Key", "with blank"}}).status, 422);
  EXPECT_EQ(execute(command, {{"Idempotency-Key", std::string(256, 'k')}}).status, 422);
  EXPECT_EQ(test.upstream.created(), 1u);
}

TEST_F(Execute, FreesTheKeyOfAWriteThatWasRefused) {
  const net::Headers key{{"Idempotency-Key", "order-2"}};
  const json::object command = call("customers", "create", {{"name", "Eve"}});
  test.upstream.forced_status = 422;
  EXPECT_EQ(execute(command, key).status, 400);
  test.upstream.forced_status = 0;
  EXPECT_EQ(execute(command, key).status, 200);
}

TEST_F(Execute, NeverRepeatsAWriteOfUnknownOutcome) {
  const net::Headers key{{"Idempotency-Key", "order-3"}};
  const json::object command = call("customers", "create", {{"name", "Eve"}});
  test.upstream.breaks_after_writes = true;
  // The service answers 500 here; a connection that ends without an answer is the engine's test.
  const Reply first = execute(command, key);
  EXPECT_GE(first.status, 400);
  EXPECT_EQ(test.upstream.count("POST", "/v1/customers"), 1u);
}

TEST_F(Execute, SaysThatAKeyIsInUse) {
  const net::Headers key{{"Idempotency-Key", "order-4"}};
  const json::object command = call("customers", "create", {{"name", "Eve"}});
  test.upstream.hold();
  net::Request request{.method = "POST",
                       .target = "/api/v1/integrations/connectors/" + connector + "/execute",
                       .headers = key,
                       .body = json::serialize(command),
                       .peer = "203.0.113.7"};
  request.headers.add("Authorization", "Bearer " + token);
  request.headers.add("Content-Type", "application/json");
  auto running = boost::asio::co_spawn(test.workers.loop(1), test.api->handle(request),
                                       boost::asio::use_future);
  EXPECT_TRUE(eventually([&] { return test.upstream.count("POST", "/v1/customers") > 0; }));
  const Reply second = execute(command, key);
  EXPECT_EQ(second.status, 409) << second.text;
  EXPECT_EQ(second.error_code(), "request_in_progress");
  test.upstream.release();
  EXPECT_EQ(running.get().status, 200);
  EXPECT_EQ(test.upstream.created(), 1u);
}

TEST_F(Execute, RunsABatchSideBySide) {
  json::object good = call("customers", "get", {{"id", "c1"}});
  good["connector_id"] = connector;
  json::object wrong = call("custmers", "get");
  wrong["connector_id"] = connector;
  json::object foreign = good;
  foreign["connector_id"] = "3f0b6f5e-1f1f-4a0e-8a36-52d6dbb8f4f4";
  json::object file = call("files", "download", {{"id", "f1"}});
  file["connector_id"] = connector;
  const Reply reply =
      test.call("POST", "/api/v1/execute/batch", token,
                json::object{{"calls", json::array{good, wrong, foreign, file, json::object()}}});
  ASSERT_EQ(reply.status, 200) << reply.text;
  EXPECT_EQ(reply.string("/results/0/result/name"), "Ada");
  EXPECT_EQ(reply.at("/results/1/http_status"), 422);
  EXPECT_EQ(reply.at("/results/2/http_status"), 404);
  EXPECT_EQ(reply.at("/results/3/http_status"), 422);
  EXPECT_EQ(reply.string("/results/3/error/errors/0/field"), "params._airbyte_response_type");
  EXPECT_EQ(test.upstream.count("GET", "/v1/files"), 0u) << "refused before anything is sent";
  EXPECT_EQ(reply.string("/results/4/error/errors/0/field"), "calls.4.connector_id");
  EXPECT_EQ(test.platform->executor().admission().running(), 0u);

  json::array eleven(11, good);
  for (const json::value& calls : {json::value(json::array()), json::value(eleven),
                                   json::value(json::array{1}), json::value("x"), json::value()}) {
    const Reply refused =
        test.call("POST", "/api/v1/execute/batch", token, json::object{{"calls", calls}});
    EXPECT_EQ(refused.status, 422) << refused.text;
  }
}

TEST_F(Execute, DoesTheWritesOfABatchWithAKeyOnce) {
  json::object write = call("customers", "create", {{"name", "Eve"}});
  write["connector_id"] = connector;
  const json::object batch{{"calls", json::array{write, write}}};
  const net::Headers key{{"Idempotency-Key", "orders"}};
  const Reply first = test.call("POST", "/api/v1/execute/batch", token, batch, key);
  ASSERT_EQ(first.status, 200) << first.text;
  EXPECT_EQ(test.upstream.created(), 2u) << "two calls of one batch are two writes";
  const Reply again = test.call("POST", "/api/v1/execute/batch", token, batch, key);
  EXPECT_EQ(test.upstream.created(), 2u);
  for (const char* result : {"/results/0/result", "/results/1/result"})
    EXPECT_EQ(again.at(result), first.at(result)) << again.text;

  write["params"] = json::object{{"name", "Mallory"}};
  const Reply other = test.call("POST", "/api/v1/execute/batch", token,
                                json::object{{"calls", json::array{write}}}, key);
  EXPECT_EQ(other.at("/results/0/http_status"), 422) << other.text;
  for (const std::string& bad : {std::string(), std::string("a b"), std::string(256, 'a')})
    EXPECT_EQ(
        test.call("POST", "/api/v1/execute/batch", token, batch, {{"Idempotency-Key", bad}}).status,
        422)
        << bad;
  EXPECT_EQ(test.upstream.created(), 2u);
  const std::string longest(255, 'a');
  EXPECT_EQ(test.call("POST", "/api/v1/execute/batch", token, batch, {{"Idempotency-Key", longest}})
                .status,
            200);
}

TEST_F(Execute, RefusesATextThatNoDatabaseKeeps) {
  for (const char* member : {"entity", "action", "intent"}) {
    json::object command = call("customers", "list");
    command[member] = std::string("a\0b", 3);
    const Reply refused = execute(command);
    EXPECT_EQ(refused.status, 422) << refused.text;
    EXPECT_EQ(refused.string("/errors/0/field"), member) << refused.text;
  }
}

TEST_F(Execute, LogsNamesAndFingerprintsNotValues) {
  json::object command = call("customers", "list", {{"status", "open"}});
  command["intent"] = "look for moorings";
  ASSERT_EQ(execute(command, {{"X-ADP-Agent-SDK", "airbyte-agent-sdk"}}).status, 200);
  ASSERT_EQ(execute(call("customers", "create", {{"name", "value-canary"}})).status, 200);
  ASSERT_EQ(execute(call("custmers", "list")).status, 422);
  test.run(test.platform->tool_calls().stop());

  const Reply log = test.call("GET", "/api/v1/tool-calls", token);
  ASSERT_EQ(log.status, 200) << log.text;
  EXPECT_EQ(log.text.find("value-canary"), std::string::npos);
  ASSERT_EQ(log.at("/data").as_array().size(), 3u) << log.text;
  EXPECT_EQ(log.string("/data/0/error_code"), "unknown_entity");
  EXPECT_EQ(log.string("/data/1/status"), "succeeded");
  EXPECT_EQ(log.string("/data/1/effect"), "unsafe");
  EXPECT_EQ(log.string("/data/1/params/name").size(), 16u);
  EXPECT_EQ(log.string("/data/2/client"), "airbyte-agent-sdk");
  EXPECT_EQ(log.string("/data/2/intent"), "look for moorings");
  EXPECT_EQ(log.at("/data/2/record_count"), 2);

  const Reply page = test.call("GET", "/api/v1/tool-calls?limit=2", token);
  const Reply rest =
      test.call("GET", "/api/v1/tool-calls?limit=2&cursor=" + page.string("/next_cursor"), token);
  EXPECT_EQ(rest.at("/data").as_array().size(), 1u);
  EXPECT_TRUE(rest.at("/next_cursor").is_null());
  EXPECT_EQ(
      test.call("GET", "/api/v1/tool-calls?status=failed", token).at("/data").as_array().size(),
      1u);
  EXPECT_EQ(test.call("GET", "/api/v1/skills?cursor=" + page.string("/next_cursor"), token).status,
            400);
  for (const char* query : {"limit=0", "limit=101", "limit=x", "status=odd", "type=odd",
                            "since=yesterday", "connector_id=1"})
    EXPECT_EQ(test.call("GET", std::string("/api/v1/tool-calls?") + query, token).status, 422)
        << query;
}

/// A connector whose access token is renewed; no answer may hold what renews it, or what comes of
/// it.
Reply add_renewed_connector(ApiUnderTest& test, const std::string& token) {
  test.upstream.set_refresh_token("refresh-canary-0");
  test.secrets.insert(test.secrets.end(), {"refresh-canary", "access-canary", "app-secret-canary"});
  return test.call(
      "POST", "/api/v1/integrations/connectors", token,
      json::object{{"workspace_name", "acme"},
                   {"connector_type", "test-harbor"},
                   {"credentials", json::object{{"client_id", "app"},
                                                {"client_secret", "app-secret-canary"},
                                                {"refresh_token", "refresh-canary-0"}}}});
}

TEST(Renewal, HappensOnceForManyCallsAndIsStoredBeforeUse) {
  ApiUnderTest test;
  const std::string token = test.application_token(test.first);
  const Reply added = add_renewed_connector(test, token);
  ASSERT_EQ(added.status, 200) << added.text;
  EXPECT_EQ(added.string("/auth_scheme"), "harborOAuth");
  const std::string id = added.string("/id");
  EXPECT_EQ(test.upstream.count("POST", "/token"), 1u) << "the check renews, and its token is kept";
  const json::object command{{"entity", "customers"}, {"action", "list"}};
  EXPECT_EQ(test.execute(token, id, command).status, 200);
  EXPECT_EQ(test.upstream.count("POST", "/token"), 1u);

  // The token ends; many calls on two loops find out at the same time.
  test.upstream.refuse("access-canary-1");
  test.upstream.delay_ms = 50;
  net::Request request{.method = "POST",
                       .target = "/api/v1/integrations/connectors/" + id + "/execute",
                       .headers = {{"Authorization", "Bearer " + token}},
                       .body = json::serialize(command),
                       .peer = "203.0.113.7"};
  std::vector<std::future<net::Response>> running;
  for (std::size_t i = 0; i < 8; ++i)
    running.push_back(boost::asio::co_spawn(test.workers.loop(i % 2), test.api->handle(request),
                                            boost::asio::use_future));
  for (auto& one : running) EXPECT_EQ(one.get().status, 200);
  EXPECT_EQ(test.upstream.count("POST", "/token"), 2u);
  test.upstream.delay_ms = 0;

  // The grant is withdrawn: a person has to act, and the service is not asked again and again.
  test.upstream.refuse("access-canary-2");
  test.upstream.set_refresh_token("another-one");
  const Reply lost = test.execute(token, id, command);
  EXPECT_EQ(lost.status, 409) << lost.text;
  EXPECT_EQ(lost.error_code(), "credential_needs_reauth");
  const std::size_t asked = test.upstream.count("POST", "/token");
  EXPECT_EQ(test.execute(token, id, command).error_code(), "credential_needs_reauth");
  EXPECT_EQ(test.upstream.count("POST", "/token"), asked);
  const std::string address = "/api/v1/integrations/connectors/" + id;
  EXPECT_EQ(test.call("GET", address, token).string("/status"), "needs_reauth");

  // New credentials, the same connector.
  const Reply updated =
      test.call("PUT", address, token,
                json::object{{"credentials", json::object{{"api_key", ApiUnderTest::good_key}}}});
  ASSERT_EQ(updated.status, 200) << updated.text;
  EXPECT_EQ(updated.string("/auth_scheme"), "harborKey");
  EXPECT_EQ(test.execute(token, id, command).status, 200);
}

TEST(Renewal, ThatIsRefusedSaysNothingOfNewCredentials) {
  ApiUnderTest test;
  const std::string token = test.application_token(test.first);
  const Reply added = add_renewed_connector(test, token);
  ASSERT_EQ(added.status, 200) << added.text;
  const std::string address = "/api/v1/integrations/connectors/" + added.string("/id");

  // The grant is withdrawn, and while the service is about to say so somebody gives a key.
  test.upstream.refuse("access-canary-1");
  test.upstream.set_refresh_token("another-one");
  test.upstream.hold("/token");
  auto running = boost::asio::co_spawn(
      test.workers.loop(0),
      test.api->handle(
          {.method = "POST",
           .target = address + "/execute",
           .headers = {{"Authorization", "Bearer " + token}},
           .body = json::serialize(json::object{{"entity", "customers"}, {"action", "list"}}),
           .peer = "203.0.113.7"}),
      boost::asio::use_future);
  EXPECT_TRUE(eventually([&] { return test.upstream.count("POST", "/token") == 2; }));
  const json::object key{{"credentials", json::object{{"api_key", ApiUnderTest::good_key}}},
                         {"validate", false}};
  ASSERT_EQ(test.call("PUT", address, token, key).status, 200);
  test.upstream.release();
  EXPECT_EQ(running.get().status, 409);
  EXPECT_EQ(test.call("GET", address, token).string("/status"), "unverified");
}

// A call is on its way to the service when somebody changes the connector; what the service says of
// the old credentials or settings says nothing of the new ones.
TEST(Status, IsNotOfWhatWasReplacedMeanwhile) {
  struct Case {
    const char* call;
    bool old_key_is_good;
    json::object change;
  };
  const json::object new_key{{"credentials", json::object{{"api_key", "another-key-canary"}}},
                             {"validate", false}};
  const json::object new_settings{{"environment", json::object{{"berth", "quay"}}}};
  for (const Case& one : std::vector<Case>{{"/check", false, new_key},
                                           {"/check", true, new_key},
                                           {"/execute", false, new_key},
                                           {"/execute", true, new_key},
                                           {"/execute", true, new_settings}}) {
    SCOPED_TRACE(std::string(one.call) + (one.old_key_is_good ? " good " : " bad ") +
                 json::serialize(one.change));
    ApiUnderTest test;
    const std::string token = test.application_token(test.first);
    const std::string address =
        "/api/v1/integrations/connectors/" +
        test.call("POST", "/api/v1/integrations/connectors", token,
                  json::object{{"workspace_name", "acme"},
                               {"connector_type", "test-harbor"},
                               {"credentials", json::object{{"api_key", ApiUnderTest::good_key}}},
                               {"validate", false}})
            .string("/id");
    if (!one.old_key_is_good) test.upstream.refuse(ApiUnderTest::good_key);
    test.upstream.delay_ms = 200;
    auto running = boost::asio::co_spawn(
        test.workers.loop(0),
        test.api->handle(
            {.method = "POST",
             .target = address + one.call,
             .headers = {{"Authorization", "Bearer " + token}},
             .body = json::serialize(json::object{{"entity", "customers"}, {"action", "list"}}),
             .peer = "203.0.113.7"}),
        boost::asio::use_future);
    while (test.upstream.requests().empty()) std::this_thread::yield();
    ASSERT_EQ(test.call("PUT", address, token, one.change).status, 200);
    running.get();
    const Reply after = test.call("GET", address, token);
    EXPECT_EQ(after.string("/status"), "unverified") << after.text;
    EXPECT_TRUE(after.at("/status_reason").is_null()) << after.text;
  }
}

TEST(Admission, TurnsAwayWhatDoesNotFit) {
  platform::PlatformOptions options;
  options.limits.per_connector = 2;
  options.limits.wait = std::chrono::milliseconds(50);
  ApiUnderTest test(options);
  const std::string token = test.application_token(test.first);
  const std::string id = test.add_connector(token);
  test.upstream.hold();
  net::Request request{
      .method = "POST",
      .target = "/api/v1/integrations/connectors/" + id + "/execute",
      .headers = {{"Authorization", "Bearer " + token}},
      .body = json::serialize(json::object{{"entity", "customers"}, {"action", "list"}}),
      .peer = "203.0.113.7"};
  std::vector<std::future<net::Response>> running;
  for (std::size_t i = 0; i < 4; ++i)
    running.push_back(boost::asio::co_spawn(test.workers.loop(i % 2), test.api->handle(request),
                                            boost::asio::use_future));
  EXPECT_TRUE(eventually([&] {
    return std::ranges::count_if(running, [](const auto& one) {
             return one.wait_for(std::chrono::seconds(0)) == std::future_status::ready;
           }) == 2;
  })) << "two are turned away while two are served";
  test.upstream.release();
  std::multiset<int> statuses;
  for (auto& one : running) statuses.insert(one.get().status);
  EXPECT_EQ(statuses.count(200), 2u);
  EXPECT_EQ(statuses.count(429), 2u);
  EXPECT_EQ(test.platform->executor().admission().running(), 0u);
  test.run(test.platform->stop());  // writes what is left of the log
  const Reply log = test.call("GET", "/api/v1/tool-calls?status=failed", token);
  ASSERT_EQ(log.at("/data").as_array().size(), 2u) << "who was turned away is in the log too";
  EXPECT_EQ(log.string("/data/0/error_code"), "rate_limited");
}

TEST(Workspace, ThatIsInactiveExecutesNothing) {
  ApiUnderTest test;
  const std::string token = test.application_token(test.first);
  const std::string id = test.add_connector(token);
  const std::string scoped = test.scoped_token(test.first, "acme");
  const json::object command{{"entity", "customers"}, {"action", "list"}};
  EXPECT_EQ(test.execute(scoped, id, command).status, 200);
  const std::string workspace = test.call("GET", "/api/v1/workspaces", token).string("/data/0/id");
  EXPECT_EQ(test.call("PUT", "/api/v1/workspaces/" + workspace, token,
                      json::object{{"status", "inactive"}})
                .string("/status"),
            "inactive");
  const Reply refused = test.execute(token, id, command);
  EXPECT_EQ(refused.status, 403) << refused.text;
  EXPECT_EQ(refused.error_code(), "workspace_inactive");
  const std::string check = "/api/v1/integrations/connectors/" + id + "/check";
  EXPECT_EQ(test.call("POST", check, token).error_code(), "workspace_inactive");
  EXPECT_EQ(test.execute(scoped, id, command).status, 401);
  EXPECT_EQ(test.call("DELETE", "/api/v1/workspaces/" + workspace, token).status, 200);
  EXPECT_EQ(test.execute(token, id, command).status, 404);
}

}  // namespace
}  // namespace fairlead::api
