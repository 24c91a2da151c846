#include "base/digest.hpp"
#include "sandbox/harbor.hpp"
#include "sandbox/target.hpp"
#include "sandbox/test_client.hpp"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace fairlead::sandbox {
namespace {

using testing::HasSubstr;
using testing::Not;
using testing::StartsWith;
using Rotation = RefreshPolicy::Rotation;

constexpr std::string_view verifier = "a-verifier-of-at-least-forty-three-characters.~_";
const std::string basic = "Basic " + to_base64("harbor_sandbox:hs_sandbox");
const std::string callback = "http://127.0.0.1/callback";

std::string challenge() { return to_base64url(bytes_of(sha256(verifier))); }

/// A query or form of these pairs, without the empty ones.
std::string form_of(std::initializer_list<std::pair<std::string_view, std::string_view>> pairs) {
  std::string form;
  for (const auto& [name, value] : pairs)
    if (!value.empty())
      form += fmt::format("{}{}={}", form.empty() ? "" : "&", name, form_encode(value));
  return form;
}

std::string authorization(std::string_view scope = "read write", std::string_view state = "s 1&x",
                          std::string_view redirect = callback) {
  return "/oauth/authorize?" + form_of({{"response_type", "code"},
                                        {"client_id", "harbor_sandbox"},
                                        {"redirect_uri", redirect},
                                        {"scope", scope},
                                        {"state", state},
                                        {"code_challenge", challenge()},
                                        {"code_challenge_method", "S256"}});
}

/// The hidden field of a consent page.
std::string sealed_request(const Answer& page) {
  constexpr std::string_view mark = "name=\"request\" value=\"";
  const std::size_t at = page.text.find(mark) + mark.size();
  return page.text.substr(at, page.text.find('"', at) - at);
}

Answer decide(TestService& service, const Answer& page, std::string_view decision) {
  return service.form("/oauth/authorize",
                      form_of({{"request", sealed_request(page)}, {"decision", decision}}));
}

/// A parameter of a redirection.
std::string sent_on(const Answer& answer, std::string_view name) {
  const auto target = answer.header("Location");
  const auto query = Form::parse(std::string_view(target).substr(target.find('?') + 1));
  const std::string* value = query->find(name);
  return value ? *value : "";
}

std::string code_of(TestService& service, std::string_view scope = "read write") {
  const Answer page = service.get(authorization(scope));
  return sent_on(decide(service, page, "allow"), "code");
}

Answer spend(TestService& service, std::string_view code, std::string_view redirect = callback,
             std::string_view proof = verifier, const std::string& client = basic) {
  return service.form("/oauth/token",
                      form_of({{"grant_type", "authorization_code"},
                               {"code", code},
                               {"redirect_uri", redirect},
                               {"code_verifier", proof}}),
                      client);
}

Answer refresh(TestService& service, std::string_view token, std::string_view scope = {}) {
  return service.form(
      "/oauth/token",
      form_of({{"grant_type", "refresh_token"}, {"refresh_token", token}, {"scope", scope}}),
      basic);
}

int status_with(TestService& service, const std::string& token) {
  return service.get("/v1/account", {{"Authorization", "Bearer " + token}}).status;
}

TEST(HarborOAuth, GoesFromConsentToTokens) {
  TestService service;
  const Answer page = service.get(authorization());
  EXPECT_EQ(page.status, 200);
  EXPECT_THAT(page.text, HasSubstr("Sandbox application</strong> wants to read and change"));
  EXPECT_THAT(page.header("Content-Security-Policy"), HasSubstr("frame-ancestors 'none'"));

  const Answer allowed = decide(service, page, "allow");
  EXPECT_EQ(allowed.status, 302);
  EXPECT_THAT(allowed.header("Location"), StartsWith("http://127.0.0.1/callback?code=hac_"));
  EXPECT_EQ(sent_on(allowed, "state"), "s 1&x");
  EXPECT_EQ(sent_on(allowed, "iss"), "http://127.0.0.1:8301");

  const Answer tokens = spend(service, sent_on(allowed, "code"));
  ASSERT_EQ(tokens.status, 200) << tokens.text;
  EXPECT_EQ(tokens.header("Cache-Control"), "no-store");
  EXPECT_EQ(tokens.str("token_type"), "Bearer");
  EXPECT_EQ(tokens["expires_in"].as_int64(), 3600);
  EXPECT_EQ(tokens.str("scope"), "read write");
  const Answer account =
      service.get("/v1/account", {{"Authorization", "Bearer " + tokens.str("access_token")}});
  EXPECT_EQ(json::serialize(account["credential"]),
            R"({"type":"oauth","scopes":["read","write"],"client_id":"harbor_sandbox"})");
  EXPECT_EQ(status_with(service, tokens.str("refresh_token")), 401) << "not an access token";

  service.clock.advance(std::chrono::seconds(3599));
  EXPECT_EQ(status_with(service, tokens.str("access_token")), 200);
  service.clock.advance(std::chrono::seconds(1));
  EXPECT_EQ(status_with(service, tokens.str("access_token")), 401) << "expired";
}

TEST(HarborOAuth, TellsTheApplicationThatTheUserSaidNo) {
  TestService service;
  const Answer page = service.get(authorization());
  for (const char* decision : {"deny", "", "Allow"}) {
    const Answer denied = decide(service, page, decision);
    EXPECT_EQ(denied.status, 302);
    EXPECT_EQ(sent_on(denied, "error"), "access_denied");
    EXPECT_EQ(sent_on(denied, "state"), "s 1&x");
    EXPECT_EQ(sent_on(denied, "code"), "");
  }
}

TEST(HarborOAuth, RefusesBadAuthorizationRequests) {
  const auto changed = [](std::string_view what, std::string_view to) {
    std::string target = authorization();
    const std::size_t at = target.find(what);
    EXPECT_NE(at, std::string::npos) << what;
    return target.replace(at, what.size(), to);
  };
  struct Case {
    std::string target;
    int status;  ///< 400: the page says so; 302: the application learns `error`
    std::string_view error = {};
  };
  const Case cases[] = {
      {changed("client_id=harbor_sandbox", "client_id=nobody"), 400},
      {changed("client_id=harbor_sandbox", "x=y"), 400},
      {changed("%2Fcallback", "%2Fcallback%2F.."), 400},
      {changed("%2Fcallback", "%2F"), 400},
      {changed("127.0.0.1", "127.0.0.1.evil.example"), 400},
      {changed("127.0.0.1", "127.0.0.1%40evil.example"), 400},
      {changed("127.0.0.1", "127.0.0.1%3A80%40evil.example"), 400},
      {changed("127.0.0.1%2Fcallback", "evil.example%2Fcallback"), 400},
      {changed("http%3A", "https%3A"), 400},
      {changed("redirect_uri", "redirect"), 400},
      {changed("state=", "client_id=harbor_sandbox&state="), 400},
      {changed("response_type=code", "response_type=token"), 302, "unsupported_response_type"},
      {changed("code_challenge=", "no_challenge="), 302, "invalid_request"},
      {changed("S256", "plain"), 302, "invalid_request"},
      {changed("scope=read", "scope=admin"), 302, "invalid_scope"},
  };
  TestService service;
  for (const Case& one : cases) {
    const Answer answer = service.get(one.target);
    SCOPED_TRACE(one.target);
    EXPECT_EQ(answer.status, one.status);
    if (one.status == 302) {
      EXPECT_EQ(sent_on(answer, "error"), one.error);
      EXPECT_EQ(sent_on(answer, "state"), "s 1&x");
    } else {
      EXPECT_EQ(answer.header("Location"), "");
      EXPECT_THAT(answer.text, HasSubstr("<h1>This does not work</h1>"));
    }
  }
  // RFC 8252: any port of the loopback address.
  EXPECT_EQ(service.get(authorization("read", "s", "http://127.0.0.1:49152/callback")).status, 200);
}

TEST(HarborOAuth, WritesNoForeignMarkup) {
  Options options;
  options.oauth_clients.front().name = "<b>\"Evil\" & 'Co'</b>";
  TestService service(std::move(options));
  const Answer page = service.get(authorization("read", "\"><script>"));
  EXPECT_THAT(page.text, HasSubstr("&lt;b&gt;&quot;Evil&quot; &amp; &#39;Co&#39;&lt;/b&gt;"));
  EXPECT_THAT(page.text, Not(HasSubstr("<script>")));
}

TEST(HarborOAuth, TakesOnlyAnswersToItsOwnPages) {
  TestService service, other;
  const Answer page = service.get(authorization());
  EXPECT_EQ(decide(other, page, "allow").status, 400);
  EXPECT_EQ(service.form("/oauth/authorize", "request=abc&decision=allow").status, 400);
  EXPECT_EQ(service.form("/oauth/authorize", "decision=allow").status, 400);
  EXPECT_EQ(service.post("/oauth/authorize", {{"decision", "allow"}}).status, 400);
  service.clock.advance(std::chrono::seconds(600));
  EXPECT_THAT(decide(service, page, "allow").text, HasSubstr("Too late"));
}

TEST(HarborOAuth, CodesAreGoodOnceForTheirApplication) {
  Options options;
  options.oauth_clients.push_back({"other", "secret", "Other", {callback}});
  TestService service(std::move(options));
  const std::string other = "Basic " + to_base64("other:secret");
  const auto error = [&](const Answer& answer) {
    EXPECT_EQ(answer.status, 400) << answer.text;
    return answer.error();
  };
  const std::string code = code_of(service);
  EXPECT_EQ(error(spend(service, "hac_1_x")), "invalid_grant");
  EXPECT_EQ(error(spend(service, "")), "invalid_grant");
  EXPECT_EQ(error(spend(service, "hac_99999999999999999999_x")), "invalid_grant");
  EXPECT_EQ(error(spend(service, code, callback, verifier, other)), "invalid_grant");
  EXPECT_EQ(error(spend(service, code, "http://127.0.0.1:1/callback")), "invalid_grant");
  EXPECT_EQ(error(spend(service, code, "")), "invalid_grant");
  EXPECT_EQ(error(spend(service, code, callback, "")), "invalid_grant");
  EXPECT_EQ(error(spend(service, code, callback, std::string(verifier) + "x")), "invalid_grant");

  const Answer tokens = spend(service, code);
  EXPECT_EQ(tokens.status, 200) << "a refused attempt does not spend the code";
  EXPECT_EQ(error(spend(service, code)), "invalid_grant");
  EXPECT_EQ(status_with(service, tokens.str("access_token")), 401) << "spent twice: all is revoked";
  EXPECT_EQ(error(refresh(service, tokens.str("refresh_token"))), "invalid_grant");

  const std::string late = code_of(service);
  service.clock.advance(std::chrono::seconds(60));
  EXPECT_EQ(error(spend(service, late)), "invalid_grant");
}

TEST(HarborOAuth, ScopesLimitWhatATokenMay) {
  TestService service;
  const Answer read = spend(service, code_of(service, "read"));
  EXPECT_EQ(read.str("scope"), "read");
  const auto write = [&](const Answer& tokens) {
    return service
        .post("/v1/tickets", {{"subject", "s"}},
              {{"Authorization", "Bearer " + tokens.str("access_token")}})
        .status;
  };
  EXPECT_EQ(write(read), 403);
  EXPECT_EQ(refresh(service, read.str("refresh_token"), "read write").error(), "invalid_scope");
  const Answer none = spend(service, code_of(service, ""));
  EXPECT_EQ(none.str("scope"), "read") << "without one: reading";

  const Answer both = spend(service, code_of(service));
  EXPECT_EQ(write(both), 201);
  const Answer less = refresh(service, both.str("refresh_token"), "read");
  EXPECT_EQ(less.str("scope"), "read");
  EXPECT_EQ(write(less), 403);
  EXPECT_EQ(write(refresh(service, less.str("refresh_token"))), 201) << "the grant itself stays";
}

TEST(HarborOAuth, ClientsProveThemselves) {
  const auto encoded = [](std::string_view id, std::string_view secret) {
    return "Basic " + to_base64(fmt::format("{}:{}", form_encode(id), form_encode(secret)));
  };
  Options options;
  options.oauth_clients.push_back({"odd id:", "p+ss wörd:%", "Odd", {callback}});
  options.oauth_clients.push_back({"public", "", "Public", {callback}});
  TestService service(std::move(options));
  struct Case {
    std::string_view client;
    std::string body, header;
    int status;
    std::string_view error = {};
  };
  const Case cases[] = {
      {"harbor_sandbox", "", basic, 200},
      {"harbor_sandbox", "&client_id=harbor_sandbox&client_secret=hs_sandbox", "", 200},
      {"harbor_sandbox", "&client_id=harbor_sandbox", basic, 200},
      {"odd id:", "", encoded("odd id:", "p+ss wörd:%"), 200},
      {"public", "&client_id=public", "", 200},
      {"public", "&client_id=public&client_secret=x", "", 401, "invalid_client"},
      {"harbor_sandbox", "", "", 401, "invalid_client"},
      {"harbor_sandbox", "&client_id=harbor_sandbox", "", 401, "invalid_client"},
      {"harbor_sandbox", "&client_id=harbor_sandbox&client_secret=wrong", "", 401,
       "invalid_client"},
      {"harbor_sandbox", "", "Basic !!!", 401, "invalid_client"},
      {"harbor_sandbox", "", "Basic " + to_base64("nocolon"), 401, "invalid_client"},
      {"harbor_sandbox", "", "Bearer hs_sandbox", 401, "invalid_client"},
      {"harbor_sandbox", "", encoded("harbor_sandbox", "hs_sandbo"), 401, "invalid_client"},
      {"harbor_sandbox", "", "Basic " + to_base64("%zz:hs_sandbox"), 401, "invalid_client"},
      {"harbor_sandbox", "&client_id=harbor_sandbox&client_secret=hs_sandbox", basic, 400,
       "invalid_request"},
  };
  for (const Case& one : cases) {
    const std::string token = service.harbor.grant(one.client).refresh_token;
    const Answer answer = service.form(
        "/oauth/token", "grant_type=refresh_token&refresh_token=" + token + one.body, one.header);
    SCOPED_TRACE(one.body + " " + one.header);
    EXPECT_EQ(answer.status, one.status) << answer.text;
    if (one.status == 200) continue;
    EXPECT_EQ(answer.error(), one.error);
    if (one.status == 401) EXPECT_EQ(answer.header("WWW-Authenticate"), "Basic realm=\"harbor\"");
  }
}

TEST(HarborOAuth, RefusesBadTokenRequests) {
  TestService service;
  const std::pair<std::string_view, std::string_view> cases[] = {
      {"", "unsupported_grant_type"},
      {"grant_type=password&username=a&password=b", "unsupported_grant_type"},
      {"grant_type=client_credentials", "unsupported_grant_type"},
      {"grant_type=refresh_token", "invalid_grant"},
      {"grant_type=refresh_token&refresh_token=hrt_1_x", "invalid_grant"},
      {"grant_type=refresh_token&refresh_token=hrt_", "invalid_grant"},
      {"grant_type=refresh_token&grant_type=refresh_token", "invalid_request"},
      {"grant_type=%zz", "invalid_request"},
  };
  for (const auto& [body, error] : cases) {
    const Answer answer = service.form("/oauth/token", std::string(body), basic);
    EXPECT_EQ(answer.status, 400) << body;
    EXPECT_EQ(answer.error(), error) << body;
    EXPECT_FALSE(answer.str("error_description").empty());
  }
  EXPECT_EQ(service.send("POST", "/oauth/token", "{}").error(), "invalid_request") << "JSON";
  EXPECT_THROW(service.harbor.grant("nobody"), Failure);
}

// ---- renewal ----

Options with_policy(Rotation rotation, std::chrono::seconds grace = std::chrono::seconds(30)) {
  Options options;
  options.refresh = {rotation, grace};
  return options;
}

TEST(HarborOAuth, WithoutRotationARefreshTokenStays) {
  TestService service(with_policy(Rotation::none));
  const Tokens tokens = service.harbor.grant("harbor_sandbox");
  for (int i = 0; i < 20; ++i) {
    const Answer answer = refresh(service, tokens.refresh_token);
    ASSERT_EQ(answer.status, 200);
    EXPECT_FALSE(answer.body.as_object().contains("refresh_token"));
    EXPECT_EQ(status_with(service, answer.str("access_token")), 200);
    service.clock.advance(std::chrono::hours(100));
  }
}

TEST(HarborOAuth, StrictRotationTakesReuseForTheft) {
  TestService service(with_policy(Rotation::strict));
  const Tokens first = service.harbor.grant("harbor_sandbox");
  const Answer second = refresh(service, first.refresh_token);
  ASSERT_EQ(second.status, 200);
  EXPECT_NE(second.str("refresh_token"), first.refresh_token);
  EXPECT_EQ(status_with(service, first.access_token), 200) << "it lives until it expires";
  const Answer third = refresh(service, second.str("refresh_token"));
  ASSERT_EQ(third.status, 200);

  const Answer reused = refresh(service, first.refresh_token);
  EXPECT_EQ(reused.status, 400);
  EXPECT_EQ(reused.error(), "invalid_grant");
  for (const std::string& token : {first.access_token, third.str("access_token")})
    EXPECT_EQ(status_with(service, token), 401) << "the whole grant is revoked";
  EXPECT_EQ(refresh(service, third.str("refresh_token")).error(), "invalid_grant");
}

TEST(HarborOAuth, GraceForgivesForAWhile) {
  TestService service(with_policy(Rotation::grace, std::chrono::seconds(10)));
  const Tokens first = service.harbor.grant("harbor_sandbox");
  const Answer second = refresh(service, first.refresh_token);
  service.clock.advance(std::chrono::seconds(5));
  const Answer again = refresh(service, first.refresh_token);
  ASSERT_EQ(again.status, 200) << "an answer may have been lost";
  service.clock.advance(std::chrono::milliseconds(4999));
  EXPECT_EQ(refresh(service, first.refresh_token).status, 200);
  const Answer third = refresh(service, second.str("refresh_token"));
  EXPECT_EQ(third.status, 200);
  EXPECT_EQ(refresh(service, again.str("refresh_token")).status, 200);

  service.clock.advance(std::chrono::milliseconds(1));
  EXPECT_EQ(refresh(service, first.refresh_token).error(), "invalid_grant")
      << "ten seconds from the first use, not from the last";
  EXPECT_EQ(refresh(service, third.str("refresh_token")).error(), "invalid_grant");
  EXPECT_EQ(status_with(service, third.str("access_token")), 401);
}

TEST(HarborOAuth, LifetimesAreAsAsked) {
  Options options;
  options.access_token_lifetime = std::chrono::seconds(2);
  TestService service(std::move(options));
  const Tokens tokens = service.harbor.grant("harbor_sandbox");
  EXPECT_EQ(status_with(service, tokens.access_token), 200);
  service.clock.advance(std::chrono::seconds(2));
  EXPECT_EQ(status_with(service, tokens.access_token), 401);
  const Answer renewed = refresh(service, tokens.refresh_token);
  EXPECT_EQ(renewed["expires_in"].as_int64(), 2);
  EXPECT_EQ(status_with(service, renewed.str("access_token")), 200);
}

TEST(HarborOAuth, Revokes) {
  Options options;
  options.oauth_clients.push_back({"other", "secret", "Other", {callback}});
  TestService service(std::move(options));
  const std::string other = "Basic " + to_base64("other:secret");
  const Tokens tokens = service.harbor.grant("harbor_sandbox");
  const auto revoke = [&](std::string_view token, const std::string& client) {
    return service.form("/oauth/revoke", form_of({{"token", token}}), client).status;
  };
  EXPECT_EQ(revoke(tokens.refresh_token, ""), 401);
  EXPECT_EQ(revoke("", basic), 400);
  EXPECT_EQ(revoke("unknown", basic), 200);
  EXPECT_EQ(revoke(tokens.refresh_token + "x", basic), 200);
  EXPECT_EQ(revoke(tokens.refresh_token, other), 200);
  EXPECT_EQ(revoke(tokens.access_token, other), 200);
  EXPECT_EQ(status_with(service, tokens.access_token), 200) << "of another application";

  EXPECT_EQ(revoke(tokens.access_token, basic), 200);
  EXPECT_EQ(status_with(service, tokens.access_token), 401);
  const Answer renewed = refresh(service, tokens.refresh_token);
  EXPECT_EQ(renewed.status, 200) << "the grant goes on";
  EXPECT_EQ(revoke(renewed.str("refresh_token"), basic), 200);
  EXPECT_EQ(status_with(service, renewed.str("access_token")), 401);
}

TEST(HarborOAuth, KeepsNoMoreThanItsLimits) {
  Options options;
  options.limits.grants = 3;
  options.refresh = {Rotation::none};
  TestService service(std::move(options));
  std::vector<Tokens> grants;
  for (int i = 0; i < 4; ++i) grants.push_back(service.harbor.grant("harbor_sandbox"));
  EXPECT_EQ(status_with(service, grants[0].access_token), 401) << "the oldest makes room";
  EXPECT_EQ(status_with(service, grants[1].access_token), 200);

  for (int i = 0; i < 16; ++i) refresh(service, grants[3].refresh_token);
  EXPECT_EQ(status_with(service, grants[3].access_token), 401) << "16 access tokens of a grant";
  const std::string old_code = code_of(service);
  for (int i = 0; i < 1000; ++i) code_of(service);
  EXPECT_EQ(spend(service, old_code).error(), "invalid_grant");
}

TEST(HarborOAuth, EachGrantHasItsOwnMinute) {
  Options options;
  options.requests_per_minute = 1;
  TestService service(std::move(options));
  const Tokens one = service.harbor.grant("harbor_sandbox"),
               two = service.harbor.grant("harbor_sandbox");
  EXPECT_EQ(status_with(service, one.access_token), 200);
  EXPECT_EQ(status_with(service, two.access_token), 200);
  const Answer renewed = refresh(service, one.refresh_token);
  EXPECT_EQ(status_with(service, renewed.str("access_token")), 429)
      << "a new token, the same grant";
}

}  // namespace
}  // namespace fairlead::sandbox
