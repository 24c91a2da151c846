// Tokens: forged ones are refused, valid ones are accepted, ended ones end at once.
#include "access/jwt.hpp"
#include "access/signing_keys.hpp"
#include "base/digest.hpp"
#include "base/encoding.hpp"
#include "base/json.hpp"
#include "store/keys.hpp"
#include "support/eventually.hpp"
#include "support/forwarding_database.hpp"
#include "support/installation.hpp"

#include <gtest/gtest.h>
#include <openssl/bio.h>
#include <openssl/ec.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509.h>

#include <thread>

namespace fairlead::access {
namespace {

using namespace std::chrono_literals;
using fairlead::testing::eventually;
using fairlead::testing::ForwardingDatabase;
using fairlead::testing::Installation;

/// Signs whatever it is told to, with our own key or with an attacker's.
class Forger {
 public:
  explicit Forger(EVP_PKEY* key) : key_(key, &EVP_PKEY_free) {}

  static Forger attacker() { return Forger(EVP_EC_gen("P-256")); }
  static Forger with_our_key(Installation& house, std::string& kid) {
    const auto rows = run_to_end(
        house.database().read([](store::Connection& c) { return store::list_signing_keys(c); }));
    kid = rows.at(0).kid;
    const Secret text =
        house.vault().open_instance("signing-key/" + kid, rows.at(0).sealed).value();
    const std::string der = from_base64(text.reveal()).value();
    const auto* at = reinterpret_cast<const unsigned char*>(der.data());
    return Forger(d2i_AutoPrivateKey(nullptr, &at, static_cast<long>(der.size())));
  }

  std::string der_signature(std::string_view text) const {
    const std::unique_ptr<EVP_MD_CTX, decltype(&EVP_MD_CTX_free)> context(EVP_MD_CTX_new(),
                                                                          &EVP_MD_CTX_free);
    std::string der(80, '\0');
    std::size_t size = der.size();
    EXPECT_EQ(EVP_DigestSignInit(context.get(), nullptr, EVP_sha256(), nullptr, key_.get()), 1);
    EXPECT_EQ(EVP_DigestSign(context.get(), reinterpret_cast<unsigned char*>(der.data()), &size,
                             reinterpret_cast<const unsigned char*>(text.data()), text.size()),
              1);
    der.resize(size);
    return der;
  }
  std::string signature(std::string_view text) const {
    const std::string der = der_signature(text);
    const auto* at = reinterpret_cast<const unsigned char*>(der.data());
    ECDSA_SIG* parsed = d2i_ECDSA_SIG(nullptr, &at, static_cast<long>(der.size()));
    std::string raw(64, '\0');
    auto* out = reinterpret_cast<unsigned char*>(raw.data());
    BN_bn2binpad(ECDSA_SIG_get0_r(parsed), out, 32);
    BN_bn2binpad(ECDSA_SIG_get0_s(parsed), out + 32, 32);
    ECDSA_SIG_free(parsed);
    return raw;
  }
  std::string token(std::string_view header, std::string_view payload) const {
    const std::string text = to_base64url(header) + '.' + to_base64url(payload);
    return text + '.' + to_base64url(signature(text));
  }
  std::string public_pem() const {
    BIO* bio = BIO_new(BIO_s_mem());
    PEM_write_bio_PUBKEY(bio, key_.get());
    char* data = nullptr;
    const long size = BIO_get_mem_data(bio, &data);
    std::string pem(data, static_cast<std::size_t>(size));
    BIO_free(bio);
    return pem;
  }

 private:
  std::unique_ptr<EVP_PKEY, decltype(&EVP_PKEY_free)> key_;
};

std::string hs256(std::string_view header, std::string_view payload, std::string_view key) {
  const std::string text = to_base64url(header) + '.' + to_base64url(payload);
  return text + '.' + to_base64url(bytes_of(hmac_sha256(key, text)));
}

std::string replaced(std::string text, std::string_view from, std::string_view to) {
  const std::size_t at = text.find(from);
  EXPECT_NE(at, std::string::npos) << from;
  return text.replace(at, from.size(), to);
}

class TokenTest : public ::testing::Test {
 protected:
  TokenTest() : client_(house_.initialize()) {
    ours_ = std::make_unique<Forger>(Forger::with_our_key(house_, kid_));
    const std::string token = house_.application_token(client_);
    const auto parsed = parse_token(token);
    payload_ = json::parse(parsed->payload).as_object();
  }

  std::string header() const { return R"({"alg":"ES256","typ":"at+jwt","kid":")" + kid_ + "\"}"; }
  std::string payload() const { return json::serialize(payload_); }
  std::int64_t now() const {
    return std::chrono::duration_cast<std::chrono::seconds>(
               const_cast<Installation&>(house_).clock().now().time_since_epoch())
        .count();
  }
  std::string with_header(std::string_view text) const { return ours_->token(text, payload()); }
  /// Our own key and header over changed claims; a null value takes the claim away.
  std::string with_claims(const json::object& changes) const {
    json::object claims = payload_;
    for (const auto& [name, value] : changes) {
      if (value.is_null())
        claims.erase(name);
      else
        claims[name] = value;
    }
    return ours_->token(header(), json::serialize(claims));
  }
  std::string with_payload(std::string_view text) const { return ours_->token(header(), text); }
  Result<Caller> authenticate(const std::string& token) {
    return house_.access().authenticator().authenticate(token);
  }

  Installation house_;
  InitResult client_;
  std::string kid_;
  std::unique_ptr<Forger> ours_;
  json::object payload_;
};

TEST_F(TokenTest, ForgedTokensAreRefused) {
  const Forger attacker = Forger::attacker();
  const std::string good = house_.application_token(client_);
  const std::string scoped = house_.scoped_token(house_.authenticate(good), "acme");
  const auto part = [](const std::string& token, int index) {
    std::size_t from = 0;
    for (int i = 0; i < index; ++i) from = token.find('.', from) + 1;
    return token.substr(from, token.find('.', from) - from);
  };
  const std::string signed_part = good.substr(0, good.rfind('.'));
  const std::string signature = *from_base64url(part(good, 2));
  const std::string jwk =
      json::serialize(json::parse(house_.access().jwks()).as_object().at("keys").as_array().at(0));
  const std::string kid_member = R"(,"kid":")" + kid_ + "\"}";
  const std::string ws = WorkspaceId::random().str();

  struct Vector {
    const char* name;
    std::string token;
  };
  std::vector<Vector> vectors = {
      // the algorithm
      {"alg none, no signature", to_base64url(R"({"alg":"none","typ":"at+jwt")" + kid_member) +
                                     '.' + to_base64url(payload()) + '.'},
      {"alg none, two parts", to_base64url(R"({"alg":"none","typ":"at+jwt")" + kid_member) + '.' +
                                  to_base64url(payload())},
      {"alg none, our signature", with_header(R"({"alg":"none","typ":"at+jwt")" + kid_member)},
      {"alg None", with_header(R"({"alg":"None","typ":"at+jwt")" + kid_member)},
      {"alg es256", with_header(R"({"alg":"es256","typ":"at+jwt")" + kid_member)},
      {"alg ES384", with_header(R"({"alg":"ES384","typ":"at+jwt")" + kid_member)},
      {"alg RS256", with_header(R"({"alg":"RS256","typ":"at+jwt")" + kid_member)},
      {"alg EdDSA", with_header(R"({"alg":"EdDSA","typ":"at+jwt")" + kid_member)},
      {"alg missing", with_header(R"({"typ":"at+jwt")" + kid_member)},
      {"alg a list", with_header(R"({"alg":["ES256"],"typ":"at+jwt")" + kid_member)},
      {"HS256 with the public key as PEM",
       hs256(R"({"alg":"HS256","typ":"at+jwt")" + kid_member, payload(), ours_->public_pem())},
      {"HS256 with the public JWK",
       hs256(R"({"alg":"HS256","typ":"at+jwt")" + kid_member, payload(), jwk)},
      {"HS256 with an empty key",
       hs256(R"({"alg":"HS256","typ":"at+jwt")" + kid_member, payload(), "")},
      {"an HMAC under alg ES256", hs256(header(), payload(), ours_->public_pem())},
      // the key
      {"signed by another key, our kid", attacker.token(header(), payload())},
      {"signed by another key, its own kid",
       attacker.token(R"({"alg":"ES256","typ":"at+jwt","kid":"attacker"})", payload())},
      {"our signature, another kid",
       with_header(R"({"alg":"ES256","typ":"at+jwt","kid":"other"})")},
      {"kid missing", with_header(R"({"alg":"ES256","typ":"at+jwt"})")},
      {"kid empty", with_header(R"({"alg":"ES256","typ":"at+jwt","kid":""})")},
      {"kid a number", with_header(R"({"alg":"ES256","typ":"at+jwt","kid":1})")},
      {"kid a path", with_header(R"({"alg":"ES256","typ":"at+jwt","kid":"../../dev/null"})")},
      {"kid a query", with_header(R"({"alg":"ES256","typ":"at+jwt","kid":"' OR 1=1 --"})")},
      {"kid of 33 characters",
       with_header(R"({"alg":"ES256","typ":"at+jwt","kid":")" + std::string(33, 'a') + "\"}")},
      {"kid with a NUL",
       with_header(R"({"alg":"ES256","typ":"at+jwt","kid":")" + kid_ + R"(\u0000"})")},
      // members that point elsewhere
      {"jku",
       with_header(R"({"alg":"ES256","typ":"at+jwt","jku":"https://evil.example")" + kid_member)},
      {"jwk of the attacker",
       attacker.token(R"({"alg":"ES256","typ":"at+jwt","jwk":{"kty":"EC"})" + kid_member,
                      payload())},
      {"jwk of ours", with_header(R"({"alg":"ES256","typ":"at+jwt","jwk":)" + jwk + kid_member)},
      {"x5u",
       with_header(R"({"alg":"ES256","typ":"at+jwt","x5u":"https://evil.example")" + kid_member)},
      {"x5c", with_header(R"({"alg":"ES256","typ":"at+jwt","x5c":["MII="])" + kid_member)},
      {"crit", with_header(R"({"alg":"ES256","typ":"at+jwt","crit":["exp"])" + kid_member)},
      {"b64", with_header(R"({"alg":"ES256","typ":"at+jwt","b64":false)" + kid_member)},
      {"zip", with_header(R"({"alg":"ES256","typ":"at+jwt","zip":"DEF")" + kid_member)},
      {"cty", with_header(R"({"alg":"ES256","typ":"at+jwt","cty":"JWT")" + kid_member)},
      {"typ JWT", with_header(R"({"alg":"ES256","typ":"JWT")" + kid_member)},
      {"typ missing", with_header(R"({"alg":"ES256")" + kid_member)},
      // the header's text
      {"alg twice", with_header(R"({"alg":"none","alg":"ES256","typ":"at+jwt")" + kid_member)},
      {"kid twice", with_header(R"({"alg":"ES256","typ":"at+jwt","kid":"x")" + kid_member)},
      {"kid twice, one escaped",
       with_header(R"({"alg":"ES256","typ":"at+jwt","\u006bid":"x")" + kid_member)},
      {"header a list", with_header(R"(["ES256"])")},
      {"header no JSON", with_header("ES256")},
      {"header with text behind", with_header(header() + "x")},
      {"header empty", with_header("")},
      // claims under our own signature
      {"aud of MCP", with_claims({{"aud", std::string(fairlead::testing::public_url) + "/mcp"}})},
      {"aud of another host", with_claims({{"aud", "https://evil.example/api"}})},
      {"aud a list", with_claims({{"aud", json::array{payload_.at("aud")}}})},
      {"aud missing", with_claims({{"aud", nullptr}})},
      {"iss of another server", with_claims({{"iss", "https://evil.example"}})},
      {"iss with a slash behind",
       with_claims({{"iss", std::string(fairlead::testing::public_url) + "/"}})},
      {"iss missing", with_claims({{"iss", nullptr}})},
      {"tt missing", with_claims({{"tt", nullptr}})},
      {"tt unknown", with_claims({{"tt", "session"}})},
      {"tt mcp", with_claims({{"tt", "mcp"}})},
      {"tt empty", with_claims({{"tt", ""}})},
      {"app with a workspace", with_claims({{"ws", ws}})},
      {"scoped without a workspace", with_claims({{"tt", "scoped"}, {"scope", "scoped"}})},
      {"scoped with the scope of an admin", with_claims({{"tt", "scoped"}, {"ws", ws}})},
      {"scoped as app", with_claims({{"scope", "scoped"}})},
      {"workspace no id", with_claims({{"tt", "scoped"}, {"scope", "scoped"}, {"ws", "acme"}})},
      {"workspaces, two of them",
       with_claims({{"tt", "scoped"}, {"scope", "scoped"}, {"ws", json::array{ws, ws}}})},
      {"widget without an origin",
       with_claims({{"tt", "widget"}, {"scope", "widget"}, {"ws", ws}})},
      {"app with an origin", with_claims({{"ori", "https://app.example.com"}})},
      {"scope unknown", with_claims({{"scope", "owner"}})},
      {"scope missing", with_claims({{"scope", nullptr}})},
      {"expired this second", with_claims({{"exp", now()}})},
      {"expired by a second", with_claims({{"exp", now() - 1}})},
      {"exp missing", with_claims({{"exp", nullptr}})},
      {"exp text", with_claims({{"exp", std::to_string(now() + 900)}})},
      {"exp with a fraction", with_claims({{"exp", static_cast<double>(now()) + 900.5}})},
      {"exp beyond 64 bits",
       with_payload(replaced(payload(), std::to_string(now() + 900), "99999999999999999999"))},
      {"exp negative", with_claims({{"exp", -1}})},
      {"iat 31 s in the future", with_claims({{"iat", now() + 31}})},
      {"nbf 31 s in the future", with_claims({{"nbf", now() + 31}})},
      {"iat missing", with_claims({{"iat", nullptr}})},
      {"nbf missing", with_claims({{"nbf", nullptr}})},
      {"org no id", with_claims({{"org", "*"}})},
      {"org missing", with_claims({{"org", nullptr}})},
      {"org null", with_payload(replaced(payload(), "\"org\":", "\"org\":null,\"org_\":"))},
      {"client_id missing", with_claims({{"client_id", nullptr}})},
      {"jti missing", with_claims({{"jti", nullptr}})},
      {"ep missing", with_claims({{"ep", nullptr}})},
      {"ep of two", with_claims({{"ep", json::array{0, 0}}})},
      {"ep of texts", with_claims({{"ep", json::array{"0", "0", "0"}}})},
      {"ep negative", with_claims({{"ep", json::array{0, -1, 0}}})},
      {"exp twice", with_payload(replaced(payload(), "{", R"({"exp":99999999999,)"))},
      {"org twice", with_payload(replaced(payload(), "{", R"({"org":")" + random_uuid() + "\","))},
      {"payload a list", with_payload("[" + payload() + "]")},
      {"payload no JSON", with_payload("hello")},
      {"payload empty", with_payload("")},
      {"payload deep", with_payload(std::string(900, '[') + std::string(900, ']'))},
      {"payload not UTF-8", with_payload(replaced(payload(), "{", "{\"x\":\"\xff\","))},
      // the form
      {"empty", ""},
      {"one dot", "."},
      {"two dots", ".."},
      {"dots only", std::string(300, '.')},
      {"with Bearer before", "Bearer " + good},
      {"a blank before", " " + good},
      {"a line end behind", good + "\n"},
      {"a NUL behind", good + std::string(1, '\0')},
      {"a dot behind", good + "."},
      {"two parts", signed_part},
      {"five parts", good + ".AA.AA"},
      {"no signature", signed_part + "."},
      {"padded signature", good + "=="},
      {"padded payload", part(good, 0) + "." + part(good, 1) + "=." + part(good, 2)},
      {"standard base64", signed_part + "." + to_base64(signature)},
      {"signature of 63 bytes", signed_part + "." + to_base64url(signature.substr(0, 63))},
      {"signature of 65 bytes", signed_part + "." + to_base64url(signature + "x")},
      {"signature of zeros", signed_part + "." + to_base64url(std::string(64, '\0'))},
      {"signature of ones", signed_part + "." + to_base64url(std::string(64, '\xff'))},
      {"signature with r and s exchanged",
       signed_part + "." + to_base64url(signature.substr(32) + signature.substr(0, 32))},
      {"signature in DER", signed_part + "." + to_base64url(ours_->der_signature(signed_part))},
      {"payload of another token", part(good, 0) + "." + part(scoped, 1) + "." + part(good, 2)},
      {"signature of another token", signed_part + "." + part(scoped, 2)},
      {"5 KiB", with_claims({{"x", std::string(3600, 'x')}})},
      {"1 MiB", std::string(1 << 20, 'a')},
      {"a client secret", std::string(make_client_secret().reveal())},
  };
  EXPECT_GE(vectors.size(), 60u);
  for (const std::size_t size : {std::size_t{4097}, std::size_t{5 * 1024}}) {
    // Of a valid token that is only too long.
    std::string longer;
    for (std::size_t fill = 1; longer.size() < size; fill += 1)
      if (fill > size / 2) longer = with_claims({{"x", std::string(fill, 'x')}});
    vectors.push_back({"too long", longer});
  }

  int accepted = 0;
  // Twice: what was refused is not remembered as good, and what is remembered lends nobody its
  // signature.
  for (int round = 0; round < 2; ++round) {
    for (const Vector& vector : vectors) {
      const auto caller = authenticate(vector.token);
      if (caller) ++accepted;
      EXPECT_FALSE(caller) << vector.name;
      if (!caller) EXPECT_EQ(caller.error().kind, ErrorKind::unauthenticated) << vector.name;
    }
    ASSERT_TRUE(authenticate(good) && authenticate(scoped));
  }
  EXPECT_EQ(accepted, 0) << "of " << vectors.size();
  for (const Vector& vector : vectors)
    EXPECT_FALSE(run_to_end(house_.access().authenticator().authenticate_with_reload(vector.token)))
        << vector.name;
}

TEST_F(TokenTest, AChangeOfAnyCharacterIsRefused) {
  const std::string good = house_.application_token(client_);
  for (const char* state : {"not seen before", "remembered as good"}) {
    for (std::size_t i = 0; i < good.size(); ++i)
      for (const char c : {'A', 'B', '.', '_', '='}) {
        if (good[i] == c) continue;
        std::string changed = good;
        changed[i] = c;
        EXPECT_FALSE(authenticate(changed)) << "position " << i << ", " << c << ", " << state;
      }
    EXPECT_TRUE(authenticate(good));
  }
}

TEST_F(TokenTest, ValidControlsAreAccepted) {
  const Caller caller = house_.caller(client_);
  struct Control {
    const char* name;
    std::string token;
  };
  const Control controls[] = {
      {"application", house_.application_token(client_)},
      {"scoped", house_.scoped_token(caller, "acme")},
      {"widget", house_.widget_token(caller, "acme", "https://app.example.com")},
      {"signed by hand", with_payload(payload())},
      {"expires in a second", with_claims({{"exp", now() + 1}})},
      {"iat 30 s in the future", with_claims({{"iat", now() + 30}})},
      {"nbf 30 s in the future", with_claims({{"nbf", now() + 30}})},
      {"a claim of a later version", with_claims({{"later", "x"}})},
      {"a revocation that another server knows of", with_claims({{"ep", json::array{7, 7, 0}}})},
      {"a member's", with_claims({{"scope", "member"}})},
      {"4,000 bytes", with_claims({{"x", std::string(2200, 'x')}})},
  };
  for (int round = 0; round < 2; ++round)
    for (const Control& control : controls)
      EXPECT_TRUE(authenticate(control.token)) << control.name;
}

TEST_F(TokenTest, TheCallerIsWhatTheTokenSays) {
  const Caller application = house_.caller(client_);
  EXPECT_EQ(application.organization(), client_.organization_id);
  EXPECT_EQ(application.client(), client_.client_id);
  EXPECT_EQ(application.kind(), CallerKind::application);
  EXPECT_EQ(application.role(), Role::admin);
  EXPECT_FALSE(application.workspace());
  EXPECT_FALSE(application.token_id().empty());
  EXPECT_TRUE(application.reaches(WorkspaceId::random()));

  const Caller scoped = house_.authenticate(house_.scoped_token(application, "acme"));
  EXPECT_EQ(scoped.kind(), CallerKind::scoped);
  EXPECT_EQ(scoped.role(), Role::member);
  ASSERT_TRUE(scoped.workspace());
  EXPECT_TRUE(scoped.reaches(*scoped.workspace()));
  EXPECT_FALSE(scoped.reaches(WorkspaceId::random()));
  EXPECT_EQ(scoped.allowed_origin(), "");

  const Caller widget =
      house_.authenticate(house_.widget_token(application, "acme", "http://localhost:3000"));
  EXPECT_EQ(widget.kind(), CallerKind::widget);
  EXPECT_EQ(widget.workspace(), scoped.workspace());
  EXPECT_EQ(widget.allowed_origin(), "http://localhost:3000");
}

TEST_F(TokenTest, RightsAreThoseOfTheTable) {
  const Caller admin = house_.caller(client_);
  const Caller member = authenticate(with_claims({{"scope", "member"}})).value();
  const Caller scoped = house_.authenticate(house_.scoped_token(admin, "acme"));
  const Caller widget =
      house_.authenticate(house_.widget_token(admin, "acme", "https://app.example.com"));
  struct Row {
    Right right;
    bool admin, member, scoped, widget;
  };
  const Row rows[] = {
      {Right::mint_tokens, true, true, false, false},
      {Right::list_workspaces, true, true, false, false},
      {Right::administer_workspaces, true, false, false, false},
      {Right::administer_organization, true, false, false, false},
      {Right::manage_connectors, true, true, true, true},
      {Right::list_connectors, true, true, true, true},
      {Right::read_connectors, true, true, true, false},
      {Right::read_definitions, true, true, true, true},
      {Right::execute, true, true, true, false},
      {Right::read_tool_calls, true, true, true, false},
  };
  for (const Row& row : rows) {
    const int name = static_cast<int>(row.right);
    EXPECT_EQ(is_allowed(admin, row.right), row.admin) << name;
    EXPECT_EQ(is_allowed(member, row.right), row.member) << name;
    EXPECT_EQ(is_allowed(scoped, row.right), row.scoped) << name;
    EXPECT_EQ(is_allowed(widget, row.right), row.widget) << name;
    const auto checked = check_right(widget, row.right);
    EXPECT_EQ(static_cast<bool>(checked), row.widget);
    if (!checked) EXPECT_EQ(checked.error().kind, ErrorKind::forbidden);
  }
}

TEST_F(TokenTest, TokensEndToTheSecond) {
  const Caller caller = house_.caller(client_);
  struct Life {
    std::string token;
    std::chrono::seconds life;
  };
  const Life lives[] = {
      {house_.application_token(client_), 900s},
      {house_.scoped_token(caller, "acme"), 1200s},
      {house_.widget_token(caller, "acme", "https://app.example.com"), 1200s},
  };
  auto& authenticator = house_.access().authenticator();
  auto passed = 0s;
  for (const Life& one : lives) {
    const auto ask = [&] { return run_to_end(authenticator.authenticate_with_reload(one.token)); };
    if (one.life != passed) {
      house_.clock().advance(one.life - 1s - passed);
      passed = one.life - 1s;
      EXPECT_TRUE(ask());
      house_.clock().advance(1s);
      passed = one.life;
    }
    const auto ended = ask();
    ASSERT_FALSE(ended);
    EXPECT_EQ(ended.error().code, "token_expired");
  }
}

TEST_F(TokenTest, NothingIsAcceptedWhenRevocationsCannotBeRead) {
  const std::string token = house_.application_token(client_);
  EXPECT_TRUE(authenticate(token));
  house_.clock().advance(10s);
  EXPECT_TRUE(authenticate(token));
  house_.clock().advance(1s);
  const auto stale = authenticate(token);
  ASSERT_FALSE(stale);
  EXPECT_EQ(stale.error().kind, ErrorKind::unavailable);
  EXPECT_EQ(stale.error().code, "epochs_stale");
  EXPECT_TRUE(Authenticator::may_succeed_after_reload(stale.error()));
  EXPECT_TRUE(run_to_end(house_.access().authenticator().authenticate_with_reload(token)));
  EXPECT_TRUE(authenticate(token)) << "read again";
  house_.clock().advance(-1h);
  EXPECT_EQ(authenticate(token).error().code, "token_invalid") << "from the future";
}

TEST_F(TokenTest, SigningKeysChangeWithoutEndingTokens) {
  const auto kids = [&](const std::string& jwks) {
    std::vector<std::string> names;
    const json::value document = json::parse(jwks);
    for (const auto& key : document.as_object().at("keys").as_array()) {
      names.emplace_back(view(key.as_object().at("kid").as_string()));
      EXPECT_FALSE(key.as_object().contains("d")) << "a private key in public";
    }
    return names;
  };
  const auto kid_of = [](const std::string& token) { return parse_token(token)->key_id; };
  Access& access = house_.access();
  ASSERT_EQ(kids(access.jwks()), std::vector{kid_});

  house_.clock().advance(std::chrono::days(29) - 1s);
  run_to_end(access.poll());
  EXPECT_EQ(kids(access.jwks()).size(), 1u);
  house_.clock().advance(1s);
  run_to_end(access.poll());
  ASSERT_EQ(kids(access.jwks()).size(), 2u) << "published 24 hours before use";
  const std::string next = kids(access.jwks())[1];
  run_to_end(access.poll());
  EXPECT_EQ(kids(access.jwks()).size(), 2u);
  EXPECT_EQ(kid_of(house_.application_token(client_)), kid_);

  house_.clock().advance(24h - 1s);
  run_to_end(access.poll());
  const std::string last_of_old = house_.application_token(client_);
  EXPECT_EQ(kid_of(last_of_old), kid_);
  house_.clock().advance(1s);
  run_to_end(access.poll());
  EXPECT_EQ(kid_of(house_.application_token(client_)), next);
  EXPECT_TRUE(authenticate(last_of_old));

  const std::string long_lived = with_claims({{"exp", now() + 10 * 86400}});
  house_.clock().advance(24h);
  run_to_end(access.poll());
  EXPECT_TRUE(authenticate(long_lived));
  house_.clock().advance(62s);
  run_to_end(access.poll());
  EXPECT_EQ(kids(access.jwks()), std::vector{next}) << "gone 24 hours after its last use";
  EXPECT_FALSE(authenticate(long_lived));
}

TEST_F(TokenTest, AnotherServersNewKeyIsFoundOnceAsked) {
  const auto other = house_.another_server();
  house_.clock().advance(std::chrono::days(60));
  run_to_end(other->poll());
  house_.clock().advance(24h);
  run_to_end(other->poll());
  const auto issued = run_to_end(other->tokens().application_token(
      client_.client_id.str(), client_.client_secret.duplicate(), "127.0.0.1"));
  ASSERT_TRUE(issued);
  ASSERT_NE(parse_token(issued->access_token)->key_id, kid_);
  const auto first = authenticate(issued->access_token);
  ASSERT_FALSE(first);
  EXPECT_TRUE(Authenticator::may_succeed_after_reload(first.error()));
  (void)run_to_end(house_.access().authenticator().authenticate_with_reload("x.y.z"));
  const auto found =
      run_to_end(house_.access().authenticator().authenticate_with_reload(issued->access_token));
  // The revocations are stale after so long; the key itself was found.
  EXPECT_TRUE(found || found.error().code == "epochs_stale");
  run_to_end(house_.access().poll());
  EXPECT_TRUE(authenticate(issued->access_token));
}

/// Another database, some of whose answers arrive late.
class LateDatabase final : public ForwardingDatabase {
 public:
  using ForwardingDatabase::ForwardingDatabase;
  bool is_late = false;
  void deliver() {
    for (const auto& answer : std::exchange(held_, {})) answer();
  }

 private:
  void submit(Mode mode, std::function<void(store::Connection&)> work,
              std::function<void(std::exception_ptr)> done) override {
    std::exception_ptr failure;
    try {
      run_to_end(forward(mode, std::move(work)));
    } catch (...) {
      failure = std::current_exception();
    }
    if (is_late)
      held_.push_back([done = std::move(done), failure] { done(failure); });
    else
      done(failure);
  }

  std::vector<std::function<void()>> held_;
};

TEST_F(TokenTest, AReloadThatReadEarlierDoesNotUndoALaterOne) {
  LateDatabase database(house_.database());
  const auto keys = run_to_end(SigningKeys::open(database, house_.vault(), house_.clock()));
  const std::string before = keys->jwks();

  database.is_late = true;
  asio::io_context slow(1);
  bool ended = false;
  asio::co_spawn(slow, keys->reload(), [&](std::exception_ptr) { ended = true; });
  slow.poll();  // it has read; the answer is on its way
  database.is_late = false;

  house_.clock().advance(std::chrono::days(29));
  run_to_end(house_.access().poll());  // makes the next key
  run_to_end(keys->reload());
  const std::string after = keys->jwks();
  ASSERT_NE(after, before);

  database.deliver();
  slow.restart();
  slow.run();
  EXPECT_TRUE(ended);
  EXPECT_EQ(keys->jwks(), after);
}

TEST_F(TokenTest, ManyThreadsAuthenticateWhileTokensAreRevoked) {
  const Caller caller = house_.caller(client_);
  std::vector<std::string> tokens;
  for (int i = 0; i < 20; ++i)
    tokens.push_back(house_.scoped_token(caller, "w" + std::to_string(i % 4)));
  std::atomic<bool> done{false};
  std::atomic<int> accepted{0};
  std::vector<std::thread> threads;
  for (int t = 0; t < 3; ++t)
    threads.emplace_back([&] {
      while (!done)
        for (const std::string& token : tokens)
          if (authenticate(token)) ++accepted;
    });
  auto& workspaces = house_.access().workspaces();
  EXPECT_TRUE(eventually([&] { return accepted >= 200; }));
  for (int i = 0; i < 4; ++i) {
    const auto name = WorkspaceName::parse("w" + std::to_string(i)).value();
    const auto workspace = run_to_end(workspaces.find_by_name(caller, name));
    EXPECT_TRUE(run_to_end(workspaces.remove(caller, workspace->id)));
  }
  done = true;
  for (auto& thread : threads) thread.join();
  for (const std::string& token : tokens)
    EXPECT_EQ(authenticate(token).error().code, "token_revoked");
}

}  // namespace
}  // namespace fairlead::access
