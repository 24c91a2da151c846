// Who may: organizations, platform credentials, tokens and roles. This front door builds the parts.
#pragma once

#include "access/authenticator.hpp"
#include "access/clients.hpp"
#include "access/organizations.hpp"
#include "access/setup.hpp"
#include "access/tokens.hpp"
#include "access/workspaces.hpp"

#include <memory>
#include <string>

namespace fairlead::access {

struct AccessOptions {
  /// The `iss` of tokens, without a slash at the end. Tokens of another public URL are refused, so
  /// it stays the same over restarts.
  std::string public_url;
};

/// All parts of the room, wired. `database`, `vault` and `clock` outlive it.
class Access {
 public:
  /// Reads the signing keys (makes the first one) and the revocations.
  static Task<std::unique_ptr<Access>> open(store::Database& database, vault::Vault& vault,
                                            const Clock& clock, AccessOptions options);
  ~Access();

  Authenticator& authenticator();
  TokenIssuer& tokens();
  Organizations& organizations();
  Workspaces& workspaces();
  Clients& clients();
  Setup& setup();

  /// The JWKS document of /.well-known/jwks.json: the public signing keys.
  std::string jwks() const;

  /// To be called every 2 s: reads revocations made by other replicas, keeps when secrets were last
  /// used, and makes and retires signing keys. Throws Failure when the database is away; tokens
  /// are refused (unavailable) when it has not succeeded for 10 s.
  Task<void> poll();

 private:
  struct Impl;
  explicit Access(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace fairlead::access
