// The text of our tokens: JWS compact, ES256, `typ: at+jwt` (RFC 7515, RFC 9068).
#pragma once

#include "access/epochs.hpp"
#include "base/error.hpp"

#include <optional>
#include <string>
#include <string_view>

namespace fairlead::access {

inline constexpr std::size_t most_token_bytes = 4096;

struct TokenClaims {
  std::string issuer, audience, subject, client_id;
  std::string kind;  ///< `tt`: "app", "scoped" or "widget"
  std::string organization;
  std::string workspace;  ///< empty for app
  std::string scope;
  std::int64_t issued_at = 0, not_before = 0, expires_at = 0;  ///< seconds since 1970
  std::string token_id;
  EpochNumbers epochs{};
  std::string origin;  ///< of widget tokens only
};

std::string write_claims(const TokenClaims& claims);
/// nullopt when a claim is missing, of another type, or stands twice.
std::optional<TokenClaims> read_claims(std::string_view json);

/// A token taken apart; nothing is checked but its form and its header.
struct ParsedToken {
  std::string_view signed_part;  ///< of the token's text: header.payload
  std::string key_id, payload, signature;
};
/// The header is exactly {"alg":"ES256","typ":"at+jwt","kid":...}, each part canonical base64url
/// without padding, the signature 64 bytes.
std::optional<ParsedToken> parse_token(std::string_view token);
std::string header_part(std::string_view key_id);

}  // namespace fairlead::access
