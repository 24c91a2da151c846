// Who is calling, and what that caller may do.
#pragma once

#include "base/clock.hpp"
#include "base/error.hpp"
#include "base/ids.hpp"
#include "base/task.hpp"

#include <array>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

namespace fairlead::access {

class Epochs;
class SigningKeys;

enum class CallerKind {
  application,  ///< an organization's own program: everything its role allows
  scoped,       ///< connectors and executes of one workspace
  widget        ///< a page of one origin: adds connectors to one workspace
};
std::string_view name_of(CallerKind kind);

enum class Role { admin, member };
std::string_view name_of(Role role);

/// The tenant scope that every read or use of a tenant's data asks for. Only the authenticator
/// makes one from a token, and LocalAdmin one for commands on the server's own machine; so a
/// missing scope does not compile. Cheap to copy.
class Caller {
 public:
  const OrganizationId& organization() const noexcept { return facts_->organization; }
  /// Present for scoped and widget tokens: the only workspace within reach.
  const std::optional<WorkspaceId>& workspace() const noexcept { return facts_->workspace; }
  CallerKind kind() const noexcept { return facts_->kind; }
  Role role() const noexcept { return facts_->role; }
  const ClientId& client() const noexcept { return facts_->client; }
  /// The token's jti; empty for LocalAdmin.
  const std::string& token_id() const noexcept { return facts_->token_id; }
  /// Of a widget token: scheme://host[:port]; else empty.
  const std::string& allowed_origin() const noexcept { return facts_->allowed_origin; }
  /// Whether a workspace of the same organization is within reach. What is out of reach is
  /// answered like what does not exist.
  bool reaches(const WorkspaceId& workspace) const noexcept {
    return !facts_->workspace || *facts_->workspace == workspace;
  }

 private:
  friend class Authenticator;
  friend class LocalAdmin;
  friend class TokenIssuer;
  struct Facts {
    OrganizationId organization;
    std::optional<WorkspaceId> workspace;
    CallerKind kind;
    Role role;
    ClientId client;
    std::string token_id;
    std::string allowed_origin;
    /// What the token was issued under: tokens made from it are no newer. Absent for LocalAdmin.
    std::optional<std::array<std::int64_t, 3>> epochs;
  };
  explicit Caller(std::shared_ptr<const Facts> facts) : facts_(std::move(facts)) {}
  std::shared_ptr<const Facts> facts_;
};

/// The operator at the server's own machine (`fairlead init`, the local socket): admin of the named
/// organization. Never made from anything that came over the network.
class LocalAdmin {
 public:
  static Caller of(OrganizationId organization);
};

/// What a route or tool is about to do (the table of docs/guide/tokens.md).
enum class Right {
  mint_tokens,
  list_workspaces,
  administer_workspaces,
  administer_organization,  ///< members, clients and their secrets
  manage_connectors,        ///< create, update, delete, check, start OAuth
  list_connectors,
  read_connectors,  ///< get, inspect, skills
  read_definitions,
  execute,
  read_tool_calls
};

bool is_allowed(const Caller& caller, Right right);
/// The same as an error to return: forbidden, naming the token kind that would do.
Result<Done> check_right(const Caller& caller, Right right);

/// Checks bearer tokens. Safe to use from any thread.
class Authenticator {
 public:
  /// The parts outlive the authenticator. `issuer` is the public URL; the audience is issuer/api.
  Authenticator(SigningKeys& keys, Epochs& epochs, const Clock& clock, std::string issuer);
  ~Authenticator();

  /// `bearer` is the token alone, without "Bearer ". Does not wait and does not throw: about a
  /// microsecond for a token seen in the last minute, a signature check (0.1 ms) else.
  /// Errors: unauthenticated (code `token_expired`, `token_revoked` or `token_invalid`);
  /// unavailable (code `epochs_stale`) when the database could not be asked for revocations for
  /// 10 s.
  Result<Caller> authenticate(std::string_view bearer);
  /// The same, and reads the signing keys again (at most once a second) when the token names an
  /// unknown one, and the revocations when they are stale. For routers: call authenticate() first,
  /// and this one only when may_succeed_after_reload(error).
  Task<Result<Caller>> authenticate_with_reload(std::string bearer);
  static bool may_succeed_after_reload(const Error& error);

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace fairlead::access
