// Tokens that Fairlead issues: application (15 minutes), scoped and widget (20 minutes).
#pragma once

#include "access/authenticator.hpp"
#include "access/workspaces.hpp"
#include "base/secret.hpp"
#include "store/database.hpp"
#include "vault/vault.hpp"

#include <chrono>

namespace fairlead::access {

class ClientVerifier;

inline constexpr std::chrono::seconds application_token_life{900};
inline constexpr std::chrono::seconds scoped_token_life{1200};
inline constexpr std::chrono::seconds widget_token_life{1200};

struct ApplicationToken {
  std::string access_token;
  std::chrono::seconds expires_in{application_token_life};
  OrganizationId organization_id;
};

struct ScopedTokenInfo {
  OrganizationId organization_id;
  WorkspaceId workspace_id;
  std::string workspace_name;
};

/// An exact browser origin: scheme://host[:port], lower case, https (http for localhost only),
/// no path, no wildcard, not "null".
class WidgetOrigin {
 public:
  static Result<WidgetOrigin> parse(std::string_view text);
  const std::string& str() const noexcept { return text_; }

 private:
  explicit WidgetOrigin(std::string text) : text_(std::move(text)) {}
  std::string text_;
};

/// Issues tokens. Safe to use from any thread.
class TokenIssuer {
 public:
  TokenIssuer(SigningKeys& keys, Epochs& epochs, ClientVerifier& clients, Workspaces& workspaces,
              const Clock& clock, std::string issuer);

  /// For the pair that a program was given. `address` is the peer's, for the limit on failures.
  /// Errors: unauthenticated (code `invalid_client`, the same for an unknown client and a wrong
  /// secret); for a wrong pair after 10 failures a minute of one client from one address, or 30 of
  /// one address, rate_limited with `retry_after`. A right pair is never limited.
  Task<Result<ApplicationToken>> application_token(std::string client_id, Secret client_secret,
                                                   std::string address);
  /// A token for one workspace, which is made when it is new. `caller` holds Right::mint_tokens.
  /// Errors: forbidden (code `workspace_inactive` when it is switched off).
  Task<Result<std::string>> scoped_token(Caller caller, WorkspaceName workspace);
  Task<Result<std::string>> widget_token(Caller caller, WorkspaceName workspace,
                                         WidgetOrigin allowed_origin);
  /// What a scoped token stands for. Errors: forbidden for other kinds of token.
  Task<Result<ScopedTokenInfo>> scoped_token_info(Caller caller);

 private:
  Task<Result<std::string>> workspace_token(Caller caller, WorkspaceName name, CallerKind kind,
                                            std::string origin);
  SigningKeys& keys_;
  Epochs& epochs_;
  ClientVerifier& clients_;
  Workspaces& workspaces_;
  const Clock& clock_;
  std::string issuer_;
};

}  // namespace fairlead::access
