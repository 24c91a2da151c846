#include "connector/authorizer.hpp"

#include "base/encoding.hpp"
#include "connector/follow.hpp"
#include "connector/retry.hpp"
#include "connector/testdata/small_definition.hpp"

#include <gtest/gtest.h>

namespace fairlead::connector {
namespace {

const Instant now = Instant(std::chrono::seconds(1'770'000'000));

using Given = std::map<std::string, std::string>;

CredentialFields fields_of(const Given& given) {
  CredentialFields fields;
  for (const auto& [name, text] : given) fields.emplace(name, Secret(text));
  return fields;
}

std::shared_ptr<const Definition> with_schemes(const std::string& schemes) {
  return load_small({.components = "securitySchemes:\n" + indented(schemes, 2)});
}

/// The headers and query that a scheme makes of the given fields, or the error.
std::string sent(const std::string& scheme, const Given& given, const TokenState& tokens = {}) {
  const auto definition = with_schemes("s:\n" + indented(scheme, 2));
  const auto fields = fields_of(given);
  const AuthScheme& one = definition->schemes.front();
  const auto error_text = [](const CallError& error) {
    return std::string(name_of(error.kind)) + ": " + error.message;
  };
  const auto parameters = auth_parameters(one, fields, tokens);
  if (!parameters) return error_text(parameters.error());
  RequestDraft draft;
  draft.query = "a=1";
  const auto used = authorize(one, *parameters, fields, draft, now);
  if (!used) return error_text(used.error());
  std::string out;
  for (const net::Header& header : draft.headers) out += header.name + ": " + header.value + "|";
  return out + draft.query;
}

struct SentCase {
  const char* scheme;
  Given given;
  const char* sent;
};

TEST(Authorize, EachStrategy) {
  const SentCase cases[] = {
      {"type: http\nscheme: bearer", {{"token", "T"}}, "Authorization: Bearer T|a=1"},
      {"type: http\nscheme: Bearer", {{"token", "T"}}, "Authorization: Bearer T|a=1"},
      {"type: http\nscheme: basic",
       {{"username", "u"}, {"password", "p"}},
       "Authorization: Basic dTpw|a=1"},
      {"type: http\nscheme: basic",
       {{"username", ""}, {"password", ""}},
       "Authorization: Basic Og==|a=1"},
      {"type: http\nscheme: basic",
       {{"username", "\xc3\xbc"}, {"password", "x"}},
       "Authorization: Basic w7w6eA==|a=1"},
      {"type: apiKey\nname: X-Key\nin: header", {{"api_key", "k"}}, "X-Key: k|a=1"},
      {"type: apiKey\nname: key\nin: query", {{"api_key", "k&b=c"}}, "a=1&key=k%26b%3Dc"},
      {"type: apiKey\nname: sid\nin: cookie", {{"api_key", "k"}}, "Cookie: sid=k|a=1"},
      {"type: apiKey\nname: sid\nin: cookie",
       {{"api_key", "k; a=b"}},
       "credentials: A credential holds characters that cannot be sent (blanks at its ends, line "
       "ends, or letters outside ASCII?); it would go into 'Cookie'"},
      {"type: oauth2\nflows: {implicit: {scopes: {}}}",
       {{"access_token", "T"}},
       "Authorization: Bearer T|a=1"},
      {"type: oauth2\nflows: {implicit: {scopes: {}}}\nx-airbyte-token-refresh: {header: X-T, "
       "prefix: \"\"}",
       {{"access_token", "T"}},
       "X-T: T|a=1"},
      {"type: http\nscheme: bearer",
       {{"token", ""}},
       "authentication: Authentication failed: the credentials give no 'token' (scheme s)"},
      {"type: http\nscheme: bearer",
       {{"other", "x"}},
       "credentials: The credential field 'token' is missing"},
      {"type: http\nscheme: bearer", {}, "authentication: The credential field 'token' is missing"},
      {"type: http\nscheme: bearer",
       {{"token", "T "}},
       "credentials: A credential holds characters that cannot be sent (blanks at its ends, line "
       "ends, or letters outside ASCII?); it would go into 'Authorization'"},
      {"type: oauth2\nflows: {implicit: {scopes: {}}}",
       {},
       "authentication: Authentication failed: the credentials give no 'access_token' (scheme s)"},
  };
  for (const SentCase& one : cases) EXPECT_EQ(sent(one.scheme, one.given), one.sent) << one.scheme;
}

TEST(Authorize, ControlCharactersNeverReachTheWire) {
  for (const char* const token : {"a\r\nX: y", "a\nb", "\xc3\xbc"}) {
    const auto text = sent("type: http\nscheme: bearer", {{"token", token}});
    EXPECT_TRUE(text.starts_with("credentials: ")) << text;
    EXPECT_EQ(text.find("X: y"), std::string::npos);
  }
}

TEST(Mapping, IsOnePassOfSubstitution) {
  const auto config = [](const std::string& rest) {
    return "type: http\nscheme: basic\nx-airbyte-auth-config:\n  type: object\n  properties: {e: "
           "{type: string}, k: {type: string}}\n" +
           indented(rest, 2);
  };
  const std::string both =
      config("required: [e]\nauth_mapping: {username: \"${e}/token\", password: \"${k}\"}\n");
  EXPECT_EQ(sent(both, {{"e", "a@b"}, {"k", "x"}}),
            "Authorization: Basic " + to_base64("a@b/token:x") + "|a=1");
  // A value that looks like a hole is a value.
  EXPECT_EQ(sent(both, {{"e", "${k}"}, {"k", "x"}}),
            "Authorization: Basic " + to_base64("${k}/token:x") + "|a=1");
  // Optional and missing: the whole parameter is left out; required: an error.
  EXPECT_TRUE(sent(both, {{"e", "a"}}).starts_with("authentication: "));
  EXPECT_TRUE(sent(both, {{"k", "a"}}).starts_with("credentials: "));
  // Constants.
  EXPECT_EQ(sent(config("required: []\nauth_mapping: {username: \"${e}\", password: X}\n"
                        "additional_headers: {K: \"{{ k }}\"}\n"),
                 {{"e", "a"}, {"k", "header only"}}),
            "Authorization: Basic " + to_base64("a:X") + "|K: header only|a=1");
}

TEST(Headers, AdditionalOnesSeeParametersThenFields) {
  const std::string scheme =
      "type: oauth2\nflows: {implicit: {scopes: {}}}\nx-airbyte-auth-config:\n  type: object\n"
      "  required: [t]\n  properties: {t: {type: string}, dev: {type: string}}\n"
      "  auth_mapping: {access_token: \"${t}\"}\n"
      "  additional_headers: {authorization: \"Zoho-oauthtoken {{ access_token }}\", Dev: \"{{ dev "
      "}}\", None: \"x{{ nobody }}\", V: \"2\"}\n";
  EXPECT_EQ(sent(scheme, {{"t", "T"}, {"dev", "D"}}),
            "authorization: Zoho-oauthtoken T|Dev: D|None: x|V: 2|a=1");
  TokenState tokens;
  tokens.access_token = Secret("NEW");
  EXPECT_EQ(sent(scheme, {{"t", "T"}, {"dev", "D"}}, tokens),
            "authorization: Zoho-oauthtoken NEW|Dev: D|None: x|V: 2|a=1");
}

TEST(ChooseScheme, ByTheCredentialsThatAreThere) {
  const auto scheme = [](const char* name, const char* required) {
    return std::string(name) +
           ":\n  type: http\n  scheme: bearer\n  x-airbyte-auth-config: {type: object, required: " +
           required +
           ", properties: {token: {type: string}, email: {type: string}, k: {type: "
           "string}}, auth_mapping: {token: \"${token}${email}${k}\"}}\n";
  };
  const auto two = with_schemes(scheme("small", "[token]") + scheme("large", "[email, token]"));
  const auto tie = with_schemes(scheme("one", "[token]") + scheme("two", "[email]"));
  const auto only = with_schemes(scheme("only", "[token]"));
  const auto chosen = [](const Definition& definition, const char* asked, const Given& given) {
    const auto found = choose_scheme(definition, asked, fields_of(given));
    return found ? (*found)->name : found.error().message;
  };
  EXPECT_EQ(chosen(*two, "", {{"token", "x"}}), "small");
  EXPECT_EQ(chosen(*two, "", {{"token", "x"}, {"email", "y"}}), "large");
  EXPECT_EQ(chosen(*two, "", {{"token", "x"}, {"email", ""}}), "small");
  EXPECT_EQ(chosen(*two, "small", {{"token", "x"}, {"email", "y"}}), "small");
  EXPECT_EQ(chosen(*two, "smal", {}),
            "Unknown auth scheme 'smal'. Available schemes: small, large; did you mean 'small'?");
  EXPECT_EQ(chosen(*two, "", {{"k", "secret-value"}}),
            "Credentials do not match any auth scheme. Provided keys: ['k']. Available schemes: "
            "small (requires ['token']), large (requires ['email', 'token'])");
  EXPECT_TRUE(chosen(*two, "", {}).starts_with("Credentials do not match"));
  EXPECT_EQ(chosen(*tie, "", {{"token", "x"}, {"email", "y"}}),
            "Credentials match several auth schemes: one, two. Name the one to use");
  EXPECT_EQ(chosen(*only, "", {}), "only");
}

TEST(Masking, HidesEveryFormOfASecret) {
  const std::string secret = "s3cr\"t /+tok\xc3\xa9n";
  std::vector<Secret> secrets;
  secrets.emplace_back(secret);
  secrets.emplace_back("short");
  std::string json_form;
  append_json_string(json_form, secret);
  for (const std::string& form :
       {secret, to_base64(secret), to_base64url(secret), percent_encode(secret),
        form_encode(secret), to_hex(secret), json_form.substr(1, json_form.size() - 2)})
    EXPECT_EQ(masked("a " + form + " b " + form, secrets), "a [redacted] b [redacted]");
  EXPECT_EQ(masked("a short text", secrets), "a short text");
}

TEST(Masking, APlanHoldsNothingSecret) {
  const auto definition = with_schemes(
      "s:\n  type: http\n  scheme: basic\n  x-airbyte-auth-config: {type: object, required: [u, p, "
      "h], properties: {u: {type: string}, p: {type: string}, h: {type: string}}, auth_mapping: "
      "{username: \"${u}\", password: \"${p}\"}, additional_headers: {H: \"{{ h }}\"}}\n");
  const auto fields = fields_of({{"u", "me"}, {"p", "1"}, {"h", "2"}});
  const AuthScheme& scheme = definition->schemes.front();
  const auto parameters = auth_parameters(scheme, fields, {});
  RequestDraft draft;
  ASSERT_FALSE(authorize_masked(scheme, *parameters, fields, draft, now));
  EXPECT_EQ(*draft.headers.find("Authorization"), "Basic ***");
  EXPECT_EQ(*draft.headers.find("H"), "***");
}

TEST(Masking, APlanHidesAKeyInTheQuery) {
  const auto definition = with_schemes("s:\n  type: apiKey\n  name: key\n  in: query\n");
  const auto fields = fields_of({{"api_key", "k"}});
  const AuthScheme& scheme = definition->schemes.front();
  const auto parameters = auth_parameters(scheme, fields, {});
  RequestDraft draft;
  ASSERT_FALSE(authorize_masked(scheme, *parameters, fields, draft, now));
  EXPECT_EQ(draft.query, "key=***");
}

// follow.hpp

TEST(Follow, ReferencesAreResolved) {
  struct Case {
    const char *reference, *url;
  };
  const Case cases[] = {
      {"https://b.example/x?y=1#f", "https://b.example/x?y=1"},
      {"//b.example/x", "https://b.example/x"},
      {"/x/y?z", "https://a.example/x/y?z"},
      {"y", "https://a.example/v1/things/y"},
      {"../y", "https://a.example/v1/y"},
      {"../../../../y", "https://a.example/y"},
      {"./", "https://a.example/v1/things/"},
      {"?q=1", "https://a.example/v1/things/5?q=1"},
      {"", "https://a.example/v1/things/5?old=1"},
      {"#f", "https://a.example/v1/things/5?old=1"},
      {"/a b/\xc3\xbc", "https://a.example/a%20b/%C3%BC"},
      {"x:80/y", "error"},
      {"file:///etc/passwd", "error"},
      {"javascript:alert(1)", "error"},
      {"https://user@b.example/", "error"},
      {"https:b.example", "error"},
      {"/a\r\nb", "error"},
      {"https://b.example\\@evil.example/", "error"},
  };
  const auto base = net::Url::parse("https://a.example/v1/things/5?old=1");
  for (const Case& one : cases) {
    const auto url = resolve(*base, one.reference);
    EXPECT_EQ(url ? url->str() : "error", one.url) << one.reference;
  }
}

TEST(Follow, CredentialsGoOnlyBelowTheBase) {
  struct Case {
    const char* url;
    bool within;
  };
  const Case cases[] = {
      {"https://api.acme.example/v1", true},
      {"https://api.acme.example/v1/files/1?x=1", true},
      {"https://API.acme.example:443/v1/x", true},
      {"https://api.acme.example/v1evil/x", false},
      {"https://api.acme.example/", false},
      {"https://api.acme.example/v1/../v2/x", false},
      {"https://api.acme.example/v1/%2e%2e/v2/x", false},
      {"http://api.acme.example/v1/x", false},
      {"https://api.acme.example:444/v1/x", false},
      {"https://api.acme.example.evil.test/v1/x", false},
      {"https://evil.test/v1/x", false},
  };
  const auto base = net::Url::parse("https://api.acme.example/v1");
  for (const Case& one : cases)
    EXPECT_EQ(is_within(*base, *net::Url::parse(one.url)), one.within) << one.url;
  EXPECT_TRUE(
      is_within(*net::Url::parse("https://a.example"), *net::Url::parse("https://a.example/any")));
}

TEST(Follow, Loopback) {
  for (const char* const url :
       {"http://127.0.0.1/", "http://127.9.9.9/", "http://localhost/", "http://[::1]/"})
    EXPECT_TRUE(is_loopback(*net::Url::parse(url))) << url;
  for (const char* const url :
       {"http://127.evil.example/", "http://10.0.0.1/", "http://localhost.evil.example/"})
    EXPECT_FALSE(is_loopback(*net::Url::parse(url))) << url;
}

// retry.hpp

TEST(RetryAfter, InAllItsForms) {
  struct Case {
    const char* value;
    RetryPolicy::Format format;
    std::optional<double> seconds;
  };
  using Format = RetryPolicy::Format;
  const Case cases[] = {
      {"5", Format::seconds, 5},
      {" 2.5 ", Format::seconds, 2.5},
      {"1500", Format::milliseconds, 1.5},
      {"1770000009", Format::unix_timestamp, 9},
      {"1760000000", Format::unix_timestamp, 0},
      {"Mon, 02 Feb 2026 02:40:30 GMT", Format::seconds, 30},
      {"Monday, 02-Feb-26 02:40:30 GMT", Format::seconds, 30},
      {"Mon Feb  2 02:40:30 2026", Format::seconds, 30},
      {"Mon, 02 Feb 2026 02:40:30 GMT", Format::milliseconds, 30},
      {"Sun, 01 Feb 2026 00:00:00 GMT", Format::seconds, 0},
      {"-5", Format::seconds, std::nullopt},
      {"soon", Format::seconds, std::nullopt},
      {"", Format::seconds, std::nullopt},
      {"5x", Format::seconds, std::nullopt},
      {"nan", Format::seconds, std::nullopt},
      {"1e999", Format::seconds, std::nullopt},
  };
  for (const Case& one : cases) {
    RetryPolicy policy;
    policy.retry_after_header = "X-Wait";
    policy.retry_after_format = one.format;
    EXPECT_EQ(retry_after_seconds(policy, {{"x-wait", one.value}}, now), one.seconds) << one.value;
    EXPECT_EQ(retry_after_seconds(policy, {{"Retry-After", one.value}}, now), std::nullopt);
  }
}

FailedTry status(int code, std::optional<double> retry_after = {}) {
  return {code, std::nullopt, true, retry_after};
}
FailedTry failure(net::SendFailure::Reason reason, bool sent) {
  return {std::nullopt, reason, sent, std::nullopt};
}

TEST(Retry, DependsOnTheClassOfTheOperation) {
  using Reason = net::SendFailure::Reason;
  struct Case {
    FailedTry failed;
    int read, idempotent, unsafe;  // how many tries in all, of at most three
  };
  const Case cases[] = {
      {failure(Reason::connect, false), 3, 3, 2},
      {failure(Reason::resolve, false), 3, 3, 2},
      {failure(Reason::tls, false), 3, 3, 2},
      {failure(Reason::broken, true), 3, 2, 1},
      {failure(Reason::timed_out, true), 3, 2, 1},
      {failure(Reason::timed_out, false), 3, 3, 2},
      {failure(Reason::denied, false), 1, 1, 1},
      {failure(Reason::invalid_request, false), 1, 1, 1},
      {failure(Reason::too_large, true), 1, 1, 1},
      {status(429), 3, 3, 1},
      {status(429, 5), 3, 3, 1},
      {status(429, 31), 3, 1, 1},
      {status(500), 3, 1, 1},
      {status(502), 3, 2, 1},
      {status(503), 3, 2, 1},
      {status(504), 3, 2, 1},
      {status(400), 1, 1, 1},
      {status(401), 1, 1, 1},
      {status(404), 1, 1, 1},
      {status(501), 1, 1, 1},
  };
  const auto tries = [](Effect effect, const FailedTry& failed) {
    int made = 1;
    while (next_try({}, effect, failed, made)) ++made;
    return made;
  };
  for (const Case& one : cases) {
    const int what = one.failed.status.value_or(-1);
    EXPECT_EQ(tries(Effect::read, one.failed), one.read) << what;
    EXPECT_EQ(tries(Effect::idempotent, one.failed), one.idempotent) << what;
    EXPECT_EQ(tries(Effect::unsafe, one.failed), one.unsafe) << what;
  }
}

TEST(Retry, WaitsGrowUpToTheLimit) {
  RetryPolicy policy;
  policy.max_attempts = 10;
  policy.max_delay_seconds = 5;
  const auto wait = [&](int tries, std::optional<double> after = {}) {
    const auto found = next_try(policy, Effect::read, status(503, after), tries);
    return found ? found->seconds : -1;
  };
  EXPECT_EQ(wait(1), 1);
  EXPECT_EQ(wait(2), 2);
  EXPECT_EQ(wait(3), 4);
  EXPECT_EQ(wait(4), 5);
  EXPECT_EQ(wait(10), -1);
  EXPECT_EQ(wait(1, 3.5), 3.5);
  EXPECT_EQ(wait(1, 3600), 5);
  EXPECT_EQ(next_try(policy, Effect::read, status(429, 3), 1)->kind, Wait::Kind::retry_after);
  policy.on_timeout = policy.on_network_error = false;
  policy.statuses = {400};
  using Reason = net::SendFailure::Reason;
  EXPECT_FALSE(next_try(policy, Effect::read, failure(Reason::timed_out, true), 1));
  EXPECT_FALSE(next_try(policy, Effect::read, failure(Reason::connect, false), 1));
  EXPECT_TRUE(next_try(policy, Effect::read, status(400), 1));
  EXPECT_FALSE(next_try(policy, Effect::read, status(503), 1));
}

}  // namespace
}  // namespace fairlead::connector
