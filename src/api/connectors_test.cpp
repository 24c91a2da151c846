// Connectors over REST: creating, listing, changing, trying, deleting; and skills about them.
#include "support/api_under_test.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace fairlead::api {
namespace {

using fairlead::testing::ApiUnderTest;
using fairlead::testing::Reply;
using ::testing::HasSubstr;
using ::testing::Not;

const std::string connectors = "/api/v1/integrations/connectors";
const std::string harbor_id = "0f7f3f0e-6f57-4a52-8f7e-5a5f3f4c1a01";

class Connectors : public ::testing::Test {
 protected:
  void SetUp() override { token = test.application_token(test.first); }

  json::object good() const {
    return {{"workspace_name", "acme"},
            {"connector_type", "test-harbor"},
            {"credentials", json::object{{"api_key", ApiUnderTest::good_key}}}};
  }
  Reply create(json::object body, net::Headers headers = {}) {
    return test.call("POST", connectors, token, std::move(body), std::move(headers));
  }
  std::size_t count() { return test.call("GET", connectors, token).at("/data").as_array().size(); }

  ApiUnderTest test;
  std::string token;
};

TEST_F(Connectors, TakeEverySpellingOfTheService) {
  for (const auto& [member, value] : std::initializer_list<std::pair<const char*, std::string>>{
           {"definition_id", harbor_id},
           {"connector_type", "Test Harbor"},
           {"connector_type", "TEST_harbor"},
           {"source_template_id", harbor_id}}) {
    json::object body = good();
    body.erase("connector_type");
    body[member] = value;
    const Reply reply = create(body);
    EXPECT_EQ(reply.status, 200) << member << ' ' << reply.text;
    EXPECT_EQ(reply.string("/source_template/source_definition_id"), harbor_id);
  }
}

TEST_F(Connectors, AreMadeTogetherWithTheirWorkspace) {
  json::object body = good();
  body["workspace_name"] = "brand new";
  body["name"] = "Ours";
  // What the published guides send beside the key.
  body["credentials"].as_object()["option_title"] = "API key";
  const Reply made = create(body);
  ASSERT_EQ(made.status, 200) << made.text;
  EXPECT_EQ(made.string("/name"), "Ours");
  EXPECT_EQ(made.string("/workspace_name"), "brand new");
  EXPECT_EQ(test.call("GET", connectors + "?workspace_name=brand+new", token)
                .at("/data")
                .as_array()
                .size(),
            1u);
  EXPECT_EQ(test.call("GET", connectors + "?customer_name=brand+new", token).status, 200);
  const Reply unknown = test.call("GET", connectors + "?workspace_name=brnad+new", token);
  EXPECT_EQ(unknown.status, 404);
  EXPECT_THAT(unknown.message(), HasSubstr("did you mean 'brand new'?"));
  const std::string scoped = test.scoped_token(test.first, "other");
  const Reply out_of_reach = test.call("GET", connectors + "?workspace_name=brnad+new", scoped);
  EXPECT_EQ(out_of_reach.status, 404);
  EXPECT_THAT(out_of_reach.text, Not(HasSubstr("brand")));
}

TEST_F(Connectors, AreNotMadeFromBadInput) {
  const auto with = [this](const char* member, json::value value) {
    json::object body = good();
    body[member] = std::move(value);
    return body;
  };
  const auto without = [this](const char* member) {
    json::object body = good();
    body.erase(member);
    return body;
  };
  struct Case {
    const char* what;
    json::object body;
    int status;
    const char* field;
    const char* code;
    const char* message;
  };
  const std::vector<Case> cases = {
      {"no service", without("connector_type"), 422, "body", "value_error",
       "One of connector_type, definition_id, or source_template_id must be provided"},
      {"two services", with("definition_id", json::value(harbor_id)), 422, "body", "value_error",
       "Only one"},
      {"unknown service", with("connector_type", "test-harbr"), 404, "connector_type", "not_found",
       "'test-harbor'"},
      {"no workspace", without("workspace_name"), 422, "workspace_name", "missing", "workspace"},
      {"workspace of another type", with("workspace_name", 7), 422, "workspace_name", "wrong_type",
       "text"},
      {"empty workspace", with("workspace_name", ""), 422, "workspace_name", "invalid", ""},
      {"no credentials", without("credentials"), 400, "credentials", "credentials_mismatch",
       "harborKey (api_key)"},
      {"empty key", with("credentials", json::object{{"api_key", ""}}), 400, "credentials",
       "credentials_mismatch", "Provided keys: []"},
      {"mistyped field", with("credentials", json::object{{"api_kye", "x"}}), 400, "credentials",
       "credentials_mismatch", "did you mean 'api_key'"},
      {"incomplete OAuth", with("credentials", json::object{{"client_id", "x"}}), 400,
       "credentials", "credentials_mismatch", "Provided keys: [client_id]"},
      {"fields of two schemes",
       with("credentials", json::object{{"api_key", "x"},
                                        {"client_id", "x"},
                                        {"client_secret", "x"},
                                        {"refresh_token", "x"}}),
       400, "auth_scheme", "credentials_mismatch",
       "Credentials match several auth schemes: harborKey (api_key), harborOAuth (client_id, "
       "client_secret, refresh_token). Give the fields of one, or its name as auth_scheme."},
      {"field of another type", with("credentials", json::object{{"api_key", json::array{}}}), 422,
       "credentials.api_key", "wrong_type", "text"},
      {"credentials of another type", with("credentials", "secret"), 422, "credentials",
       "wrong_type", "object"},
      {"key of two lines", with("credentials", json::object{{"api_key", "wrong-canary\n"}}), 422,
       "credentials.api_key", "invalid", "one line"},
      {"refused key", with("credentials", json::object{{"api_key", "wrong-canary"}}), 400,
       "credentials", "credentials_rejected", "refused"},
      {"unknown setting", with("environment", json::object{{"regoin", "eu"}}), 422,
       "environment.regoin", "unknown_parameter", "'region'"},
      {"setting that would change the host",
       with("environment", json::object{{"region", "x.evil.example/"}}), 422, "environment.region",
       "invalid", ""},
      {"unknown entity", with("entities", json::array{json::object{{"entity", "custmers"}}}), 422,
       "entities.0.entity", "unknown_entity", "customers"},
      {"entity like no other", with("entities", json::array{json::object{{"entity", "zorkmid"}}}),
       422, "entities.0.entity", "unknown_entity", "the service has customers"},
      {"mistyped settings", with("enviroment", json::object{{"region", "eu"}}), 422, "enviroment",
       "unknown_parameter", "did you mean 'environment'?"},
      {"tags of another type", with("selected_connection_template_tags", 5), 422,
       "selected_connection_template_tags", "wrong_type", "list"},
      {"unknown way to match tags", with("selected_connection_template_tags_mode", "some"), 422,
       "selected_connection_template_tags_mode", "not_allowed_value", "all, any"},
      {"entities of another shape", with("entities", json::array{"customers"}), 422, "entities.0",
       "wrong_type", "modes"},
      {"modes of another shape",
       with("entities",
            json::array{json::object{{"entity", "customers"}, {"modes", json::array{"fly"}}}}),
       422, "entities.0", "wrong_type", "modes"},
      {"long name", with("name", json::value(std::string(256, 'n'))), 422, "name", "too_long",
       "255"},
      {"blank name", with("name", "  "), 422, "name", "invalid", "empty"},
      {"name of two lines", with("name", "a\nb"), 422, "name", "invalid", "one line"},
      {"stored secret of theirs", with("server_side_oauth_secret_id", "x"), 422,
       "server_side_oauth_secret_id", "not_allowed_value", "credentials"},
  };
  test.secrets.push_back("wrong-canary");
  for (const Case& one : cases) {
    SCOPED_TRACE(one.what);
    const Reply reply = create(one.body);
    EXPECT_EQ(reply.status, one.status) << reply.text;
    EXPECT_EQ(reply.error_field(), one.field) << reply.text;
    EXPECT_EQ(reply.error_code(), one.code) << reply.text;
    EXPECT_THAT(reply.message(), HasSubstr(one.message));
    const std::string words = "Credentials do not match any auth scheme";
    EXPECT_EQ(reply.message().find(words), reply.message().rfind(words)) << "said twice";
  }
  EXPECT_EQ(count(), 0u);
  EXPECT_EQ(test.call("GET", "/api/v1/workspaces/stats", token).at("/total_count"), 0)
      << "what is refused leaves no workspace behind";
}

TEST_F(Connectors, AreStoredUnverifiedWhenTheServiceIsAway) {
  test.upstream.forced_status = 404;  // says nothing about the key, and is not tried again
  const Reply made = create(good());
  ASSERT_EQ(made.status, 200) << made.text;
  EXPECT_EQ(made.string("/status"), "unverified");
  test.upstream.forced_status = 0;
  const std::string address = connectors + "/" + made.string("/id");
  const Reply checked = test.call("POST", address + "/check", token);
  EXPECT_EQ(checked.string("/status"), "succeeded");
  EXPECT_EQ(test.call("GET", address, token).string("/status"), "ready");
}

TEST_F(Connectors, AreNotTriedWhenTheCallerSaysSo) {
  json::object body = good();
  body["validate"] = false;
  body["credentials"] = json::object{{"api_key", "untried-canary"}};
  test.secrets.push_back("untried-canary");
  const Reply made = create(body);
  ASSERT_EQ(made.status, 200) << made.text;
  EXPECT_EQ(made.string("/status"), "unverified");
  EXPECT_TRUE(test.upstream.requests().empty());
  const Reply checked =
      test.call("POST", connectors + "/" + made.string("/id") + "/check", token, json::object());
  EXPECT_EQ(checked.string("/status"), "failed");
  EXPECT_EQ(checked.at("/failure_reason/retryable"), false);
}

TEST_F(Connectors, CanBeTriedWithoutBeingStored) {
  EXPECT_EQ(test.call("POST", connectors + "/check", token, good()).string("/status"), "succeeded");
  json::object body = good();
  body["credentials"] = json::object{{"api_key", "wrong"}};
  const Reply failed = test.call("POST", connectors + "/check", token, body);
  EXPECT_EQ(failed.status, 200);
  EXPECT_EQ(failed.string("/status"), "failed");
  EXPECT_EQ(failed.at("/entity_check_results/0/status_code"), 401);
  EXPECT_EQ(count(), 0u);
}

TEST_F(Connectors, KeepSecretsOutOfSettings) {
  json::object body = good();
  body["replication_config"] =
      json::object{{"start_date", "2026-01-01T00:00:00Z"}, {"api_key", ApiUnderTest::good_key}};
  body.erase("credentials");
  const Reply made = create(body);
  ASSERT_EQ(made.status, 200) << made.text;
  EXPECT_EQ(made.at("/replication_config"), (json::object{{"start_date", "2026-01-01T00:00:00Z"}}));
  EXPECT_EQ(made.string("/status"), "ready");
  // Nothing that is kept shows it either.
  EXPECT_THAT(fairlead::testing::text_of_file(test.folder.file("core.db")),
              Not(HasSubstr(ApiUnderTest::good_key)));
  EXPECT_THAT(fairlead::testing::text_of_file(test.folder.file("core.db-wal")),
              Not(HasSubstr(ApiUnderTest::good_key)));
}

TEST_F(Connectors, KeepNestedSecretsOutOfSettings) {
  const json::object key{{"api_key", ApiUnderTest::good_key}, {"option_title", "API key"}};
  for (const json::object& nested : {json::object{{"credentials", key}},
                                     json::object{{"a", json::array{json::object{{"b", key}}}}}}) {
    json::object body = good();
    body.erase("credentials");
    body["replication_config"] = nested;
    const Reply made = create(body);
    ASSERT_EQ(made.status, 200) << made.text;
    EXPECT_EQ(made.string("/status"), "ready");
    const Reply changed = test.call("PUT", connectors + "/" + made.string("/id"), token,
                                    json::object{{"replication_config", nested}});
    EXPECT_EQ(changed.status, 200) << changed.text;
  }
  test.secrets.push_back("stray-canary");
  const json::object stray{{"credentials", json::object{{"password", "stray-canary"}}}};
  for (const char* member : {"environment", "replication_config"}) {
    for (const json::object& settings : {stray, json::object{{"deep", json::array{stray}}}}) {
      json::object body = good();
      body[member] = settings;
      const Reply refused = create(body);
      EXPECT_EQ(refused.status, 422) << refused.text;
      EXPECT_EQ(refused.error_field(), std::string(member) + ".credentials");
    }
  }
}

TEST_F(Connectors, ThatMayNotBeReachedAreNotCheckedAgain) {
  const auto check = [&](const Reply& checked, const char* status, const char* type, bool again) {
    ASSERT_EQ(checked.status, 200) << checked.text;
    EXPECT_EQ(checked.string("/status"), status);
    EXPECT_EQ(checked.string("/failure_reason/failure_type"), type);
    EXPECT_EQ(checked.at("/failure_reason/retryable"), again);
  };
  test.upstream.forced_status = 503;
  check(test.call("POST", connectors + "/check", token, good()), "inconclusive", "transient_error",
        true);
  test.upstream.forced_status = 0;
  const std::string id = test.add_connector(token);

  test.run(test.platform->stop());
  test.api.reset();
  test.platform = std::make_unique<platform::Platform>(
      platform::Services{.database = *test.database,
                         .vault = *test.vault,
                         .access = *test.access,
                         .catalogue = test.catalogue,
                         .engine = test.engine,
                         .clock = test.clock,
                         .connect_to = net::Endpoint{"192.0.2.1", 443}},  // never allowed
      test.workers.loop(0).get_executor());
  test.api = std::make_unique<Api>(*test.platform, *test.access,
                                   Options{.public_url = ApiUnderTest::public_url});
  check(test.call("POST", connectors + "/check", token, good()), "failed", "config_error", false);
  check(test.call("POST", connectors + "/" + id + "/check", token), "failed", "config_error",
        false);
  EXPECT_EQ(test.call("GET", connectors + "/" + id, token).string("/status"), "degraded");
  EXPECT_EQ(test.call("POST", connectors, token, good()).string("/status"), "unverified")
      << "nothing is said of the credentials";
}

TEST_F(Connectors, AreMadeOnceForOneKey) {
  const net::Headers key{{"Idempotency-Key", "first-connector"}};
  const Reply first = create(good(), key);
  ASSERT_EQ(first.status, 200) << first.text;
  EXPECT_EQ(create(good(), key).string("/id"), first.string("/id"));
  EXPECT_EQ(count(), 1u);
  json::object other = good();
  other["name"] = "Other";
  EXPECT_EQ(create(other, key).error_code(), "idempotency_key_reused");
  EXPECT_EQ(create(good(), {{"Idempotency-Key", ""}}).status, 422);

  // A page that makes connectors sees the one it made again.
  const std::string widget = test.widget_token(test.first, "acme");
  const net::Headers from_page{{"Idempotency-Key", "from-a-page"},
                               {"Origin", "https://app.example.com"}};
  const Reply made = test.call("POST", connectors, widget, good(), from_page);
  ASSERT_EQ(made.status, 200) << made.text;
  const Reply again = test.call("POST", connectors, widget, good(), from_page);
  ASSERT_EQ(again.status, 200) << again.text;
  EXPECT_EQ(again.string("/id"), made.string("/id"));
  EXPECT_EQ(made.headers.find("Idempotent-Replayed"), nullptr);
  EXPECT_NE(again.headers.find("Idempotent-Replayed"), nullptr);
}

TEST_F(Connectors, ChangeWhatIsGivenAndKeepTheRest) {
  json::object body = good();
  body["environment"] = json::object{{"region", "us"}};
  body["entities"] =
      json::array{json::object{{"entity", "customers"}, {"modes", json::array{"read"}}}};
  const std::string address = connectors + "/" + create(body).string("/id");

  const Reply renamed = test.call("PUT", address, token, json::object{{"name", "Renamed"}});
  EXPECT_EQ(renamed.string("/name"), "Renamed");
  EXPECT_EQ(renamed.string("/environment/region"), "us");
  EXPECT_EQ(renamed.at("/entities").as_array().size(), 1u);
  const Reply cleared = test.call("PUT", address, token, json::object{{"entities", json::array{}}});
  EXPECT_TRUE(cleared.at("/entities").is_null());
  EXPECT_EQ(test.upstream.requests().back().headers.find("Host")->substr(0, 2), "us");
  const Reply moved =
      test.call("PUT", address, token,
                json::object{{"environment", json::object{{"region", "ap"}}},
                             {"credentials", json::object{{"api_key", ApiUnderTest::good_key}}}});
  EXPECT_EQ(moved.string("/environment/region"), "ap");
  EXPECT_EQ(moved.string("/status"), "ready") << moved.text;
  EXPECT_EQ(test.call("GET", address, token).string("/name"), "Renamed");
  EXPECT_EQ(test.execute(token, address.substr(connectors.size() + 1),
                         json::object{{"entity", "customers"}, {"action", "list"}})
                .status,
            200);
  EXPECT_EQ(test.upstream.requests().back().headers.find("Host")->substr(0, 2), "ap");

  // Another way to authenticate needs its credentials; it was left out without a word.
  for (const auto& [method, target] : std::initializer_list<std::pair<const char*, std::string>>{
           {"PUT", address}, {"POST", address + "/check"}}) {
    const Reply other =
        test.call(method, target, token, json::object{{"auth_scheme", "harborOAuth"}});
    EXPECT_EQ(other.status, 422) << other.text;
    EXPECT_EQ(other.error_field(), "auth_scheme");
    EXPECT_THAT(other.message(), HasSubstr("'harborKey'"));
    EXPECT_EQ(test.call(method, target, token, json::object{{"auth_scheme", "harborKey"}}).status,
              200);
  }

  // All that was answered, sent back.
  json::object whole = parse_json_object(test.call("GET", address, token).text, "it").value();
  const json::value changed_at = whole.at("updated_at");
  const Reply unchanged = test.call("PUT", address, token, std::move(whole));
  EXPECT_EQ(unchanged.status, 200);
  EXPECT_EQ(unchanged.at("/updated_at"), changed_at) << "nothing changed";
  EXPECT_EQ(test.call("GET", address, token).at("/updated_at"), changed_at);
  const Reply mistyped = test.call("PUT", address, token, json::object{{"nmae", "x"}});
  EXPECT_EQ(mistyped.error_code(), "unknown_parameter");
  EXPECT_THAT(mistyped.message(), HasSubstr("'name'"));
  const json::array sunk{json::object{{"entity", "custmers"}}};
  EXPECT_EQ(
      test.call("POST", address + "/check", token, json::object{{"entities", sunk}}).error_code(),
      "unknown_entity");

  const Reply refused = test.call(
      "PUT", address, token, json::object{{"credentials", json::object{{"api_key", "wrong"}}}});
  EXPECT_EQ(refused.error_code(), "credentials_rejected");
  EXPECT_EQ(test.call("PUT", address, token, json::object{{"name", ""}}).status, 422);
  EXPECT_EQ(test.execute(token, address.substr(connectors.size() + 1),
                         json::object{{"entity", "customers"}, {"action", "list"}})
                .status,
            200)
      << "what is refused changes nothing";
}

TEST_F(Connectors, SendStoredCredentialsNowhereElse) {
  json::object body = good();
  body["environment"] = json::object{{"region", "us"}};
  const std::string address = connectors + "/" + create(body).string("/id");
  const std::size_t sent = test.upstream.requests().size();
  const std::string scoped = test.scoped_token(test.first, "acme");
  for (const char* member : {"environment", "replication_config"}) {
    json::object elsewhere{{"environment", json::object()}};
    elsewhere[member] = json::object{{"region", "ap"}};
    for (const auto& [method, target] : std::initializer_list<std::pair<const char*, std::string>>{
             {"PUT", address}, {"POST", address + "/check"}}) {
      const Reply refused = test.call(method, target, scoped, elsewhere);
      EXPECT_EQ(refused.status, 422) << refused.text;
      EXPECT_EQ(refused.error_field(), "environment");
      EXPECT_EQ(refused.error_code(), "missing");
    }
  }
  EXPECT_EQ(test.upstream.requests().size(), sent) << "the key went out";
  EXPECT_EQ(test.call("GET", address, token).string("/environment/region"), "us");

  // The same host, another berth: taken, but nobody has tried it.
  const json::object same{{"environment", json::object{{"region", "us"}, {"berth", "7"}}}};
  EXPECT_EQ(test.call("POST", address + "/check", scoped, same).string("/status"), "succeeded");
  EXPECT_EQ(test.call("PUT", address, scoped, same).string("/status"), "unverified");
}

TEST_F(Connectors, AreGoneWithTheirSecretsWhenDeleted) {
  const std::string id = create(good()).string("/id");
  const Reply deleted = test.call("DELETE", connectors + "/" + id, token);
  ASSERT_EQ(deleted.status, 202);
  const Reply job = test.call("GET", "/api/v1/jobs/" + deleted.string("/job_id"), token);
  EXPECT_EQ(job.string("/status"), "succeeded");
  EXPECT_EQ(job.string("/connector_id"), id);
  EXPECT_EQ(count(), 0u);
  EXPECT_EQ(test.call("GET", connectors + "/" + id, token).status, 404);
  EXPECT_EQ(test.call("DELETE", connectors + "/" + id, token).status, 404);
  EXPECT_EQ(
      test.execute(token, id, json::object{{"entity", "customers"}, {"action", "list"}}).status,
      404);
  const auto rows = test.run(test.database->read([](store::Connection& connection) {
    return connection.query("SELECT count(*) FROM connector_credential").front().integer(0);
  }));
  EXPECT_EQ(rows, 0);
}

TEST_F(Connectors, ComeInPagesWhenAsked) {
  for (int i = 0; i < 3; ++i) create(good());
  const Reply first = test.call("GET", connectors + "?limit=2&workspace_name=acme", token);
  ASSERT_EQ(first.at("/data").as_array().size(), 2u);
  const Reply second = test.call("GET", first.string("/next"), token);
  EXPECT_EQ(second.at("/data").as_array().size(), 1u);
  EXPECT_TRUE(second.at("/next").is_null());
  EXPECT_EQ(test.call("GET", connectors + "?cursor=AAAA", token).status, 400);
  EXPECT_EQ(test.call("GET", connectors + "?limit=0", token).status, 422);
  EXPECT_EQ(test.call("GET", connectors + "?definition_id=nope", token).status, 422);
  for (const std::string& service : {harbor_id, std::string("test-harbor")})
    EXPECT_EQ(test.call("GET", connectors + "?definition_id=" + service, token)
                  .at("/data")
                  .as_array()
                  .size(),
              3u);
  const std::string organization = "/api/v1/organizations/" + test.first.organization.str();
  EXPECT_EQ(test.call("GET", organization + "/credentials?limit=2&offset=2", token).at("/total"),
            3);
}

TEST_F(Connectors, HaveSkillsThatNameEveryParameter) {
  const std::string id = create(good()).string("/id");
  const Reply inspection = test.call("GET", connectors + "/" + id + "/inspect", token);
  ASSERT_EQ(inspection.status, 200) << inspection.text;
  const std::string skill = inspection.string("/docs_skill_id");
  EXPECT_EQ(skill, "connector-source:" + id);

  EXPECT_EQ(test.call("GET", "/api/v1/skills", token).string("/data/0/id"), skill);
  EXPECT_EQ(test.call("GET", "/api/v1/skills/search?query=HARBOR", token).string("/data/0/id"),
            skill);
  EXPECT_TRUE(test.call("GET", "/api/v1/skills/search?query=nothing", token)
                  .at("/data")
                  .as_array()
                  .empty());
  EXPECT_EQ(test.call("GET", "/api/v1/skills/search", token).status, 422);

  const Reply whole = test.call("GET", "/api/v1/skills/docs?id=" + skill, token);
  ASSERT_EQ(whole.status, 200) << whole.text;
  EXPECT_EQ(whole.string("/outline/0/id"), "entity:customers");
  EXPECT_TRUE(whole.at("/section_id").is_null());
  const Reply section =
      test.call("GET", "/api/v1/skills/docs?id=" + skill + "&section=entity%3Acustomers", token);
  ASSERT_EQ(section.status, 200) << section.text;
  for (const char* parameter : {"after", "per_page", "status", "id", "name"})
    EXPECT_THAT(section.text, HasSubstr("[\"" + std::string(parameter) + "\""));
  EXPECT_EQ(
      test.call("GET", "/api/v1/skills/docs?id=" + skill + "&section=entity%3Acustomer", token)
          .status,
      422);
  // A file needs words on how to read it.
  const Reply files =
      test.call("GET", "/api/v1/skills/docs?id=" + skill + "&section=entity%3Afiles", token);
  EXPECT_THAT(files.text, HasSubstr("_airbyte_response_type"));
  EXPECT_EQ(test.call("GET", "/api/v1/skills/docs?id=unknown", token).status, 404);
}

TEST_F(Connectors, ServiceIsInTheCatalogue) {
  const Reply list = test.call("GET", "/api/v1/integrations/definitions/sources?name=harb", token);
  ASSERT_EQ(list.status, 200);
  EXPECT_EQ(list.string("/definitions/0/sourceDefinitionId"), harbor_id);
  for (const std::string& name :
       {harbor_id, std::string("test-harbor"), std::string("Test%20Harbor")}) {
    const Reply one = test.call("GET", "/api/v1/integrations/definitions/sources/" + name, token);
    ASSERT_EQ(one.status, 200) << one.text;
    EXPECT_EQ(one.string("/definition/spec/connectionSpecification/properties/credentials/oneOf/0/"
                         "properties/api_key/type"),
              "string");
    EXPECT_EQ(one.string("/definition/spec/advanced_auth/auth_flow_type"), "oauth2.0");
    EXPECT_EQ(one.string("/example_questions/search/0"), "Which customers mention boats?");
  }
  EXPECT_EQ(test.call("GET", "/api/v1/integrations/definitions/sources/nope", token).status, 404);
  const std::string catalogue = "/api/v1/integrations/definitions/sources";
  EXPECT_TRUE(list.at("/next").is_null());
  EXPECT_EQ(test.call("GET", catalogue + "?limit=0", token).status, 422);
  for (const char* foreign : {"%21", "WzEsImFjbWUiXQ", "GIefhabr9Q_Afa1OXIgZMzE3OTUzOTk5", ""}) {
    const Reply astray = test.call("GET", catalogue + "?cursor=" + foreign, token);
    EXPECT_EQ(astray.status, 400) << foreign;
    EXPECT_EQ(astray.error_code(), "invalid_cursor");
  }
  std::size_t listed = 0;
  json::value next = json::string(catalogue + "?limit=1");
  for (; next.is_string(); ++listed) {
    const Reply page = test.call("GET", std::string(view(next.as_string())), token);
    ASSERT_EQ(page.at("/definitions").as_array().size(), 1u) << page.text;
    next = page.at("/next");
  }
  EXPECT_EQ(listed, test.call("GET", catalogue, token).at("/definitions").as_array().size());
  const Reply icon =
      test.call("GET", "/api/v1/integrations/definitions/sources/test-harbor/icon", "");
  EXPECT_EQ(*icon.headers.find("Content-Type"), "image/svg+xml");
  EXPECT_TRUE(test.call("GET", "/api/v1/integrations/definitions/destinations", token)
                  .at("/destinations")
                  .as_array()
                  .empty());
  EXPECT_TRUE(test.call("GET", "/v1/destinations", token).at("/data").as_array().empty());
  EXPECT_EQ(test.call("GET", "/api/v1/integrations/definitions/destinations/x", token).status, 404);
}

}  // namespace
}  // namespace fairlead::api
