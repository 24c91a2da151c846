// Renewal of OAuth tokens: the request to the token endpoint and what its answer means. Section 7.4
// to 7.6.
#pragma once

#include "connector/call.hpp"

namespace fairlead::connector {

/// Why renewal failed: `permanent` (invalid_grant and the like: the user has to connect again) or
/// not.
// NOLINTNEXTLINE(clang-analyzer-core.uninitialized.Assign): it loses sight of it in coroutines
struct RenewalFailure {
  bool permanent = false;
  std::string message;  ///< never holds a token or the endpoint's whole answer
  int status = 0;
};

/// Whether the scheme can renew with what is there.
bool can_renew(const AuthScheme& scheme, const CredentialFields& fields, const TokenState& tokens);

/// One request to the token endpoint, on a fresh connection, never repeated. `tokens` are the ones
/// held now.
Task<Result<TokenState, RenewalFailure>> renew(
    net::HttpClient& client, const Definition& definition, const AuthScheme& scheme,
    const CredentialFields& fields, const TokenState& tokens, const ConfigValues& config,
    std::string pool, std::optional<net::Endpoint> connect_to, Instant now, Deadline deadline);

}  // namespace fairlead::connector
