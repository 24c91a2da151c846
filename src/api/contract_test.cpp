// The router itself, and that table, contract and answers agree.
#include "support/api_under_test.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <set>
#include <thread>

namespace fairlead::api {
namespace {

using fairlead::testing::ApiUnderTest;
using fairlead::testing::Reply;
using ::testing::HasSubstr;

TEST(Contract, ListsTheRoutesOfTheTable) {
  std::set<std::string> documented, offered;
  for (const auto& item : ApiUnderTest::contract().document().at("paths").as_object())
    for (const auto& operation : item.value().as_object())
      if (operation.key() != "parameters")
        documented.insert(std::string(operation.key()) + ' ' + std::string(item.key()));
  for (const RouteInfo& route : Api::routes()) {
    if (!route.is_documented) continue;
    std::string method(route.method);
    for (char& c : method) c = static_cast<char>(std::tolower(c));
    offered.insert(method + ' ' + std::string(route.pattern));
  }
  EXPECT_EQ(documented, offered);
}

TEST(Contract, SaysWhichRoutesNeedNoToken) {
  for (const RouteInfo& route : Api::routes()) {
    if (!route.is_documented) continue;
    std::string method(route.method);
    for (char& c : method) c = static_cast<char>(std::tolower(c));
    const json::object& operation = ApiUnderTest::contract()
                                        .document()
                                        .at("paths")
                                        .as_object()
                                        .at(route.pattern)
                                        .as_object()
                                        .at(method)
                                        .as_object();
    EXPECT_EQ(operation.contains("security"), route.is_open) << route.pattern;
  }
}

TEST(Contract, ListsTheErrorCodes) {
  std::vector<std::string> documented;
  for (const json::value& code : ApiUnderTest::contract()
                                     .document()
                                     .at("components")
                                     .at("schemas")
                                     .at("ErrorCode")
                                     .at("enum")
                                     .as_array())
    documented.emplace_back(view(code.as_string()));
  const auto codes = error_codes();
  EXPECT_EQ(documented, std::vector<std::string>(codes.begin(), codes.end()));
}

class Router : public ::testing::Test {
 protected:
  ApiUnderTest test;
};

TEST_F(Router, AnswersWhatIsNotThereInTheSameShape) {
  const std::string token = test.application_token(test.first);
  EXPECT_EQ(test.call("GET", "/", "").status, 404);
  EXPECT_EQ(test.call("GET", "/api/v1", token).status, 404);
  EXPECT_EQ(test.call("GET", "/api/v1/workspaces/", token).status, 404);
  EXPECT_EQ(test.call("GET", "/api/v1/integrations/connectors/%ff", token).status, 404);
  EXPECT_EQ(test.call("GET", "/api/v1/integrations/connectors/a%00b", token).status, 404);
  const Reply wrong = test.call("PATCH", "/api/v1/workspaces", token);
  EXPECT_EQ(wrong.status, 405);
  EXPECT_EQ(wrong.error_code(), "method_not_allowed");
  EXPECT_EQ(*wrong.headers.find("Allow"), "GET, HEAD, POST");
  EXPECT_EQ(test.call("OPTIONS", "/api/v1/workspaces", "").status, 405);
  EXPECT_EQ(test.call("GET", "/api/v1/workspaces/stats", token).status, 200);
}

TEST_F(Router, TellsToComeBackOnlyWhereThatHelps) {
  struct Case {
    int status;
    const char* code;
    bool comes_back;
  };
  for (const Case& one : {Case{400, "malformed_request", false}, Case{408, "timed_out", false},
                          Case{413, "too_large", false}, Case{431, "too_large", false},
                          Case{503, "unavailable", true}, Case{505, "malformed_request", false}}) {
    const net::Response refused = test.api->refusal(one.status, "why");
    EXPECT_EQ(refused.status, one.status);
    EXPECT_THAT(refused.body, HasSubstr(one.code)) << one.status;
    EXPECT_EQ(refused.headers.find("Retry-After") != nullptr, one.comes_back) << one.status;
  }
}

TEST_F(Router, SetsTheHeadersOfAnApi) {
  const Reply reply = test.call("GET", "/healthz", "", {}, {{"X-Request-Id", "from-the-caller"}});
  EXPECT_EQ(*reply.headers.find("X-Request-Id"), "from-the-caller");
  EXPECT_EQ(*reply.headers.find("Cache-Control"), "no-store");
  EXPECT_EQ(*reply.headers.find("Content-Security-Policy"),
            "default-src 'none'; frame-ancestors 'none'");
  EXPECT_EQ(*reply.headers.find("X-Content-Type-Options"), "nosniff");
  EXPECT_EQ(reply.headers.find("Access-Control-Allow-Origin"), nullptr);
  const Reply other = test.call("GET", "/healthz", "", {}, {{"X-Request-Id", "bad id\""}});
  EXPECT_NE(*other.headers.find("X-Request-Id"), "bad id\"");
}

TEST_F(Router, ReadsBodiesStrictly) {
  const std::string token = test.application_token(test.first);
  const auto post = [&](std::string body, std::string type) {
    net::Request request{.method = "POST",
                         .target = "/api/v1/workspaces",
                         .headers = {{"Authorization", "Bearer " + token}},
                         .body = std::move(body),
                         .peer = {}};
    if (!type.empty()) request.headers.add("Content-Type", std::move(type));
    return test.send(std::move(request));
  };
  EXPECT_EQ(post(R"({"name":"a"})", "application/json; charset=utf-8").status, 200);
  EXPECT_EQ(post(R"({"name":"b"})", "").status, 200);
  EXPECT_EQ(post(R"(name=c)", "application/x-www-form-urlencoded").status, 415);
  EXPECT_EQ(post(R"({"name":""})", "").message(), "name must not be empty");
  for (const auto& [coding, status] : {std::pair("identity", 200), std::pair("gzip", 415)})
    EXPECT_EQ(test.call("POST", "/api/v1/workspaces", token, json::object{{"name", "coded"}},
                        {{"Content-Encoding", coding}})
                  .status,
              status);
  struct Case {
    std::string body;
    int status;
    const char* code;
  };
  std::string deep;
  for (int i = 0; i < 70; ++i) deep += "[";
  for (const Case& one :
       std::vector<Case>{{"", 400, "invalid_json"},
                         {"{", 400, "invalid_json"},
                         {"[1]", 400, "invalid_json"},
                         {R"({"name":"x","name":"y"})", 400, "invalid_json"},
                         {"{\"name\":\"\xff\"}", 400, "invalid_json"},
                         {R"({"name":)" + deep + "}", 400, "invalid_json"},
                         {R"({"name":")" + std::string(1u << 20, 'x') + "\"}", 413, "too_large"},
                         {R"({"name":"a\u0000b"})", 422, "invalid"},
                         {R"({"name":"a"})", 409, "workspace_exists"}}) {
    const Reply reply = post(one.body, "application/json");
    EXPECT_EQ(reply.status, one.status) << one.body.substr(0, 60) << ' ' << reply.text;
    EXPECT_EQ(reply.error_code(), one.code) << reply.text;
  }
}

TEST_F(Router, AsksForAToken) {
  for (const RouteInfo& route : Api::routes()) {
    if (route.is_open) continue;
    const Reply none = test.call(std::string(route.method), std::string(route.pattern), "");
    EXPECT_EQ(none.status, 401) << route.pattern;
    EXPECT_EQ(*none.headers.find("WWW-Authenticate"), "Bearer");
    for (const char* bad : {"x", "e30.e30.e30", "Bearer"})
      EXPECT_EQ(test.call(std::string(route.method), std::string(route.pattern), bad).status, 401);
  }
  const std::string token = test.application_token(test.first);
  for (const char* header : {"Basic abc", "Bearer", "bearer "})
    EXPECT_EQ(test.call("GET", "/api/v1/workspaces", "", {}, {{"Authorization", header}}).status,
              401);
  EXPECT_EQ(
      test.call("GET", "/api/v1/workspaces", "", {}, {{"Authorization", "bEARER " + token}}).status,
      200);
  EXPECT_EQ(
      test.call("GET", "/api/v1/workspaces", token, {}, {{"Authorization", "Bearer x"}}).status,
      401)
      << "two tokens";
}

TEST_F(Router, HoldsTheOrganizationHeaderToTheToken) {
  const std::string token = test.application_token(test.first);
  const auto get = [&](const std::string& organization) {
    return test.call("GET", "/api/v1/workspaces", token, {}, {{"X-Organization-Id", organization}});
  };
  EXPECT_EQ(get(test.first.organization.str()).status, 200);
  for (const std::string& other : {test.second.organization.str(), std::string("x")}) {
    EXPECT_EQ(get(other).status, 403);
    EXPECT_EQ(get(other).error_code(), "organization_mismatch");
  }
  const Reply exchange = test.call("POST", "/v1/applications/token", "",
                                   json::object{{"client_id", test.first.client.str()},
                                                {"client_secret", test.first.client_secret}},
                                   {{"X-Organization-Id", test.second.organization.str()}});
  EXPECT_EQ(exchange.status, 403);
}

TEST_F(Router, ExchangesClientSecretsOnly) {
  struct Case {
    json::value body;
    int status;
    const char* code;
  };
  const std::string id = test.first.client.str(), secret = test.first.client_secret;
  for (const Case& one : std::vector<Case>{
           {json::object{{"client_id", id}, {"client_secret", secret + "x"}}, 401,
            "invalid_client"},
           {json::object{{"client_id", test.second.client.str()}, {"client_secret", secret}}, 401,
            "invalid_client"},
           {json::object{{"client_id", "unknown"}, {"client_secret", secret}}, 401,
            "invalid_client"},
           {json::object{{"client_id", id}}, 422, "missing"},
           {json::object{{"client_id", 1}, {"client_secret", secret}}, 422, "wrong_type"},
           {json::object{{"client_id", id}, {"client_secret", 1}}, 422, "wrong_type"}}) {
    const Reply reply = test.call("POST", "/api/v1/account/applications/token", "", one.body);
    EXPECT_EQ(reply.status, one.status) << reply.text;
    EXPECT_EQ(reply.error_code(), one.code) << reply.text;
  }
  const std::string scoped = test.scoped_token(test.first, "acme");
  const Reply info = test.call("GET", "/api/v1/account/applications/scoped-token/info", scoped);
  EXPECT_EQ(info.string("/workspace_name"), "acme");
  EXPECT_EQ(test.call("GET", "/api/v1/embedded/scoped-token/info", scoped).status, 200);
  const std::string token = test.application_token(test.first);
  EXPECT_EQ(test.call("GET", "/api/v1/account/applications/scoped-token/info", token).status, 403);
  EXPECT_EQ(test.call("POST", "/api/v1/account/applications/widget-token", token,
                      json::object{{"workspace_name", "acme"}, {"allowed_origin", "http://evil"}})
                .error_field(),
            "allowed_origin");
  EXPECT_EQ(test.call("POST", "/api/v1/embedded/scoped-token", token,
                      json::object{{"customer_name", "acme"}})
                .status,
            200);
}

TEST_F(Router, GrantsClientCredentialsToForms) {
  const auto post = [&](const std::string& path, std::string form) {
    net::Request request{.method = "POST",
                         .target = path,
                         .headers = {{"Content-Type", "application/x-www-form-urlencoded"}},
                         .body = std::move(form),
                         .peer = {}};
    return test.send(std::move(request));
  };
  const std::string who = "&client_id=" + test.first.client.str(),
                    secret = "&client_secret=" + test.first.client_secret,
                    grant = "grant_type=client_credentials", path = "/v1/applications/token";
  const Reply granted = post(path, grant + who + secret);
  EXPECT_EQ(granted.status, 200) << granted.text;
  EXPECT_EQ(granted.string("/token_type"), "Bearer");
  EXPECT_EQ(test.call("GET", "/api/v1/workspaces", granted.string("/access_token")).status, 200);
  struct Case {
    std::string form;
    int status;
    const char* code;
  };
  for (const Case& one : std::vector<Case>{{grant + who + secret + "x", 401, "invalid_client"},
                                           {grant + who, 422, "missing"},
                                           {who + secret, 422, "missing"},
                                           {"grant_type=password" + who + secret, 422, "invalid"},
                                           {grant + who + secret + secret, 400, "invalid_form"},
                                           {grant + "&client_id=%zz" + secret, 400, "invalid_form"},
                                           {"&&=", 422, "missing"}}) {
    const Reply reply = post(path, one.form);
    EXPECT_EQ(reply.status, one.status) << one.form << reply.text;
    EXPECT_EQ(reply.error_code(), one.code) << one.form;
    EXPECT_EQ(reply.text.find(test.first.client_secret), std::string::npos);
  }
  EXPECT_EQ(post("/api/v1/account/applications/token", grant + who + secret).status, 415);
}

TEST_F(Router, TellsHealthAndKeys) {
  EXPECT_EQ(test.call("GET", "/healthz", "").status, 200);
  EXPECT_EQ(test.call("GET", "/readyz", "").status, 200);
  EXPECT_EQ(test.call("GET", "/.well-known/jwks.json", "").status, 200);
  EXPECT_EQ(test.call("GET", "/openapi.json", "").string("/openapi"), "3.1.0");
  const Reply page = test.call("GET", "/docs", "");
  EXPECT_THAT(page.text, HasSubstr("/api/v1/integrations/connectors/{id}/execute"));
  EXPECT_EQ(page.text.find("<script"), std::string::npos);
  test.api->begin_drain();
  EXPECT_EQ(test.call("GET", "/readyz", "").status, 503);
  EXPECT_EQ(test.call("GET", "/healthz", "").status, 200);
}

TEST_F(Router, ShowsMetricsToThisMachineOnly) {
  const std::string token = test.application_token(test.first);
  test.execute(token, test.add_connector(token),
               json::object{{"entity", "customers"}, {"action", "list"}});
  EXPECT_EQ(test.call("GET", "/metrics", "").status, 404);
  net::Request request{
      .method = "GET", .target = "/metrics", .headers = {}, .body = {}, .peer = "127.0.0.1"};
  const Reply metrics = test.send(request);
  ASSERT_EQ(metrics.status, 200);
  request.headers.add("X-Forwarded-For", "198.51.100.7");
  EXPECT_EQ(test.send(request).status, 404);

  std::set<std::string> names, expected;
  std::istringstream lines(metrics.text);
  for (std::string line; std::getline(lines, line);)
    if (line.starts_with("# TYPE ")) names.insert(line.substr(7));
  std::istringstream golden(fairlead::testing::source_text("src/api/testdata/metric_names.txt"));
  for (std::string line; std::getline(golden, line);) expected.insert(line);
  EXPECT_EQ(names, expected);
  EXPECT_THAT(metrics.text, HasSubstr(R"(fairlead_executes_total{result="succeeded"} 1)"));
}

TEST_F(Router, PutsTheExactNameFirstAndPagesTheRest) {
  const std::string token = test.application_token(test.first);
  for (int i = 0; i < 5; ++i)
    EXPECT_EQ(test.call("POST", "/api/v1/workspaces", token,
                        json::object{
                            {"name", "a" + std::string(static_cast<std::size_t>(i), 'b') + "acme"}})
                  .status,
              200);
  EXPECT_EQ(test.call("POST", "/api/v1/workspaces", token, json::object{{"name", "acme"}}).status,
            200);
  const Reply page = test.call("GET", "/api/v1/workspaces?name_contains=acme&limit=4", token);
  EXPECT_EQ(page.string("/data/0/name"), "acme");
  const std::string next = page.string("/next");
  EXPECT_TRUE(next.starts_with("/api/v1/workspaces?"));
  EXPECT_EQ(test.call("GET", next, token).at("/data").as_array().size(), 2u);
  EXPECT_EQ(test.call("GET", "/api/v1/workspaces?cursor=x", token).status, 400);
  EXPECT_EQ(test.call("GET", "/api/v1/workspaces?limit=1000", token).status, 422);
  EXPECT_EQ(test.call("GET", "/api/v1/workspaces?status=odd", token).status, 422);
  EXPECT_EQ(test.call("GET", "/api/v1/workspaces?name_contains=%zz", token).status, 422);
  const std::string id = page.string("/data/0/id");
  const std::string address = "/api/v1/workspaces/" + id;
  EXPECT_EQ(
      test.call("PUT", address, token, json::object{{"cache_enabled", true}}).at("/cache_enabled"),
      true);
  EXPECT_TRUE(test.call("PUT", address, token, json::object{{"cache_enabled", nullptr}})
                  .at("/cache_enabled")
                  .is_null());
  EXPECT_EQ(test.call("PUT", address, token, json::object{{"name", "aacme"}}).error_code(),
            "workspace_exists");
  EXPECT_EQ(test.call("PUT", address, token, json::object{{"status", "gone"}}).status, 422);
  EXPECT_EQ(test.call("GET", "/api/v1/workspaces/x", token).status, 422);
}

/// An installation that nobody has claimed yet.
class FirstStart : public ::testing::Test {
 protected:
  FirstStart() {
    test.run(test.database->write([](store::Connection& c) { c.execute("DELETE FROM claim"); }));
  }

  std::string setup_code() {
    return std::string(test.run(test.access->setup().create_code()).value().reveal());
  }
  static json::object command(const std::string& code) {
    return {{"code", code},
            {"organization_name", "New"},
            {"admin_email", "new@example.com"},
            {"admin_password", "four random words here"}};
  }
  Reply claim(const json::object& body, net::Headers headers = {}) {
    return test.call("POST", "/api/v1/setup", "", body, std::move(headers));
  }

  ApiUnderTest test;
};

TEST_F(FirstStart, NothingElseAnswersBeforeIt) {
  for (const RouteInfo& route : Api::routes()) {
    const Reply reply = test.call(std::string(route.method), std::string(route.pattern), "");
    if (route.is_health)
      EXPECT_NE(reply.status, 503) << route.pattern;
    else if (!route.is_ceremony)
      EXPECT_EQ(reply.error_code(), "setup_required") << route.pattern;
  }
  EXPECT_EQ(test.call("GET", "/setup", "").status, 200);
  EXPECT_EQ(test.call("GET", "/recover", "").status, 404);
  EXPECT_EQ(test.call("POST", "/api/v1/recover", "", json::object{}).status, 404);
}

TEST_F(FirstStart, ItsPageRunsItsOwnScriptOnly) {
  const Reply page = test.call("GET", "/setup", "");
  EXPECT_EQ(*page.headers.find("Content-Type"), "text/html; charset=utf-8");
  const std::string& policy = *page.headers.find("Content-Security-Policy");
  EXPECT_THAT(policy, HasSubstr("default-src 'none'"));
  EXPECT_THAT(policy, HasSubstr("script-src 'sha256-"));
  EXPECT_EQ(policy.find("unsafe"), std::string::npos);
  EXPECT_EQ(page.text.find("@style@"), std::string::npos);
  EXPECT_EQ(page.text.find("http://"), std::string::npos) << "nothing from elsewhere";
  EXPECT_EQ(page.text.find("https://"), std::string::npos);
}

TEST_F(FirstStart, WhoHasTheCodeClaimsAndTheAddressIsGone) {
  const std::string code = setup_code();
  struct Case {
    const char* member;
    json::value value;
    int status;
    const char *error_code, *field;
  };
  for (const Case& one :
       std::vector<Case>{{"code", nullptr, 422, "missing", "code"},
                         {"code", 1, 422, "wrong_type", "code"},
                         {"code", "guess", 403, "code_rejected", ""},
                         {"admin_email", "nobody", 422, "invalid", "admin_email"},
                         {"admin_email", nullptr, 422, "missing", "admin_email"},
                         {"admin_password", "short", 422, "invalid", "admin_password"},
                         {"organization_name", "", 422, "missing", "organization_name"}}) {
    json::object body = command(code);
    body[one.member] = one.value;
    const Reply reply = claim(body);
    EXPECT_EQ(reply.status, one.status) << reply.text;
    EXPECT_EQ(reply.error_code(), one.error_code) << reply.text;
    EXPECT_EQ(reply.error_field(), one.field) << reply.text;
  }
  EXPECT_EQ(claim(command(code), {{"Sec-Fetch-Site", "cross-site"}}).status, 403);

  const Reply made = claim(command(code), {{"Sec-Fetch-Site", "same-origin"}});
  ASSERT_EQ(made.status, 200) << made.text;
  const Reply token = test.call("POST", "/api/v1/account/applications/token", "",
                                json::object{{"client_id", made.string("/client_id")},
                                             {"client_secret", made.string("/client_secret")}});
  EXPECT_EQ(token.string("/organization_id"), made.string("/organization_id"));

  const std::string nothing = test.call("GET", "/nothing", "").text;
  EXPECT_EQ(claim(command(code)).text, nothing);
  for (const char* verb : {"GET", "POST", "DELETE", "OPTIONS"})
    for (const char* address : {"/setup", "/api/v1/setup"})
      EXPECT_EQ(test.call(verb, address, "").text, nothing) << verb << ' ' << address;
}

TEST_F(FirstStart, OfParallelClaimsOneWins) {
  const std::string code = setup_code();
  std::atomic<int> won{0}, lost{0};
  std::vector<std::thread> threads;
  for (int i = 0; i < 8; ++i)
    threads.emplace_back([&] { ++(claim(command(code)).status == 200 ? won : lost); });
  for (auto& thread : threads) thread.join();
  EXPECT_EQ(won, 1);
  EXPECT_EQ(lost, 7);
}

TEST_F(Router, LetsALostAdminBackIn) {
  EXPECT_EQ(test.call("GET", "/recover", "").status, 404);
  const auto recovery = test.run(test.access->setup().start_recovery("ada@example.com")).value();
  const std::string code(recovery.code.reveal());
  EXPECT_EQ(test.call("GET", "/recover", "").status, 200);
  const auto recover = [&](std::string password) {
    return test.call("POST", "/api/v1/recover", "",
                     json::object{{"code", code}, {"admin_password", std::move(password)}});
  };
  EXPECT_EQ(recover("short").error_field(), "admin_password");
  EXPECT_EQ(test.call("POST", "/api/v1/recover", "", json::object{{"code", code}}).error_code(),
            "missing");
  const Reply back = recover("other random words here");
  ASSERT_EQ(back.status, 200) << back.text;
  EXPECT_EQ(back.string("/admin_email"), "ada@example.com");
  EXPECT_EQ(back.string("/organization_id"), test.first.organization.str());
  EXPECT_EQ(recover("other random words here").status, 404);
  EXPECT_EQ(test.call("GET", "/recover", "").status, 404);
}

}  // namespace
}  // namespace fairlead::api
