#include "connector/engine.hpp"

#include "base/encoding.hpp"
#include "connector/testdata/engine_under_test.hpp"
#include "support/eventually.hpp"
#include "support/raw_server.hpp"

#include <boost/asio/detached.hpp>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <latch>

namespace fairlead::connector {
namespace {

using fairlead::testing::eventually;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;
using ::testing::StartsWith;
using namespace std::string_literals;

// ---- section 17, byte for byte ------------------------------------------------------------------

class AcmeTest : public EngineTest {
 protected:
  static constexpr const char* config = R"({"subdomain":"acme","workspace":"7","region":"eu"})";
  static constexpr const char* token_answer =
      R"({"access_token":"AT-1","refresh_token":"RT-2","token_type":"bearer","subdomain":"globex"})";
  static constexpr const char* token_request =
      "POST acme.acme-tickets.example/oauth/token\n"
      "Accept: */*\n"
      "Authorization: Basic Y2lkOnNlYw==\n"
      "Content-Type: application/x-www-form-urlencoded\n"
      "\n"
      "grant_type=refresh_token&refresh_token=RT-1";

  Result<Outcome, CallError> acme(const char* entity, const char* action, const char* params) {
    return execute(call(*acme_, entity, action, params, config), credentials_);
  }
  /// As after the first call of the example.
  void log_in() {
    credentials_.tokens.access_token = Secret("AT-1");
    credentials_.tokens.refresh_token = Secret("RT-2");
    credentials_.tokens.extracted = {{"subdomain", "globex"}};
  }

  std::shared_ptr<const Definition> acme_ = load_acme();
  HeldCredentials credentials_{{{"client_id", "cid"},
                                {"client_secret", "sec"},
                                {"refresh_token", "RT-1"},
                                {"org_key", "org-77"}}};
};

TEST_F(AcmeTest, FirstListGetsATokenAndMovesToItsHost) {
  upstream_.will_answer(token_answer);
  upstream_.will_answer(
      R"({"ok":true,"result":{"tickets":[{"id":1,"hidden":false,"subject":"A"},)"
      R"({"id":2,"hidden":true,"subject":"B"}],"paging":{"next":"c2","total":2}}})",
      200,
      {{"X-Request-Id", "req-9"},
       {"Link",
        "<https://globex.acme-tickets.example/api/v2/workspaces/7/tickets?cursor=c2>; "
        "rel=\"next\""}});
  const auto outcome =
      acme("tickets", "list",
           R"({"state":"open","label[]":["a b","c"],"created":{"gte":10,"lte":null},
                                "sort":["-id","state"],"archived":false,"colour":"x"})");
  EXPECT_THAT(
      upstream_.take(),
      ElementsAre(token_request,
                  "GET globex.acme-tickets.example/api/v2/workspaces/7/tickets?state=open&label%5B"
                  "%5D=a+b&label%5B%5D=c&created%5Bgte%5D=10&sort=-id%2Cstate&archived=false&market"
                  "=mkt-1\n"
                  "Accept: */*\n"
                  "Acme-Org: org-77\n"
                  "Acme-Version: 2026-01-01\n"
                  "Authorization: Bearer AT-1\n"
                  "\n"));
  ASSERT_TRUE(outcome) << outcome.error().message;
  EXPECT_EQ(outcome->data, R"([{"id":1,"hidden":false,"subject":"A"}])");
  EXPECT_EQ(
      outcome->meta,
      R"({"next_cursor":"c2","total":2,"next_page_url":"https://globex.acme-tickets.example/api/v2/)"
      R"(workspaces/7/tickets?cursor=c2","request_id":"req-9"})");
  EXPECT_EQ(credentials_.renewals, 1);
  const TokenState expected{Secret("AT-1"), Secret("RT-2")};
  EXPECT_TRUE(credentials_.tokens.access_token.matches(expected.access_token));
  EXPECT_TRUE(credentials_.tokens.refresh_token.matches(expected.refresh_token));
  EXPECT_EQ(credentials_.tokens.token_type, "bearer");
  EXPECT_EQ(credentials_.tokens.extracted, (Given{{"subdomain", "globex"}}));
}

constexpr const char* acme_headers = "Accept: */*\nAcme-Org: org-77\nAuthorization: Bearer AT-1\n";

TEST_F(AcmeTest, TheOtherOperations) {
  struct Case {
    const char *entity, *action, *params, *answer, *request, *data, *meta;
  };
  const Case cases[] = {
      {"tickets", "search", R"({"state":"open","query":"refund"})",
       R"({"data":{"search":{"nodes":[{"id":1,"subject":"A"}],"pageInfo":{"hasNextPage":true,"endCursor":"xyz"}}}})",
       "POST globex.acme-tickets.example/api/v2/graphql\n"
       "Accept: */*\nAcme-Org: org-77\nAuthorization: Bearer AT-1\n"
       "Content-Type: application/json\n\n"
       R"({"query":"query($q: String!, $n: Int!) { search(query: $q, first: $n) { nodes { id subject } pageInfo { hasNextPage endCursor } } }","variables":{"q":"state:open refund","n":10}})",
       R"([{"id":1,"subject":"A"}])", R"({"has_next_page":true,"end_cursor":"xyz"})"},
      {"tickets", "create",
       R"({"subject":"Refund","assignee":null,"meta":{"k":null,"tags":["x",1]}})",
       R"({"ok":true,"result":{"id":3}})",
       "POST globex.acme-tickets.example/api/v2/workspaces/7/tickets\n"
       "Accept: */*\nAcme-Org: org-77\nAuthorization: Bearer AT-1\n"
       "Content-Type: application/json\n\n"
       R"({"priority":"normal","subject":"Refund","meta":{"k":null,"tags":["x",1]}})",
       R"({"id":3})", ""},
      {"tickets", "get", R"({"id":5})", R"({"ok":true,"result":{"tickets":[{"id":5},{"id":6}]}})",
       "GET globex.acme-tickets.example/api/v2/tickets/5\n"
       "Accept: */*\nAcme-Org: org-77\nAuthorization: Bearer AT-1\n\n",
       R"({"id":5})", ""},
      {"tickets", "get", R"({"id":5})", R"({"ok":false,"reason":"no such ticket"})",
       "GET globex.acme-tickets.example/api/v2/tickets/5\n"
       "Accept: */*\nAcme-Org: org-77\nAuthorization: Bearer AT-1\n\n",
       "api_error: API error: no such ticket", ""},
      {"tickets", "update",
       R"({"id":5,"subject":"x & y","watchers":["a","b"],"custom":{"f":{"g":1}},"urgent":true})",
       R"({"ok":true})",
       "PUT globex.acme-tickets.example/api/v2/tickets/5\n"
       "Accept: */*\nAcme-Org: org-77\nAuthorization: Bearer AT-1\n"
       "Content-Type: application/x-www-form-urlencoded\n\n"
       "subject=x+%26+y&watchers%5B0%5D=a&watchers%5B1%5D=b&custom%5Bf%5D%5Bg%5D=1&urgent=true",
       R"({"ok":true})", ""},
      {"tickets", "delete", R"({"id":9})", "",
       "DELETE globex.acme-tickets.example/api/v2/tickets/9\n"
       "Accept: */*\nAcme-Org: org-77\nAuthorization: Bearer AT-1\n\n",
       "{}", ""},
      {"comments", "list", R"({"ticket_id":5})", R"({"comment_ids":[11,12]})",
       "GET globex.acme-tickets.example/api/v2/tickets/5/comments\n"
       "Accept: */*\nAcme-Org: org-77\nAuthorization: Bearer AT-1\n\n",
       R"([{"comment_id":"11","link":"/tickets/comments/11"},{"comment_id":"12","link":"/tickets/comments/12"}])",
       ""},
      {"exports", "download", R"({"id":"q/1"})", "the bytes",
       "GET globex.acme-tickets.example/api/v2/exports/q%2F1/raw?alt=media\n"
       "Accept: */*\nAcme-Org: org-77\nAuthorization: Bearer AT-1\n\n",
       "the bytes", ""},
  };
  log_in();
  for (const Case& one : cases) {
    const bool none = *one.answer == '\0';
    upstream_.will_answer(one.answer, none ? 204 : 200);
    const auto outcome = acme(one.entity, one.action, one.params);
    EXPECT_THAT(upstream_.take(), ElementsAre(one.request));
    EXPECT_EQ(text(outcome), one.data);
    if (outcome) {
      EXPECT_EQ(outcome->meta, one.meta);
    }
  }
}

TEST_F(AcmeTest, DownloadInTwoSteps) {
  log_in();
  upstream_.will_answer(
      R"({"ok":true,"result":{"files":[{"url":"https://cdn.example/blob/a?sig=1"}]}})");
  upstream_.will_answer("abcd", 206,
                        {{"Content-Type", "image/png"},
                         {"Content-Range", "bytes 0-3/10"},
                         {"Content-Disposition", "attachment; filename=\"a.png\""}});
  const auto outcome =
      acme("attachments", "download", R"({"id":5,"index":0,"range_header":"bytes=0-3"})");
  ASSERT_TRUE(outcome) << outcome.error().message;
  EXPECT_THAT(
      upstream_.take(),
      ElementsAre("GET globex.acme-tickets.example/api/v2/tickets/5\n"s + acme_headers + "\n",
                  "GET cdn.example/blob/a?sig=1\nAccept: */*\nRange: bytes=0-3\n\n"));
  EXPECT_EQ(outcome->download->status, 206);
  EXPECT_EQ(outcome->download->content_type, "image/png");
  EXPECT_EQ(outcome->download->content_range, "bytes 0-3/10");
  EXPECT_EQ(outcome->download->file_name, "a.png");
  EXPECT_EQ(outcome->download->length, 4u);
  EXPECT_EQ(file(*outcome), "abcd");
}

TEST_F(AcmeTest, UploadAndEnum) {
  log_in();
  upstream_.will_answer(R"({"ok":true})");
  const auto outcome = acme(
      "files", "create", R"({"name":"n.txt","file_content":"aGk=","file_mime_type":"text/plain"})");
  EXPECT_EQ(text(outcome), R"({"ok":true})");
  const auto sent = upstream_.take();
  ASSERT_EQ(sent.size(), 1u);
  EXPECT_EQ(sent[0].size() - sent[0].find("\n\n") - 2, 261u);
  EXPECT_EQ(text(acme("tickets", "list", R"({"state":"bad"})")),
            "validation: Invalid value 'bad' for parameter 'state'; expected one of: ['open', "
            "'held', 'closed']");
  EXPECT_THAT(upstream_.take(), IsEmpty());
}

TEST_F(AcmeTest, TheOtherScheme) {
  HeldCredentials basic{{{"email", "a@b.example"}, {"api_token", "tok"}}};
  upstream_.will_answer(R"({"result":{"tickets":[{"id":5}]}})");
  const auto outcome =
      execute(call(*acme_, "tickets", "get", R"({"id":5})", R"({"workspace":"7"})"), basic);
  EXPECT_EQ(text(outcome), R"({"id":5})");
  EXPECT_THAT(upstream_.take(),
              ElementsAre("GET your-subdomain.acme-tickets.example/api/v2/tickets/5\nAccept: "
                          "*/*\nAuthorization: Basic YUBiLmV4YW1wbGUvdG9rZW46dG9r\n\n"));
}

TEST_F(AcmeTest, Check) {
  log_in();
  upstream_.will_answer(R"({"ok":true,"result":{"tickets":[]}})");
  const auto check = [&] {
    return json::serialize(run_to_end(
        engine_.check(*acme_, object_of(config), "", credentials_, Deadline::never(), options_)));
  };
  EXPECT_EQ(check(), R"({"status":"healthy","checked_entity":"tickets","checked_action":"list"})");
  EXPECT_THAT(upstream_.take(),
              ElementsAre(StartsWith("GET globex.acme-tickets.example/api/v2/workspaces/7/tickets?"
                                     "limit=1&market=mkt-1\n")));
  upstream_.will_answer(R"({"message":"go away"})", 403);
  EXPECT_THAT(check(),
              HasSubstr(R"("status":"unhealthy","error":"Authentication failed: go away)"));
}

TEST_F(AcmeTest, CheckOfEachEntity) {
  log_in();
  const char* const tickets = R"({"ok":true,"result":{"tickets":[{"id":1,"hidden":false}]}})";
  upstream_.will_answer(tickets).will_answer(tickets);
  const auto checks =
      run(engine_.check_entities(*acme_, {"comments", "files", "attachments", "tickets", "nope"},
                                 object_of(config), "", credentials_, Deadline::never(), options_));
  EXPECT_EQ(checks.at("status").as_string(), "unhealthy");
  std::vector<std::string> states;
  for (const json::value& one : checks.at("entities").as_array())
    states.push_back(json::value_to<std::string>(one.at("entity")) + " " +
                     json::value_to<std::string>(one.at("status")));
  EXPECT_THAT(states, ElementsAre("comments unhealthy", "files skipped", "attachments skipped",
                                  "tickets healthy", "nope failed"));
  EXPECT_THAT(json::value_to<std::string>(checks.at("entities").at(0).at("error")),
              StartsWith("No records from parent entity 'tickets' match parent_record_filter"));
  EXPECT_THAT(upstream_.take(), ElementsAre(HasSubstr("/tickets?limit=25&market=mkt-1\n"),
                                            HasSubstr("/tickets?limit=1&market=mkt-1\n")));
  // With a parent that fits, its key reaches the child.
  upstream_.will_answer(R"({"ok":true,"result":{"tickets":[{"id":1,"hidden":false,"state":"closed"},
                            {"id":42,"hidden":false,"state":"held"}]}})");
  upstream_.will_answer(R"({"comment_ids":[]})");
  const auto one = run(engine_.check_entities(*acme_, {"comments"}, object_of(config), "",
                                              credentials_, Deadline::never(), options_));
  EXPECT_EQ(one.at("status").as_string(), "healthy") << json::serialize(one);
  EXPECT_THAT(upstream_.take(),
              ElementsAre(HasSubstr("/tickets?limit=25"), HasSubstr("/tickets/42/comments\n")));
}

TEST_F(AcmeTest, ACheckFillsHeadersFromParents) {
  // The accounts of a customer, each of which is named in a header of the calls for it.
  const auto definition = load_source(
      source_of({
          .path = "/reports",
          .operation = "parameters:\n"
                       "  - {name: X-Account, in: header, required: true, schema: {type: string}}\n"
                       "  - {name: X-Trace, in: header, required: true, schema: {type: string}}",
          .info = "x-airbyte-entity-relationships:\n"
                  "  - {source_entity: things, target_entity: accounts, foreign_key: X-Account, "
                  "target_key: number}",
      }) +
      "  /accounts:\n    get:\n      x-airbyte-entity: accounts\n      x-airbyte-action: list\n"
      "      responses: {\"200\": {description: ok}}\n");
  upstream_.will_answer(R"([{"number":"a-7"}])").will_answer("[]");
  HeldCredentials given({{"token", "T"}});
  const auto report = run(
      engine_.check_entities(*definition, {"things"}, {}, "", given, Deadline::never(), options_));
  EXPECT_EQ(report.at("status").as_string(), "healthy") << json::serialize(report);
  EXPECT_THAT(upstream_.take(),
              ElementsAre(HasSubstr("/v1/accounts\n"), HasSubstr("X-Account: a-7\n")));
  upstream_.will_answer(R"([{"number":"a-7"}])")
      .will_answer("<html>", 200, {{"Content-Type", "text/html"}});
  const auto html = run(
      engine_.check_entities(*definition, {"things"}, {}, "", given, Deadline::never(), options_));
  EXPECT_TRUE(html.at("entities").at(0).at("status_code").is_null()) << json::serialize(html);
}

TEST_F(AcmeTest, ACheckFetchesEachParentOnce) {
  // A thing is found by two keys of its account; a note by one; accounts are checked as well.
  const auto list = [](const std::string& path, const std::string& entity,
                       const std::string& parameters) {
    return "  " + path + ":\n    get:\n      x-airbyte-entity: " + entity +
           "\n      x-airbyte-action: list\n      parameters: [" + parameters +
           "]\n      responses: {\"200\": {description: ok}}\n";
  };
  const auto relation = [](const std::string& source, const std::string& key,
                           const std::string& target_key) {
    return "  - {source_entity: " + source + ", target_entity: accounts, foreign_key: " + key +
           ", target_key: " + target_key + "}\n";
  };
  const auto definition = load_source(
      source_of({
          .path = "/{owner}/{site}/things",
          .operation = "parameters: [{name: owner, in: path, required: true}, {name: site, in: "
                       "path, required: true}]",
          .info = "x-airbyte-entity-relationships:\n" + relation("things", "owner", "name") +
                  relation("things", "site", "site") + relation("notes", "owner", "name"),
      }) +
      list("/accounts", "accounts", "") +
      list("/{owner}/notes", "notes", "{name: owner, in: path, required: true}"));
  HeldCredentials given({{"token", "T"}});
  const auto check = [&](std::vector<std::string> entities) {
    return json::serialize(run(engine_.check_entities(*definition, std::move(entities), {}, "",
                                                      given, Deadline::never(), options_)));
  };
  upstream_.will_answer(R"([{"name":"a","site":"s"}])").will_answer("[]").will_answer("[]");
  EXPECT_THAT(check({"things", "notes", "accounts", "notes"}),
              StartsWith(R"({"status":"healthy")"));
  EXPECT_THAT(upstream_.take(), ElementsAre(HasSubstr("/accounts\n"), HasSubstr("/a/s/things\n"),
                                            HasSubstr("/a/notes\n")));
  // One that is refused says so for all that need it; the next check asks again.
  upstream_.will_answer(R"({"message":"go away"})", 403);
  const auto refused = check({"notes", "accounts"});
  EXPECT_THAT(refused, StartsWith(R"({"status":"unhealthy")"));
  EXPECT_NE(refused.find("go away"), refused.rfind("go away")) << refused;
  EXPECT_THAT(upstream_.take(), ElementsAre(HasSubstr("/accounts\n")));
}

TEST_F(AcmeTest, PlanSendsNothingAndShowsNothingSecret) {
  const auto one = call(*acme_, "tickets", "create", R"({"subject":"S"})", config);
  const auto plan = run(engine_.plan(one, credentials_, options_));
  ASSERT_TRUE(plan) << plan.error().message;
  EXPECT_THAT(upstream_.take(), IsEmpty());
  EXPECT_EQ(plan->method, "POST");
  EXPECT_EQ(plan->url, "https://acme.acme-tickets.example/api/v2/workspaces/7/tickets");
  EXPECT_EQ(*plan->headers.find("Authorization"), "Bearer ***");
  EXPECT_EQ(*plan->headers.find("Acme-Org"), "***");
  EXPECT_EQ(plan->body, R"({"priority":"normal","subject":"S"})");
  EXPECT_EQ(plan->auth_scheme, "acmeOAuth");
  EXPECT_EQ(plan->effect, "unsafe");
  EXPECT_THAT(plan->notes,
              ElementsAre("a token would be renewed first", HasSubstr("never sent again")));
  const auto bad = call(*acme_, "tickets", "get", "{}", config);
  EXPECT_EQ(run(engine_.plan(bad, credentials_, options_)).error().kind,
            CallErrorKind::missing_parameter);
}

TEST_F(AcmeTest, PlanShowsTheBytesOfAFileAsText) {
  HeldCredentials key({{"email", "a@b.example"}, {"api_token", "tok"}});
  const auto plan = run(
      engine_.plan(call(*acme_, "files", "create", R"({"name":"n","file_content":"aNk="})", config),
                   key, options_));
  ASSERT_TRUE(plan) << plan.error().message;
  EXPECT_THAT(plan->body, HasSubstr("\r\n\r\nh\xef\xbf\xbd\r\n--"));
  EXPECT_THAT(plan->notes, ::testing::Contains(HasSubstr("shown as U+FFFD")));
}

// ---- what is refused before the credentials are opened ------------------------------------------

TEST_F(AcmeTest, ABadCallNeverOpensTheCredentials) {
  struct Case {
    const char *entity, *action, *params, *kind;
  };
  const Case cases[] = {
      {"nope", "list", "{}", "entity_not_found"},
      {"tickets", "download", "{}", "action_not_supported"},
      {"tickets", "explode", "{}", "unknown_action"},
      {"tickets", "get", "{}", "missing_parameter"},
      {"tickets", "get", R"({"id":".."})", "invalid_parameter"},
      {"tickets", "create", "{}", "missing_parameter"},
      {"tickets", "list", R"({"state":"bad"})", "validation"},
      {"exports", "download",
       R"({"id":1,"_airbyte_response_type":"json","range_header":"bytes=0-"})",
       "invalid_parameter"},
      {"exports", "download", R"({"id":1,"_airbyte_response_type":"xml"})", "invalid_parameter"},
  };
  for (const Case& one : cases) {
    const auto outcome = acme(one.entity, one.action, one.params);
    ASSERT_FALSE(outcome);
    EXPECT_EQ(name_of(outcome.error().kind), one.kind) << one.entity << " " << one.action;
    EXPECT_EQ(outcome.error().status, 0);
  }
  EXPECT_EQ(credentials_.opened, 0);
  EXPECT_THAT(upstream_.take(), IsEmpty());
}

// ---- retries ------------------------------------------------------------------------------------

TEST_F(EngineTest, ReadsAreTriedThreeTimes) {
  upstream_.will_answer("", 503).will_answer("", 429, {{"Retry-After", "5"}}).will_answer("[]");
  const auto outcome = execute({});
  EXPECT_EQ(text(outcome), "[]");
  EXPECT_EQ(outcome->attempts, 3);
  EXPECT_THAT(waits_, ElementsAre("backoff 1.00", "retry_after 5.00"));
  upstream_.will_answer("", 500).will_answer("", 500).will_answer("", 500).will_answer("[]");
  EXPECT_EQ(text(execute({})), "http_status: HTTP 500 error");
}

TEST_F(EngineTest, AReadByPostIsARead) {
  upstream_.will_answer("", 502).will_answer("[]");
  EXPECT_EQ(text(execute({.method = "post", .action = "search"})), "[]");
}

TEST_F(EngineTest, WritesAreSentOnce) {
  for (const int status : {429, 500, 502, 503, 504}) {
    upstream_.will_answer("", status, {{"Retry-After", "1"}}).will_answer("{}");
    const auto outcome = execute({.method = "post", .action = "create"});
    ASSERT_FALSE(outcome);
    EXPECT_EQ(outcome.error().status, status);
    EXPECT_EQ(outcome.error().retry_after, std::chrono::seconds(1));
    EXPECT_EQ(upstream_.take().size(), 1u);
    EXPECT_EQ(text(execute({.method = "get", .action = "list"})), "{}");  // the unused answer
    upstream_.take();
  }
  EXPECT_THAT(waits_, IsEmpty());
}

TEST_F(EngineTest, NoAttemptsMeansNoAttempts) {
  EXPECT_EQ(text(execute({.info = "x-airbyte-retry-config: {max_attempts: 0}"})),
            "executor: Exhausted all retry attempts");
  EXPECT_THAT(upstream_.take(), IsEmpty());
}

TEST_F(EngineTest, AProbeAsksForOneRecordAndForWhatTheFileNames) {
  const auto definition = load_small(
      {.method = "post",
       .path = "/things/{owner}",
       .operation = "parameters:\n"
                    "  - {name: owner, in: path, required: true}\n"
                    "  - {name: limit, in: query}\n"
                    "  - {name: since, in: query, required: true, x-airbyte-probe-default: \"{{ "
                    "(now_utc() - "
                    "duration('P1D')).strftime('%Y-%m-%d') }}\"}\n"
                    "  - {name: kind, in: query, schema: {default: all}}\n"
                    "  - {name: X-Region, in: header, x-airbyte-probe-default: eu}\n"
                    "requestBody: {content: {application/json: {schema: {properties: {size: "
                    "{x-airbyte-probe-default: 5}, other: {}}}}}}"});
  upstream_.will_answer(R"([{"id":1}])");
  const auto checks =
      run(engine_.check_entities(*definition, {"things"}, object_of(R"({"owner":"acme"})"), "",
                                 token_, Deadline::never(), options_));
  EXPECT_EQ(checks.at("status").as_string(), "healthy") << json::serialize(checks);
  EXPECT_THAT(upstream_.take(),
              ElementsAre("POST api.acme.example/v1/things/acme?limit=1&since=2026-02-01&kind=all\n"
                          "Accept: */*\n"
                          "Authorization: Bearer bearer-token-1\n"
                          "Content-Type: application/json\n"
                          "X-Region: eu\n"
                          "\n"
                          R"({"size":5})"));
}

TEST_F(EngineTest, AProbeThatNeedsParentsOfParentsEnds) {
  // Each of e1 to e4 needs six keys, each found in a list of the next, which is asked once; `wide`
  // needs a key of each of 60 others.
  std::string info = "x-airbyte-entity-relationships:\n", paths;
  const auto list = [&](const std::string& entity, const std::string& path) {
    paths += "  /" + entity + path + ": {get: {x-airbyte-entity: " + entity +
             ", x-airbyte-action: list}}\n";
  };
  const auto key_of_other = [&](const std::string& entity, const std::string& key,
                                const std::string& other) {
    info += "  - {source_entity: " + entity + ", target_entity: " + other +
            ", foreign_key: " + key + "}\n";
    return "/{" + key + "}";
  };
  for (int entity = 1; entity <= 4; ++entity) {
    const std::string n = std::to_string(entity);
    std::string path;
    for (int key = 1; key <= 6; ++key)
      path +=
          key_of_other("e" + n, "k" + n + std::to_string(key), "e" + std::to_string(entity + 1));
    list("e" + n, path);
  }
  list("e5", "");
  std::string path;
  for (int other = 1; other <= 60; ++other) {
    const std::string n = std::to_string(other);
    path += key_of_other("wide", "o" + n, "other" + n);
    list("other" + n, "");
  }
  list("wide", path);
  const auto definition = load_source(source_of({.info = info}) + paths);
  for (int i = 0; i < 200; ++i) upstream_.will_answer(R"([{"id":1}])");
  const auto deep =
      run(engine_.check_entities(*definition, {"e1"}, {}, "", token_, Deadline::never(), options_));
  EXPECT_EQ(deep.at("status").as_string(), "healthy") << json::serialize(deep);
  EXPECT_EQ(upstream_.take().size(), 5u);
  const auto wide = run(
      engine_.check_entities(*definition, {"wide"}, {}, "", token_, Deadline::never(), options_));
  EXPECT_THAT(json::serialize(wide), HasSubstr("took 50 calls"));
  EXPECT_EQ(upstream_.take().size(), 50u);
}

TEST_F(EngineTest, AReadMeetsOneDeadConnectionAndThenNewOnes) {
  // Keeps four connections, then cuts each one at its next request.
  constexpr int kept = 4;
  std::latch all(kept);
  std::atomic<int> read = 0;
  net::RawServer server([&](net::RawSocket& socket, int number) {
    if (number < kept) {
      socket.read_until("\r\n\r\n");
      all.arrive_and_wait();
      socket.send("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n[]");
    }
    if (!socket.read_until("\r\n\r\n").empty()) ++read;
    socket.reset();
  });
  options_.connect_to = net::Endpoint{"127.0.0.1", server.port()};
  const auto definition = load_small({});
  const Call list = call(*definition, "things", "list", "{}");
  int answered = 0;
  const auto execute_list = [&]() -> Task<void> {
    const auto outcome = co_await engine_.execute(list, token_, options_);
    answered += outcome ? 1 : 0;
  };
  for (int i = 0; i < kept; ++i) asio::co_spawn(loop_, execute_list, asio::detached);
  loop_.run();
  EXPECT_EQ(answered, kept);
  loop_.restart();
  EXPECT_THAT(text(execute(list, token_)), StartsWith("network: "));
  EXPECT_THAT(waits_, ElementsAre("backoff 1.00", "backoff 2.00"));
  EXPECT_TRUE(eventually([&] { return read == 1 + definition->retry.max_attempts; })) << read;
  EXPECT_EQ(server.connections(), kept + definition->retry.max_attempts);
}

TEST_F(EngineTest, NobodyListens) {
  options_.connect_to = net::Endpoint{"127.0.0.1", 1};
  const auto outcome = execute({.method = "post", .action = "create"});
  ASSERT_FALSE(outcome);
  EXPECT_EQ(outcome.error().kind, CallErrorKind::network);
  EXPECT_FALSE(outcome.error().outcome_unknown);
  EXPECT_EQ(waits_.size(), 1u);  // nothing was sent, so once more
}

TEST_F(EngineTest, TheDeadlineEndsTheCall) {
  const auto definition = load_small({});
  auto late = call(*definition, "things", "list", "{}");
  late.deadline = Deadline::after(std::chrono::seconds(-1));
  EXPECT_EQ(text(execute(late, token_)), "timeout: The call's time is over");
  // A wait that would pass the deadline is not begun.
  options_.on_wait = {};
  auto short_of_time = call(*definition, "things", "list", "{}");
  short_of_time.deadline = Deadline::after(std::chrono::seconds(20));
  upstream_.will_answer("", 429, {{"Retry-After", "40"}});
  const auto outcome = execute(short_of_time, token_);
  ASSERT_FALSE(outcome);
  EXPECT_EQ(outcome.error().kind, CallErrorKind::rate_limit);
  EXPECT_EQ(outcome.error().retry_after, std::chrono::seconds(40));
}

// ---- redirects ----------------------------------------------------------------------------------

net::Response redirect(int status, std::string to) {
  return {status, {{"Location", std::move(to)}}, "<html>moved</html>"};
}

const char* const key_schemes =
    "securitySchemes:\n  k:\n    type: apiKey\n    name: X-Key\n    in: header\n"
    "    x-airbyte-auth-config: {type: object, required: [api_key], properties: {api_key: {type: "
    "string}, dev: {type: string}}, auth_mapping: {api_key: \"${api_key}\"}, additional_headers: "
    "{X-Dev: \"{{ dev }}\"}}\n";

TEST_F(EngineTest, RedirectsOnOneOriginKeepTheCredentials) {
  for (const int status : {301, 302, 303, 307, 308}) {
    upstream_.will_answer(redirect(status, "/v2/things?x=1#f")).will_answer("[]");
    EXPECT_EQ(text(execute({})), "[]");
    EXPECT_THAT(upstream_.take(),
                ElementsAre(StartsWith("GET api.acme.example/v1/things\n"),
                            "GET api.acme.example/v2/things?x=1\nAccept: */*\nAuthorization: "
                            "Bearer bearer-token-1\n\n"));
  }
}

TEST_F(EngineTest, AnotherOriginSeesNoCredentials) {
  HeldCredentials key{{{"api_key", "k"}, {"dev", "d"}}};
  const auto definition = load_small(
      {.operation = "parameters: [{name: X-Own, in: header, schema: {type: string, default: o}}]",
       .components = key_schemes});
  for (const char* const other :
       {"https://other.example/x", "https://api.acme.example:444/x", "//other.example/x"}) {
    upstream_.will_answer(redirect(302, other))
        .will_answer(redirect(302, "https://api.acme.example/back"))
        .will_answer("[]");
    EXPECT_EQ(text(execute(call(*definition, "things", "list", "{}"), key)), "[]");
    const auto sent = upstream_.take();
    ASSERT_EQ(sent.size(), 3u);
    EXPECT_THAT(sent[0], HasSubstr("X-Key: k\n"));
    EXPECT_THAT(sent[0], HasSubstr("X-Dev: d\n"));
    EXPECT_THAT(sent[1], ::testing::EndsWith("/x\nAccept: */*\n\n"));
    EXPECT_EQ(sent[2], "GET api.acme.example/back\nAccept: */*\n\n");
  }
}

TEST_F(EngineTest, WhatIsNotFollowed) {
  const SmallDefinition write{.method = "post", .action = "create"};
  upstream_.will_answer(redirect(307, "/x"));
  EXPECT_THAT(text(execute(write)), StartsWith("http_status: "));
  for (const char* const to : {"http://api.acme.example/x", "ftp://a.example/", "https://a@b/"}) {
    upstream_.will_answer(redirect(302, to));
    EXPECT_THAT(text(execute({})), StartsWith("http_client: The service redirects"));
  }
  EXPECT_EQ(upstream_.take().size(), 4u);
  for (int i = 0; i < 4; ++i) upstream_.will_answer(redirect(302, "/again"));
  EXPECT_THAT(text(execute({})), StartsWith("http_client: The service redirects"));
  EXPECT_EQ(upstream_.take().size(), 4u);
  upstream_.will_answer("", 304);
  EXPECT_EQ(text(execute({})), "{}");
}

// ---- secrets in what the service says -----------------------------------------------------------

TEST_F(EngineTest, AnEchoedSecretIsHidden) {
  const std::string secret = "bearer-token-1";
  for (const std::string& echo :
       {secret, "Bearer " + secret, to_base64(secret), to_hex(secret), to_base64url(secret)}) {
    upstream_.will_answer(R"({"message":"bad )" + echo + R"("})", 401);
    EXPECT_THAT(text(execute({})), Not(HasSubstr(echo)));
    upstream_.will_answer(echo, 400, {{"Content-Type", "text/plain"}});
    EXPECT_THAT(text(execute({})), Not(HasSubstr(echo)));
  }
}

TEST_F(EngineTest, HostileAnswersAreErrors) {
  struct Case {
    std::string type, body, kind;
  };
  const Case cases[] = {
      {"text/html", "<html>login</html>", "http_client"},
      {"application/json", "{\"a\":", "http_client"},
      {"application/json", std::string(5'000, '{'), "http_client"},
      {"application/json", std::string(17u << 20, ' '), "http_client"},
      {"application/json", std::string("\0\0\0", 3), "http_client"},
      {"application/xml", "<a/>", "http_client"},
  };
  for (const Case& one : cases) {
    upstream_.will_answer(one.body, 200, {{"Content-Type", one.type}});
    EXPECT_THAT(text(execute({})), StartsWith(one.kind)) << one.body.substr(0, 40);
  }
}

}  // namespace
}  // namespace fairlead::connector
