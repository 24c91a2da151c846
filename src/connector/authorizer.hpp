// Credentials onto the outgoing request: the one place, with oauth.cpp, where the engine reveals a
// secret. Section 7.
#pragma once

#include "connector/call.hpp"
#include "connector/request_builder.hpp"

namespace fairlead::connector {

/// Which scheme fits (7.2, F23): the only one, else the one asked for, else by what is given. Empty
/// values are ignored; the largest satisfied required set wins;
/// real ties are an error.
Result<const AuthScheme*, CallError> choose_scheme(const Definition& definition,
                                                   std::string_view asked,
                                                   const CredentialFields& fields);

/// The auth parameters (`token`, `username`, ...) that the scheme's mapping makes of the user's
/// fields and the tokens.
Result<CredentialFields, CallError> auth_parameters(const AuthScheme& scheme,
                                                    const CredentialFields& fields,
                                                    const TokenState& tokens);

/// Adds the credentials to `draft`. Answers the secret values it put there (in the forms in which
/// they travel), for masking.
Result<std::vector<Secret>, CallError> authorize(const AuthScheme& scheme,
                                                 const CredentialFields& parameters,
                                                 const CredentialFields& fields,
                                                 RequestDraft& draft, Instant now);

/// As authorize, with *** for every secret; what a plan shows. Nothing secret is put into `draft`.
std::optional<CallError> authorize_masked(const AuthScheme& scheme,
                                          const CredentialFields& parameters,
                                          const CredentialFields& fields, RequestDraft& draft,
                                          Instant now);

/// Everything secret that a call holds, for masking.
std::vector<Secret> all_secrets(const CredentialFields& fields, const TokenState& tokens);

/// Replaces each secret of at least 8 bytes, and its base64, base64url, URL-encoded, JSON-escaped
/// and hex forms, by `mask`.
std::string masked(std::string text, const std::vector<Secret>& secrets,
                   std::string_view mask = "[redacted]");

}  // namespace fairlead::connector
