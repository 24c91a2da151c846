#include "access/jwt.hpp"

#include "base/encoding.hpp"
#include "base/json.hpp"

#include <algorithm>

namespace fairlead::access {
namespace {

constexpr JsonLimits limits{.bytes = most_token_bytes, .depth = 4, .nodes = 64};

/// Reads members of one object; `good` turns false at the first that is not as it should be.
class Members {
 public:
  explicit Members(const json::object& object) : object_(object) {}
  bool good = true;

  std::string text(std::string_view name) {
    const json::string* found = find_string(object_, name);
    if (found == nullptr) good = false;
    return found == nullptr ? std::string() : std::string(view(*found));
  }
  std::string optional_text(std::string_view name) {
    return object_.contains(name) ? text(name) : std::string();
  }
  std::int64_t seconds(std::string_view name) { return integer(object_.if_contains(name)); }
  EpochNumbers epochs(std::string_view name) {
    EpochNumbers numbers{};
    const json::value* found = object_.if_contains(name);
    const json::array* array = found == nullptr ? nullptr : found->if_array();
    if (array == nullptr || array->size() != numbers.size()) {
      good = false;
      return numbers;
    }
    for (std::size_t i = 0; i < numbers.size(); ++i) numbers[i] = integer(&(*array)[i]);
    return numbers;
  }

 private:
  std::int64_t integer(const json::value* value) {
    if (value == nullptr || !value->is_int64() || value->get_int64() < 0) {
      good = false;
      return 0;
    }
    return value->get_int64();
  }
  const json::object& object_;
};

bool is_key_id(std::string_view text) {
  return !text.empty() && text.size() <= 32 &&
         text.find_first_not_of(
             "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_-") ==
             std::string_view::npos;
}

/// The key id of a header that has exactly our three members.
std::optional<std::string> read_header(std::string_view text) {
  const auto header = parse_json_object(text, "token header", limits);
  if (!header || header->size() != 3) return std::nullopt;
  Members members(*header);
  const std::string algorithm = members.text("alg"), type = members.text("typ"),
                    key_id = members.text("kid");
  if (!members.good || algorithm != "ES256" || type != "at+jwt" || !is_key_id(key_id))
    return std::nullopt;
  return key_id;
}

}  // namespace

std::string write_claims(const TokenClaims& claims) {
  json::object object{{"iss", claims.issuer},     {"aud", claims.audience},
                      {"sub", claims.subject},    {"client_id", claims.client_id},
                      {"tt", claims.kind},        {"org", claims.organization},
                      {"scope", claims.scope},    {"iat", claims.issued_at},
                      {"nbf", claims.not_before}, {"exp", claims.expires_at},
                      {"jti", claims.token_id},   {"ep", json::value_from(claims.epochs)}};
  if (!claims.workspace.empty()) object["ws"] = claims.workspace;
  if (!claims.origin.empty()) object["ori"] = claims.origin;
  return json::serialize(object);
}

std::optional<TokenClaims> read_claims(std::string_view text) {
  const auto object = parse_json_object(text, "token", limits);
  if (!object) return std::nullopt;
  Members members(*object);
  TokenClaims claims{.issuer = members.text("iss"),
                     .audience = members.text("aud"),
                     .subject = members.text("sub"),
                     .client_id = members.text("client_id"),
                     .kind = members.text("tt"),
                     .organization = members.text("org"),
                     .workspace = members.optional_text("ws"),
                     .scope = members.text("scope"),
                     .issued_at = members.seconds("iat"),
                     .not_before = members.seconds("nbf"),
                     .expires_at = members.seconds("exp"),
                     .token_id = members.text("jti"),
                     .epochs = members.epochs("ep"),
                     .origin = members.optional_text("ori")};
  if (!members.good) return std::nullopt;
  return claims;
}

std::optional<ParsedToken> parse_token(std::string_view token) {
  if (token.empty() || token.size() > most_token_bytes) return std::nullopt;
  const std::size_t first = token.find('.'), last = token.rfind('.');
  if (first == std::string_view::npos || first == last || token.find('.', first + 1) != last)
    return std::nullopt;
  const auto header = from_base64url(token.substr(0, first));
  if (!header) return std::nullopt;
  auto key_id = read_header(*header);
  if (!key_id) return std::nullopt;
  auto payload = from_base64url(token.substr(first + 1, last - first - 1));
  auto signature = from_base64url(token.substr(last + 1));
  if (!payload || !signature || signature->size() != 64) return std::nullopt;
  return ParsedToken{token.substr(0, last), *std::move(key_id), *std::move(payload),
                     *std::move(signature)};
}

std::string header_part(std::string_view key_id) {
  return to_base64url(R"({"alg":"ES256","typ":"at+jwt","kid":")" + std::string(key_id) + "\"}");
}

}  // namespace fairlead::access
