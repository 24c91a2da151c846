#include "access/tokens.hpp"

#include "access/client_verifier.hpp"
#include "access/epochs.hpp"
#include "access/signing_keys.hpp"
#include "base/digest.hpp"
#include "base/encoding.hpp"

#include <charconv>

namespace fairlead::access {
namespace {

Error not_an_origin(const std::string& why) {
  return invalid_field(
      "allowed_origin",
      "allowed_origin must be an exact origin such as https://app.example.com: " + why, "origin");
}

bool is_local(std::string_view host) {
  return host == "localhost" || host == "127.0.0.1" || host == "[::1]";
}

bool is_host(std::string_view host) {
  if (host == "[::1]") return true;
  if (host.empty() || host.size() > 253 || host.front() == '.' || host.front() == '-' ||
      host.back() == '.' || host.find("..") != std::string_view::npos)
    return false;
  return host.find_first_not_of("abcdefghijklmnopqrstuvwxyz0123456789.-") == std::string_view::npos;
}

bool is_port(std::string_view text) {
  unsigned port = 0;
  const auto [end, failure] = std::from_chars(text.data(), text.data() + text.size(), port);
  return failure == std::errc() && end == text.data() + text.size() && text.front() != '0' &&
         port <= 65535;
}

TokenClaims claims_for(std::string_view issuer, Instant now, std::chrono::seconds life) {
  TokenClaims claims;
  claims.issuer = issuer;
  claims.audience = claims.issuer + "/api";
  claims.issued_at = std::chrono::floor<std::chrono::seconds>(now).time_since_epoch().count();
  claims.not_before = claims.issued_at;
  claims.expires_at = claims.issued_at + life.count();
  claims.token_id = to_base64url(random_bytes(16));
  return claims;
}

}  // namespace

Result<WidgetOrigin> WidgetOrigin::parse(std::string_view text) {
  const std::size_t scheme_end = text.find("://");
  if (scheme_end == std::string_view::npos) return not_an_origin("scheme://host[:port]");
  const std::string_view scheme = text.substr(0, scheme_end);
  std::string_view rest = text.substr(scheme_end + 3);
  if (rest.find_first_of("/?#@\\") != std::string_view::npos)
    return not_an_origin("no path, and no / at the end");
  const std::size_t colon = rest.find(':', rest.starts_with('[') ? rest.find(']') : 0);
  const std::string_view host = rest.substr(0, colon);
  if (!is_host(host)) return not_an_origin("a lower-case host name, without wildcards");
  if (colon != std::string_view::npos) {
    const std::string_view port = rest.substr(colon + 1);
    if (port.empty() || !is_port(port)) return not_an_origin("the port is a number up to 65535");
    if (port == (scheme == "https" ? "443" : "80"))
      return not_an_origin("browsers leave out the standard port " + std::string(port));
  }
  if (scheme != "https" && !(scheme == "http" && is_local(host)))
    return not_an_origin("https, or http for localhost");
  return WidgetOrigin(std::string(text));
}

TokenIssuer::TokenIssuer(SigningKeys& keys, Epochs& epochs, ClientVerifier& clients,
                         Workspaces& workspaces, const Clock& clock, std::string issuer)
    : keys_(keys),
      epochs_(epochs),
      clients_(clients),
      workspaces_(workspaces),
      clock_(clock),
      issuer_(std::move(issuer)) {}

Task<Result<ApplicationToken>> TokenIssuer::application_token(std::string client_id,
                                                              Secret client_secret,
                                                              std::string address) {
  for (int attempt = 0; attempt < 3; ++attempt) {
    const auto client = co_await clients_.verify(client_id, client_secret, address);
    if (!client) co_return client.error();
    if (epochs_.clock() < client->epoch_clock) co_await epochs_.poll();
    TokenClaims claims = claims_for(issuer_, clock_.now(), application_token_life);
    claims.epochs = epochs_.of(client->organization.str(), client->id.str(), "");
    // Numbers of a later moment than that of the check would outlive a revocation in between.
    if (epochs_.clock() != client->epoch_clock) continue;
    claims.subject = claims.client_id = client->id.str();
    claims.kind = name_of(CallerKind::application);
    claims.organization = client->organization.str();
    claims.scope = name_of(client->role);
    co_return ApplicationToken{keys_.sign(claims), application_token_life, client->organization};
  }
  co_return Error{ErrorKind::unavailable, "credentials are being revoked right now; try again"};
}

Task<Result<std::string>> TokenIssuer::workspace_token(Caller caller, WorkspaceName name,
                                                       CallerKind kind, std::string origin) {
  if (auto allowed = check_right(caller, Right::mint_tokens); !allowed)
    co_return std::move(allowed).error();
  for (int attempt = 0; attempt < 3; ++attempt) {
    const std::int64_t before = epochs_.clock();
    const auto workspace = co_await workspaces_.find_or_create(caller, name);
    if (!workspace) co_return workspace.error();
    if (workspace->status != WorkspaceStatus::active)
      co_return Error{ErrorKind::forbidden, "the workspace is inactive", "workspace_inactive"};
    const auto life = kind == CallerKind::widget ? widget_token_life : scoped_token_life;
    TokenClaims claims = claims_for(issuer_, clock_.now(), life);
    claims.subject = claims.client_id = caller.client().str();
    claims.kind = claims.scope = name_of(kind);
    claims.organization = caller.organization().str();
    claims.workspace = workspace->id.str();
    claims.origin = origin;
    claims.epochs = epochs_.of(claims.organization, claims.client_id, claims.workspace);
    if (epochs_.clock() != before) continue;  // the workspace may have been switched off meanwhile
    // No newer than the token it is made from, which may be revoked by now.
    if (const auto& held = caller.facts_->epochs) {
      claims.epochs[0] = held->at(0);
      claims.epochs[1] = held->at(1);
    }
    co_return keys_.sign(claims);
  }
  co_return Error{ErrorKind::unavailable, "workspaces are being changed right now; try again"};
}

Task<Result<std::string>> TokenIssuer::scoped_token(Caller caller, WorkspaceName workspace) {
  return workspace_token(std::move(caller), std::move(workspace), CallerKind::scoped, "");
}

Task<Result<std::string>> TokenIssuer::widget_token(Caller caller, WorkspaceName workspace,
                                                    WidgetOrigin allowed_origin) {
  return workspace_token(std::move(caller), std::move(workspace), CallerKind::widget,
                         allowed_origin.str());
}

Task<Result<ScopedTokenInfo>> TokenIssuer::scoped_token_info(Caller caller) {
  if (caller.kind() != CallerKind::scoped)
    co_return Error{ErrorKind::forbidden, "this asks for a scoped token"};
  const auto workspace = co_await workspaces_.find(caller, *caller.workspace());
  if (!workspace) co_return workspace.error();
  co_return ScopedTokenInfo{caller.organization(), workspace->id, workspace->name.str()};
}

}  // namespace fairlead::access
