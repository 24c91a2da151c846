// Two organizations that look the same: every route with every foreign id and every kind of token.
#include "support/api_under_test.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace fairlead::api {
namespace {

using fairlead::testing::ApiUnderTest;
using fairlead::testing::Reply;
using fairlead::testing::Tenant;

/// Everything of one organization that has an id.
struct Property {
  Tenant tenant;
  std::string organization, application;
  struct Workspace {
    std::string id, name, scoped, widget, connector, job;
  };
  std::vector<Workspace> workspaces;
};

Property fill(ApiUnderTest& test, const Tenant& tenant) {
  Property property{.tenant = tenant, .organization = tenant.organization.str()};
  property.application = test.application_token(tenant);
  // The same names in both organizations.
  for (const char* name : {"north", "south"}) {
    Property::Workspace workspace{.name = name};
    workspace.scoped = test.scoped_token(tenant, name);
    workspace.widget = test.widget_token(tenant, name);
    workspace.id =
        test.call("GET", "/api/v1/account/applications/scoped-token/info", workspace.scoped)
            .string("/workspace_id");
    workspace.connector = test.add_connector(property.application, name);
    const std::string gone = test.add_connector(property.application, name);
    workspace.job =
        test.call("DELETE", "/api/v1/integrations/connectors/" + gone, property.application)
            .string("/job_id");
    property.workspaces.push_back(std::move(workspace));
  }
  return property;
}

/// Ids that exist for nobody.
Property::Workspace nowhere() {
  return {.id = random_uuid(),
          .name = "nowhere",
          .scoped = {},
          .widget = {},
          .connector = random_uuid(),
          .job = random_uuid()};
}

std::string replaced(std::string text, std::string_view hole, std::string_view value) {
  const std::size_t at = text.find(hole);
  return at == std::string::npos ? text : text.replace(at, hole.size(), value);
}

struct Attempt {
  std::string method, target;
  std::optional<json::value> body;
};

/// Requests of a route that name things of `victim`, in the path, the query and the body.
std::vector<Attempt> attempts(const RouteInfo& route, const std::string& organization,
                              const Property::Workspace& victim) {
  const std::string pattern(route.pattern), method(route.method);
  std::string path = replaced(pattern, "{organization_id}", organization);
  path = replaced(path, "{workspace_id}", victim.id);
  path = replaced(path, "{id}",
                  path.find("/jobs/") != std::string::npos ? victim.job : victim.connector);
  const json::object execute{{"entity", "customers"}, {"action", "list"}};
  std::vector<Attempt> found;
  if (pattern.ends_with("/execute") || pattern.ends_with("/prepare")) {
    found.push_back({method, path, execute});
    json::object plan = execute;
    plan["dry_run"] = true;
    found.push_back({method, path, plan});
    found.push_back({method, path, json::object{{"entity", ""}, {"action", "describe"}}});
  } else if (pattern == "/api/v1/execute/batch") {
    json::object one = execute;
    one["connector_id"] = victim.connector;
    found.push_back({method, path, json::object{{"calls", json::array{one}}}});
  } else if (pattern == "/api/v1/skills/docs") {
    found.push_back({method, path + "?id=connector-source:" + victim.connector, {}});
  } else if (pattern == "/api/v1/skills/search") {
    found.push_back({method, path + "?query=" + victim.connector, {}});
    found.push_back({method, path + "?query=Harbor&workspace_id=" + victim.id, {}});
  } else if (pattern == "/api/v1/integrations/connectors" && method == "GET") {
    found.push_back({method, path + "?workspace_id=" + victim.id, {}});
  } else if (pattern == "/api/v1/skills" || pattern == "/api/v1/tool-calls") {
    found.push_back({method, path + "?workspace_id=" + victim.id, {}});
    found.push_back({method, path + "?connector_id=" + victim.connector, {}});
    found.push_back({method, path + "?organization_id=" + organization, {}});
  } else if (path != pattern) {
    std::optional<json::value> body;
    if (method == "PUT") body = json::object{{"name", "taken over"}};
    if (method == "POST") body = json::object();
    found.push_back({method, path, std::move(body)});
  }
  return found;
}

class Tenants : public ::testing::Test {
 protected:
  ApiUnderTest& test() { return test_; }

 private:
  ApiUnderTest test_;

 protected:
  const Property first = fill(test_, test_.first), second = fill(test_, test_.second);
};

/// Whether an answer shows anything of the victim, or did anything to it.
bool is_breach(const Reply& reply, const Property::Workspace& victim) {
  if (reply.text.find(victim.connector) != std::string::npos) return true;
  if (reply.text.find(victim.id) != std::string::npos) return true;
  if (reply.status >= 300) return false;
  // A list may be answered with what is the caller's own, and a batch with refusals.
  const json::object& body = reply.body.as_object();
  if (body.contains("data")) return false;
  if (const json::value* results = body.if_contains("results"))
    return results->as_array().front().at("status") == "success";
  return true;
}

TEST_F(Tenants, ReachNothingOfEachOther) {
  std::size_t tried = 0;
  const std::size_t asked_before = test().upstream.requests().size();
  for (const auto& [mine, theirs] : {std::pair(&first, &second), std::pair(&second, &first)})
    for (const auto& victim : theirs->workspaces) {
      std::vector<std::string> tokens{mine->application};
      for (const auto& workspace : mine->workspaces) {
        tokens.push_back(workspace.scoped);
        tokens.push_back(workspace.widget);
      }
      // Other workspaces of one organization are as foreign to its own scoped tokens.
      for (const auto& workspace : theirs->workspaces)
        if (workspace.id != victim.id) {
          tokens.push_back(workspace.scoped);
          tokens.push_back(workspace.widget);
        }
      for (const RouteInfo& route : Api::routes()) {
        if (route.is_open) continue;
        for (const Attempt& attempt : attempts(route, theirs->organization, victim))
          for (const std::string& token : tokens)
            for (const net::Headers& headers :
                 {net::Headers{}, net::Headers{{"Origin", "https://app.example.com"}},
                  net::Headers{{"X-Organization-Id", theirs->organization}}}) {
              const Reply reply =
                  test().call(attempt.method, attempt.target, token, attempt.body, headers);
              EXPECT_FALSE(is_breach(reply, victim))
                  << attempt.method << ' ' << attempt.target << " -> " << reply.status << ' '
                  << reply.text.substr(0, 300);
              ++tried;
            }
      }
    }
  EXPECT_GE(tried, 2'000u);
  RecordProperty("calls", static_cast<int>(tried));
  EXPECT_EQ(test().upstream.requests().size(), asked_before)
      << "a foreign call reached the service";
  // Nothing of the victims changed.
  for (const Property* property : {&first, &second})
    for (const auto& workspace : property->workspaces) {
      const Reply reply = test().call(
          "GET", "/api/v1/integrations/connectors/" + workspace.connector, workspace.scoped);
      EXPECT_EQ(reply.string("/name"), "Test Harbor - " + workspace.name);
    }
}

TEST_F(Tenants, CannotTellForeignFromMissing) {
  const Property::Workspace missing = nowhere();
  for (const RouteInfo& route : Api::routes()) {
    if (route.is_open) continue;
    // A whole organization that is not the token's is not found as well.
    const auto foreign = attempts(route, second.organization, second.workspaces[0]);
    const auto absent = attempts(route, random_uuid(), missing);
    for (std::size_t i = 0; i < foreign.size(); ++i)
      for (const std::string& token : {first.application, first.workspaces[0].scoped}) {
        const Reply one = test().call(foreign[i].method, foreign[i].target, token, foreign[i].body);
        const Reply other = test().call(absent[i].method, absent[i].target, token, absent[i].body);
        EXPECT_EQ(one.status, other.status) << foreign[i].target;
        EXPECT_EQ(one.text, other.text) << foreign[i].target;
      }
  }
}

TEST_F(Tenants, TokensDoWhatTheirKindMay) {
  const auto& workspace = first.workspaces[0];
  const std::string& scoped = workspace.scoped;
  const std::string address = "/api/v1/integrations/connectors/" + workspace.connector;
  const json::object execute{{"entity", "customers"}, {"action", "list"}};
  const net::Headers page{{"Origin", "https://app.example.com"}};
  struct Case {
    const char* method;
    std::string target;
    std::optional<json::value> body;
    int application, scoped, widget;
  };
  const std::vector<Case> cases = {
      {"POST", "/api/v1/account/applications/scoped-token",
       json::object{{"workspace_name", "north"}}, 200, 403, 403},
      {"GET", "/api/v1/workspaces", {}, 200, 403, 403},
      {"GET", "/api/v1/workspaces/stats", {}, 200, 403, 403},
      {"GET", "/api/v1/workspaces/" + workspace.id, {}, 200, 200, 403},
      {"GET", "/api/v1/organizations", {}, 200, 200, 403},
      {"GET",
       "/api/v1/organizations/" + test().first.organization.str() + "/credentials",
       {},
       200,
       200,
       403},
      {"GET", "/api/v1/integrations/definitions/sources", {}, 200, 200, 200},
      {"GET", "/api/v1/integrations/connectors?workspace_name=north", {}, 200, 200, 200},
      {"GET", "/api/v1/integrations/connectors?workspace_name=south", {}, 200, 404, 404},
      {"GET", address, {}, 200, 200, 403},
      {"GET", address + "/inspect", {}, 200, 200, 403},
      {"POST", address + "/execute", execute, 200, 200, 403},
      {"POST", address + "/check", json::object(), 200, 200, 200},
      {"GET", "/api/v1/skills", {}, 200, 200, 403},
      {"GET", "/api/v1/tool-calls", {}, 200, 200, 403},
      {"PUT", address, json::object{{"name", "Test Harbor - north"}}, 200, 200, 200},
      {"PUT", "/api/v1/workspaces/" + workspace.id, json::object{{"status", "active"}}, 200, 403,
       403},
  };
  for (const Case& one : cases) {
    SCOPED_TRACE(one.method + (" " + one.target));
    EXPECT_EQ(test().call(one.method, one.target, first.application, one.body).status,
              one.application);
    EXPECT_EQ(test().call(one.method, one.target, scoped, one.body).status, one.scoped);
    EXPECT_EQ(test().call(one.method, one.target, workspace.widget, one.body, page).status,
              one.widget);
    const int elsewhere = test()
                              .call(one.method, one.target, workspace.widget, one.body,
                                    {{"Origin", "https://evil.example"}})
                              .status;
    EXPECT_EQ(elsewhere, 403);
  }
  json::object added{{"connector_type", "test-harbor"},
                     {"credentials", json::object{{"api_key", ApiUnderTest::good_key}}}};
  const Reply own = test().call("POST", "/api/v1/integrations/connectors", scoped, added);
  EXPECT_EQ(own.string("/workspace_name"), "north")
      << "a scoped token needs not name its workspace";
  added["workspace_name"] = "south";
  EXPECT_EQ(test().call("POST", "/api/v1/integrations/connectors", scoped, added).status, 404);
}

}  // namespace
}  // namespace fairlead::api
