#include "base/encoding.hpp"
#include "connector/engine.hpp"
#include "connector/testdata/engine_under_test.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <openssl/bio.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>

namespace fairlead::connector {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::StartsWith;
using namespace std::string_literals;

std::string oauth(const std::string& refresh, const std::string& rest = "") {
  return "securitySchemes:\n  o:\n    type: oauth2\n    flows:\n      authorizationCode:\n"
         "        authorizationUrl: https://login.example/a\n"
         "        tokenUrl: https://login.example/t\n"
         "        refreshUrl: https://login.example/t\n"
         "        scopes: {read: r, write: w}\n" +
         (refresh.empty() ? "" : "    x-airbyte-token-refresh: " + refresh + "\n") + rest;
}

class TokenTest : public EngineTest {
 protected:
  void use(const std::string& refresh, Given given, const std::string& method = "get") {
    definition_ =
        load_small({.method = method,
                    .action = method == "get" ? "list" : "create",
                    .operation = method == "get" ? ""
                                                 : "requestBody: {content: {application/json: "
                                                   "{schema: {properties: {a: {}}}}}}",
                    .components = oauth(refresh)});
    credentials_ = std::make_unique<HeldCredentials>(given);
  }
  Result<Outcome, CallError> execute_one(std::string_view params = "{}") {
    const auto& operation = *definition_->operations.front();
    return execute(call(*definition_, "things", std::string(name_of(operation.action)), params),
                   *credentials_);
  }
  std::shared_ptr<const Definition> definition_;
  std::unique_ptr<HeldCredentials> credentials_;
};

const char* const renewed = R"({"access_token":"access-token-2"})";

TEST_F(TokenTest, RequestsOfEachStyle) {
  struct Case {
    const char* refresh;
    Given given;
    const char* request;
  };
  const Given all{{"client_id", "c d"}, {"client_secret", "s:/"}, {"refresh_token", "R&"}};
  const char* const form_type = "Content-Type: application/x-www-form-urlencoded\n\n";
  const Case cases[] = {
      {"", all, "grant_type=refresh_token&refresh_token=R%26&client_id=c+d&client_secret=s%3A%2F"},
      {"", {{"refresh_token", "R"}, {"client_id", ""}}, "grant_type=refresh_token&refresh_token=R"},
      {"{auth_style: basic}", all, "grant_type=refresh_token&refresh_token=R%26"},
      {"{auth_style: none}", all, "grant_type=refresh_token&refresh_token=R%26"},
      {"{auth_style: body, body_format: json}", all,
       R"({"grant_type":"refresh_token","refresh_token":"R&","client_id":"c d","client_secret":"s:/"})"},
  };
  for (const Case& one : cases) {
    use(one.refresh, one.given);
    upstream_.will_answer(renewed).will_answer("[]");
    EXPECT_EQ(text(execute_one()), "[]");
    const bool basic = std::string_view(one.refresh).find("basic") != std::string_view::npos;
    const bool in_json = std::string_view(one.refresh).find("json") != std::string_view::npos;
    EXPECT_THAT(
        upstream_.take(),
        ElementsAre("POST login.example/t\nAccept: */*\n" +
                        (basic ? "Authorization: Basic " + to_base64("c+d:s%3A%2F") + "\n" : "") +
                        (in_json ? "Content-Type: application/json\n\n" : form_type) + one.request,
                    "GET api.acme.example/v1/things\nAccept: */*\nAuthorization: Bearer "
                    "access-token-2\n\n"));
  }
}

TEST_F(TokenTest, A401RenewsOnceAndTriesOnceMore) {
  for (const char* const method : {"get", "post"}) {
    use("", {{"access_token", "access-token-1"}, {"refresh_token", "R"}}, method);
    upstream_.will_answer(R"({"message":"expired"})", 401).will_answer(renewed).will_answer("{}");
    EXPECT_EQ(text(execute_one(R"({"a":1})")), "{}");
    const auto sent = upstream_.take();
    ASSERT_EQ(sent.size(), 3u);
    EXPECT_THAT(sent[0], HasSubstr("Bearer access-token-1"));
    EXPECT_THAT(sent[2], HasSubstr("Bearer access-token-2"));
    EXPECT_EQ(credentials_->renewals, 1);
  }
}

TEST_F(TokenTest, ASecond401IsRaised) {
  use("", {{"access_token", "access-token-1"}, {"refresh_token", "R"}});
  upstream_.will_answer("{}", 401).will_answer(renewed).will_answer(R"({"message":"no"})", 401);
  const auto outcome = execute_one();
  EXPECT_EQ(text(outcome), "authentication: Authentication failed: no (HTTP 401)");
  EXPECT_EQ(outcome.error().status, 401);
  EXPECT_EQ(upstream_.take().size(), 3u);
  EXPECT_EQ(credentials_->renewals, 1);
  // Neither after a token that was just obtained.
  use("", {{"refresh_token", "R"}});
  upstream_.will_answer(renewed).will_answer(R"({"message":"no"})", 401);
  EXPECT_EQ(text(execute_one()), "authentication: Authentication failed: no (HTTP 401)");
  EXPECT_EQ(upstream_.take().size(), 2u);
}

TEST_F(TokenTest, AFailedRenewalAfterA401LeavesThe401) {
  use("", {{"access_token", "access-token-1"}, {"refresh_token", "R"}});
  upstream_.will_answer(R"({"message":"expired"})", 401)
      .will_answer(R"({"error":"invalid_grant"})", 400);
  EXPECT_EQ(text(execute_one()), "authentication: Authentication failed: expired (HTTP 401)");
  EXPECT_EQ(upstream_.take().size(), 2u);
}

TEST_F(TokenTest, A403NeverRenews) {
  use("", {{"access_token", "access-token-1"}, {"refresh_token", "R"}});
  upstream_.will_answer(R"({"message":"no"})", 403);
  EXPECT_THAT(text(execute_one()), StartsWith("authentication"));
  EXPECT_EQ(upstream_.take().size(), 1u);
}

TEST_F(TokenTest, TheTokenEndpointMaySayNo) {
  struct Case {
    int status;
    const char* body;
    const char* message;
  };
  const Case cases[] = {
      {400, R"({"error":"invalid_grant","error_description":"revoked: refresh-token-1"})",
       "HTTP 400: invalid_grant: revoked: [redacted]"},
      {200, R"({"error":"bad_refresh_token"})", "HTTP 200: bad_refresh_token"},
      {200, R"({"token":"x"})", "the answer holds no access_token"},
      {200, R"({"access_token":""})", "the answer holds no access_token"},
      {200, "not json", "the answer holds no access_token"},
      {500, "<html>refresh-token-1</html>", "HTTP 500"},
      {302, "", "HTTP 302"},
  };
  for (const Case& one : cases) {
    use("", {{"refresh_token", "refresh-token-1"}});
    upstream_.will_answer(one.body, one.status, {{"Location", "https://evil.example/"}});
    const auto outcome = execute_one();
    EXPECT_EQ(text(outcome),
              "authentication: Failed to obtain access_token via token refresh: "s + one.message);
    EXPECT_EQ(outcome.error().status, 0) << "the service itself said nothing";
    EXPECT_EQ(upstream_.take().size(), 1u) << "never sent twice, never redirected";
  }
  use("", {{"refresh_token", "R"}});
  upstream_.will_answer(renewed, 201).will_answer("[]");
  EXPECT_EQ(text(execute_one()), "[]");
  use("", {{"refresh_token", "R"}});
  upstream_.will_answer("\xef\xbb\xbf"s + renewed).will_answer("[]");
  EXPECT_EQ(text(execute_one()), "[]") << "a byte order mark does not matter";
}

TEST_F(TokenTest, NothingToStartWith) {
  use("", {{"client_id", "c"}});
  EXPECT_THAT(text(execute_one()), StartsWith("authentication: "));
  EXPECT_THAT(upstream_.take(), IsEmpty());
}

TEST_F(TokenTest, ATokenIsRenewedBeforeItEnds) {
  struct Case {
    int seconds_left;
    bool renews, works_without;
  };
  for (const Case& one :
       {Case{61, false, true}, Case{60, true, true}, Case{1, true, true}, Case{-5, true, false}}) {
    const auto prepare = [&] {
      use("", {{"refresh_token", "R"}});
      credentials_->tokens.access_token = Secret("access-token-1");
      credentials_->tokens.expires_at = clock_.now() + std::chrono::seconds(one.seconds_left);
    };
    prepare();
    if (one.renews)
      upstream_.will_answer(R"({"access_token":"access-token-2","expires_in":"3600"})");
    upstream_.will_answer("[]");
    EXPECT_EQ(text(execute_one()), "[]") << one.seconds_left;
    EXPECT_EQ(credentials_->renewals, one.renews ? 1 : 0);
    if (one.renews) {
      EXPECT_EQ(credentials_->tokens.expires_at, clock_.now() + std::chrono::hours(1));
    }
    upstream_.take();
    if (!one.renews) continue;
    // The endpoint is away: what still lasts is used.
    prepare();
    upstream_.will_answer("", 503);
    if (one.works_without) upstream_.will_answer("[]");
    EXPECT_EQ(text(execute_one()) == "[]", one.works_without) << one.seconds_left;
    EXPECT_EQ(upstream_.take().size(), one.works_without ? 2u : 1u);
  }
}

TEST_F(TokenTest, NewerTokensOfAnotherCallAreUsedWithoutARenewal) {
  class Moving final : public CredentialSource {
   public:
    Task<Opened> open() override {
      Opened out;
      out.fields.emplace("refresh_token", Secret("R"));
      out.tokens.access_token = Secret("old-token");
      co_return out;
    }
    Task<Result<TokenState, RenewalFailure>> renew(
        const Secret&,
        std::function<Task<Result<TokenState, RenewalFailure>>(const Opened&)>) override {
      TokenState tokens;
      tokens.access_token = Secret("newer-token");
      co_return tokens;
    }
  };
  use("", {});
  Moving moving;
  upstream_.will_answer("{}", 401).will_answer("[]");
  EXPECT_EQ(text(execute(call(*definition_, "things", "list", "{}"), moving)), "[]");
  const auto sent = upstream_.take();
  ASSERT_EQ(sent.size(), 2u);
  EXPECT_THAT(sent[1], HasSubstr("Bearer newer-token"));
}

std::string new_rsa_key(EVP_PKEY** key) {
  *key = EVP_RSA_gen(2048);
  BIO* const bio = BIO_new(BIO_s_mem());
  PEM_write_bio_PKCS8PrivateKey(bio, *key, nullptr, nullptr, 0, nullptr, nullptr);
  char* bytes = nullptr;
  const long size = BIO_get_mem_data(bio, &bytes);
  std::string pem(bytes, static_cast<std::size_t>(size));
  BIO_free(bio);
  return pem;
}

TEST_F(TokenTest, AServiceAccountSignsItsAssertion) {
  EVP_PKEY* key = nullptr;
  const json::object account{{"client_email", "robot@p.example"},
                             {"private_key", new_rsa_key(&key)}};
  use("{grant_type: jwt_bearer}", {{"credentials_json", json::serialize(account)}});
  upstream_.will_answer(renewed).will_answer("[]");
  EXPECT_EQ(text(execute_one()), "[]");
  const auto sent = upstream_.take();
  ASSERT_EQ(sent.size(), 2u);
  const std::string begin =
      "POST login.example/t\nAccept: */*\nContent-Type: application/x-www-form-urlencoded\n\n"
      "grant_type=urn%3Aietf%3Aparams%3Aoauth%3Agrant-type%3Ajwt-bearer&assertion=";
  ASSERT_TRUE(sent[0].starts_with(begin)) << sent[0];
  const std::string token = sent[0].substr(begin.size());
  const auto dot = token.find('.'), second = token.find('.', dot + 1);
  EXPECT_EQ(from_base64url(token.substr(0, dot)), R"({"alg":"RS256","typ":"JWT"})");
  EXPECT_EQ(from_base64url(token.substr(dot + 1, second - dot - 1)),
            R"({"iss":"robot@p.example","scope":"read write","aud":"https://login.example/t",)"
            R"("iat":1770000000,"exp":1770003600})");
  const auto signature = from_base64url(token.substr(second + 1));
  ASSERT_TRUE(signature);
  EVP_MD_CTX* const digest = EVP_MD_CTX_new();
  EVP_DigestVerifyInit(digest, nullptr, EVP_sha256(), nullptr, key);
  EXPECT_EQ(EVP_DigestVerify(digest, reinterpret_cast<const unsigned char*>(signature->data()),
                             signature->size(),
                             reinterpret_cast<const unsigned char*>(token.data()), second),
            1);
  EVP_MD_CTX_free(digest);
  EVP_PKEY_free(key);
}

TEST_F(TokenTest, AServiceAccountThatCannotSign) {
  for (const char* const account :
       {"not json", "[]", R"({"client_email":"a"})", R"({"client_email":"a","private_key":"x"})"}) {
    use("{grant_type: jwt_bearer}", {{"credentials_json", account}});
    EXPECT_THAT(text(execute_one()),
                StartsWith("authentication: Failed to obtain access_token via token refresh: "));
    EXPECT_THAT(upstream_.take(), IsEmpty());
  }
}

}  // namespace
}  // namespace fairlead::connector
