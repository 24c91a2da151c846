// Client credentials: the pair (client_id, client_secret) that a program exchanges for tokens.
#pragma once

#include "access/authenticator.hpp"
#include "base/secret.hpp"
#include "store/database.hpp"
#include "vault/vault.hpp"

#include <chrono>
#include <vector>

namespace fairlead::access {

/// One of a client's at most two live secrets; the secret itself is not kept.
struct ClientSecretInfo {
  std::string id;
  Instant created_at;
  std::optional<Instant> ends_at;  ///< of the older one after a rotation
  std::optional<Instant> last_used_at;
};

struct Client {
  ClientId id;
  OrganizationId organization_id;
  std::string name;
  Role role = Role::admin;
  Instant created_at;
  std::vector<ClientSecretInfo> secrets;  ///< newest first
};

/// The only time that the secret is shown.
struct NewClientSecret {
  ClientId client_id;
  Secret client_secret;
};

/// A new secret: `fls_`, 43 base62 characters (256 random bits), 6 base62 characters of CRC-32, so
/// that secret scanners can recognize one.
Secret make_client_secret();
/// Whether text has that form, CRC included.
bool is_client_secret_form(std::string_view text);

class Clients {
 public:
  Clients(store::Database& database, vault::Vault& vault, Epochs& epochs, const Clock& clock)
      : database_(database), vault_(vault), epochs_(epochs), clock_(clock) {}

  // All ask for Right::administer_organization (forbidden without); a client of another
  // organization is not_found.
  Task<Result<NewClientSecret>> create(Caller caller, std::string name, Role role);
  Task<Result<std::vector<Client>>> list(Caller caller);
  /// A second secret; the older one works for `overlap` more (0 to 168 h), a still older one ends
  /// now. Tokens issued before are refused from now on.
  Task<Result<NewClientSecret>> rotate_secret(Caller caller, ClientId client,
                                              std::chrono::hours overlap = std::chrono::hours(24));
  /// Ends the client, its secrets and its tokens.
  Task<Result<Done>> revoke(Caller caller, ClientId client);

 private:
  store::Database& database_;
  vault::Vault& vault_;
  Epochs& epochs_;
  const Clock& clock_;
};

}  // namespace fairlead::access
