#include "connector/oauth.hpp"

#include "base/clear.hpp"
#include "base/encoding.hpp"
#include "connector/answer_reader.hpp"
#include "connector/authorizer.hpp"
#include "connector/follow.hpp"
#include "connector/request_builder.hpp"
#include "connector/wire_text.hpp"

#include <fmt/format.h>
#include <openssl/bio.h>
#include <openssl/evp.h>
#include <openssl/pem.h>

#include <algorithm>
#include <memory>

namespace fairlead::connector {
namespace {

using Renewed = Result<TokenState, RenewalFailure>;

constexpr std::size_t answer_bytes = 256u << 10;
constexpr std::chrono::seconds whole_time{20};

RenewalFailure failure(std::string message) { return {false, std::move(message), 0}; }

const Secret* find(const CredentialFields& parameters, std::string_view name) {
  const auto found = parameters.find(name);
  return found == parameters.end() || found->second.empty() ? nullptr : &found->second;
}

// RS256 assertions (7.6).

template <class T, void (*release)(T*)>
struct Release {
  void operator()(T* pointer) const { release(pointer); }
};
using PrivateKey = std::unique_ptr<EVP_PKEY, Release<EVP_PKEY, EVP_PKEY_free>>;
using Digest = std::unique_ptr<EVP_MD_CTX, Release<EVP_MD_CTX, EVP_MD_CTX_free>>;
struct ReleaseBio {
  void operator()(BIO* bio) const { BIO_free(bio); }
};

/// Without this OpenSSL would ask for a passphrase on the terminal.
int no_passphrase(char*, int, int, void*) { return -1; }

std::optional<std::string> sign_rs256(std::string_view pem, std::string_view text) {
  const std::unique_ptr<BIO, ReleaseBio> bio(
      BIO_new_mem_buf(pem.data(), static_cast<int>(pem.size())));
  if (!bio) return std::nullopt;
  const PrivateKey key(PEM_read_bio_PrivateKey(bio.get(), nullptr, no_passphrase, nullptr));
  if (!key || EVP_PKEY_get_base_id(key.get()) != EVP_PKEY_RSA) return std::nullopt;
  const Digest digest(EVP_MD_CTX_new());
  const auto* const bytes = reinterpret_cast<const unsigned char*>(text.data());
  std::size_t size = 0;
  if (!digest || EVP_DigestSignInit(digest.get(), nullptr, EVP_sha256(), nullptr, key.get()) != 1 ||
      EVP_DigestSign(digest.get(), nullptr, &size, bytes, text.size()) != 1)
    return std::nullopt;
  std::string signature(size, '\0');
  if (EVP_DigestSign(digest.get(), reinterpret_cast<unsigned char*>(signature.data()), &size, bytes,
                     text.size()) != 1)
    return std::nullopt;
  signature.resize(size);
  return signature;
}

/// A JSON text that holds secrets; null when it is none.
json::value read_secrets(std::string_view text, ErasingMemory& memory) {
  json::error_code code;
  json::value tree = json::parse(key_of(text), code, &memory);
  return code ? json::value() : std::move(tree);
}

Result<Clear, RenewalFailure> assertion(const AuthScheme& scheme, const Secret& credentials,
                                        const std::string& audience, Instant now) {
  ErasingMemory memory;
  const json::value tree = read_secrets(credentials.reveal(), memory);
  const json::object* const account = tree.if_object();
  const json::string* const email = account ? find_string(*account, "client_email") : nullptr;
  const json::string* const key = account ? find_string(*account, "private_key") : nullptr;
  if (email == nullptr || key == nullptr)
    return failure(
        "credentials_json must be the JSON text of a service account, with "
        "client_email and private_key");
  const auto issued = std::chrono::duration_cast<std::chrono::seconds>(now.time_since_epoch());
  const json::object claims{{"iss", *email},
                            {"scope", fmt::format("{}", fmt::join(scheme.refresh.scopes, " "))},
                            {"aud", audience},
                            {"iat", issued.count()},
                            {"exp", issued.count() + 3600}};
  std::string payload;
  append_json(payload, claims);
  const std::string text =
      to_base64url(R"({"alg":"RS256","typ":"JWT"})") + '.' + to_base64url(payload);
  const auto signature = sign_rs256(fairlead::view(*key), text);
  if (!signature)
    return failure("the private_key in credentials_json is not a usable RSA key in PEM form");
  return Clear(text + '.' + to_base64url(*signature));
}

// The request.

/// What a token endpoint is told, by name.
using Grant = std::vector<std::pair<std::string, Clear>>;

Clear clear(const Secret& secret) { return Clear(std::string(secret.reveal())); }

Result<Grant, RenewalFailure> grant(const AuthScheme& scheme, const CredentialFields& parameters,
                                    const std::string& url, Instant now) {
  Grant said;
  if (scheme.refresh.grant == TokenRefresh::Grant::jwt_bearer) {
    const Secret* const account = find(parameters, "credentials_json");
    if (account == nullptr) return failure("the credentials give no credentials_json");
    auto text = assertion(scheme, *account, url, now);
    if (!text) return std::move(text).error();
    said.emplace_back("grant_type", Clear("urn:ietf:params:oauth:grant-type:jwt-bearer"));
    said.emplace_back("assertion", *std::move(text));
    return said;
  }
  const Secret* const refresh_token = find(parameters, "refresh_token");
  if (refresh_token == nullptr) return failure("the credentials give no refresh_token");
  said.emplace_back("grant_type", Clear("refresh_token"));
  said.emplace_back("refresh_token", clear(*refresh_token));
  if (scheme.refresh.client_auth == TokenRefresh::ClientAuth::body)
    for (const char* const name : {"client_id", "client_secret"})
      if (const Secret* const value = find(parameters, name))
        said.emplace_back(name, clear(*value));
  return said;
}

/// RFC 6749, section 2.3.1: both parts are form-encoded before they are joined.
Clear basic_client(const CredentialFields& parameters) {
  Clear pair;
  if (const Secret* const id = find(parameters, "client_id"))
    pair += fairlead::form_encode(id->reveal());
  pair += ":";
  if (const Secret* const secret = find(parameters, "client_secret"))
    pair += Clear(fairlead::form_encode(secret->reveal())).text;
  Clear header("Basic ");
  header += Clear(to_base64(pair.text)).text;
  return header;
}

Clear form_text(const Grant& said) {
  Clear out;
  for (const auto& [name, value] : said) {
    if (!out.text.empty()) out += "&";
    out += name;
    out += "=";
    out += Clear(fairlead::form_encode(value.text)).text;
  }
  return out;
}

Clear json_text(const Grant& said) {
  Clear out("{");
  for (const auto& [name, value] : said) {
    if (out.text.size() > 1) out += ",";
    out += "\"" + name + "\":";
    Clear quoted;
    quoted.text.reserve(6 * value.text.size() + 2);  // of which nothing takes more
    append_json_string(quoted.text, value.text);
    out += quoted.text;
  }
  out += "}";
  return out;
}

net::OutboundRequest token_request(const AuthScheme& scheme, const CredentialFields& parameters,
                                   const Grant& said, net::Url url) {
  net::OutboundRequest request;
  request.method = "POST";
  request.url = std::move(url);
  request.headers.set("Accept", "*/*");
  const bool form = scheme.refresh.body_format == TokenRefresh::BodyFormat::form;
  request.headers.set("Content-Type",
                      form ? "application/x-www-form-urlencoded" : "application/json");
  if (scheme.refresh.grant == TokenRefresh::Grant::refresh_token &&
      scheme.refresh.client_auth == TokenRefresh::ClientAuth::basic &&
      find(parameters, "client_id") != nullptr)
    request.headers.set("Authorization", basic_client(parameters).text);
  request.body = std::move((form ? form_text(said) : json_text(said)).text);
  request.connection = net::Connection::fresh;
  request.first_byte_time = whole_time;
  request.answer_bytes = answer_bytes;
  request.secret_answer = true;
  return request;
}

// The answer.

/// Errors after which only the user can help.
bool ends_the_grant(std::string_view error) {
  for (const std::string_view word : {"invalid_grant", "bad_refresh_token", "expired_token",
                                      "invalid_refresh_token", "token_revoked"})
    if (error == word) return true;
  return false;
}

RenewalFailure refused(int status, const json::object* body, const std::vector<Secret>& secrets) {
  RenewalFailure failed{false, fmt::format("HTTP {}", status), status};
  const json::string* const error = body != nullptr ? find_string(*body, "error") : nullptr;
  if (error == nullptr) {
    if (status == 200 || status == 201) failed.message = "the answer holds no access_token";
    return failed;
  }
  failed.permanent = ends_the_grant(fairlead::view(*error));
  failed.message += ": " + quotable(fairlead::view(*error).substr(0, 100));
  if (const json::string* const why = find_string(*body, "error_description"))
    failed.message += ": " + quotable(fairlead::view(*why).substr(0, 400));
  failed.message = masked(std::move(failed.message), secrets);
  return failed;
}

std::optional<std::chrono::seconds> life_of(const json::object& body) {
  const json::value* const value = body.if_contains("expires_in");
  const auto text = value != nullptr ? scalar_text(*value) : std::nullopt;
  if (!text || text->empty() || text->size() > 9 ||
      text->substr(0, text->find('.')).find_first_not_of("0123456789") != std::string::npos)
    return std::nullopt;
  return std::chrono::seconds(std::atoll(text->c_str()));
}

Renewed read_tokens(const AuthScheme& scheme, int status, std::string_view answer,
                    const TokenState& before, const std::vector<Secret>& secrets,
                    Instant asked_at) {
  ErasingMemory memory;
  const json::value tree = read_secrets(without_byte_order_mark(answer), memory);
  const json::object* const body = tree.if_object();
  const bool accepted = status == 200 || status == 201;
  const json::string* const access = body != nullptr ? find_string(*body, "access_token") : nullptr;
  if (!accepted || access == nullptr || access->empty()) return refused(status, body, secrets);
  TokenState tokens;
  tokens.access_token = Secret(fairlead::view(*access));
  const json::string* const rotated = find_string(*body, "refresh_token");
  tokens.refresh_token = rotated != nullptr && !rotated->empty() ? Secret(fairlead::view(*rotated))
                                                                 : before.refresh_token.duplicate();
  const json::string* const type = find_string(*body, "token_type");
  tokens.token_type = type != nullptr ? std::string(fairlead::view(*type)) : "Bearer";
  if (const auto life = life_of(*body)) tokens.expires_at = asked_at + *life;
  tokens.extracted = before.extracted;
  for (const std::string& name : scheme.token_extract) {
    const json::value* const value = body->if_contains(key_of(name));
    auto text = value != nullptr && !value->is_null() ? scalar_text(*value) : std::nullopt;
    if (text) tokens.extracted[name] = *std::move(text);
  }
  return tokens;
}

}  // namespace

bool can_renew(const AuthScheme& scheme, const CredentialFields& fields, const TokenState& tokens) {
  if (scheme.kind != AuthScheme::Kind::oauth2 || !scheme.refresh.url) return false;
  const auto parameters = auth_parameters(scheme, fields, tokens);
  const bool jwt = scheme.refresh.grant == TokenRefresh::Grant::jwt_bearer;
  return parameters && find(*parameters, jwt ? "credentials_json" : "refresh_token") != nullptr;
}

Task<Renewed> renew(net::HttpClient& client, const Definition& definition, const AuthScheme& scheme,
                    const CredentialFields& fields, const TokenState& tokens,
                    const ConfigValues& config, std::string pool,
                    std::optional<net::Endpoint> connect_to, Instant now, Deadline deadline) {
  if (!scheme.refresh.url) co_return failure("the definition names no refreshUrl");
  auto parameters = auth_parameters(scheme, fields, tokens);
  if (!parameters) co_return failure(parameters.error().message);
  const Secret* const id = find(*parameters, "client_id");
  const auto address = render_token_url(definition, scheme.refresh.url->source(), config,
                                        tokens.extracted, id != nullptr ? id->reveal() : "");
  if (!address) co_return failure(address.error().message);
  auto url = net::Url::parse(*address);
  if (!url) co_return failure(url.error().message);
  if (!url->https && !connect_to && !is_loopback(*url))
    co_return failure("the token endpoint must be https");
  auto said = grant(scheme, *parameters, *address, now);
  if (!said) co_return std::move(said).error();
  net::OutboundRequest request = token_request(scheme, *parameters, *said, *std::move(url));
  const net::WipedAtTheEnd wiped{request};
  request.pool = std::move(pool);
  request.connect_to = std::move(connect_to);
  const Deadline limit = deadline.within(whole_time);
  auto answer = co_await client.send(request, limit);
  if (!answer) co_return failure(std::move(answer).error().message);
  const Clear body(std::move(answer->body));
  const auto secrets = all_secrets(fields, tokens);
  co_return read_tokens(scheme, answer->status, body.text, tokens, secrets, now);
}

}  // namespace fairlead::connector
