// Checks the pair (client_id, client_secret).
#pragma once

#include "access/authenticator.hpp"
#include "access/failure_limiter.hpp"
#include "base/secret.hpp"
#include "store/database.hpp"
#include "vault/vault.hpp"

#include <map>
#include <mutex>
#include <string>

namespace fairlead::access {

struct VerifiedClient {
  ClientId id;
  OrganizationId organization;
  Role role = Role::member;
  /// The last revocation that the database knew of in the moment of the check.
  std::int64_t epoch_clock = 0;
};

/// Safe to use from any thread.
class ClientVerifier {
 public:
  ClientVerifier(store::Database& database, vault::Vault& vault, const Clock& clock)
      : database_(database), vault_(vault), clock_(clock), failures_(clock) {}

  /// Errors: unauthenticated, rate_limited; see TokenIssuer::application_token.
  Task<Result<VerifiedClient>> verify(std::string client_id, const Secret& secret,
                                      std::string address);
  /// Writes down when secrets were last used, since the last time.
  Task<void> flush_uses();

 private:
  struct Use {
    OrganizationId organization;
    Instant at;
  };
  /// What a wrong pair is answered; counts it.
  Error refuse(const std::string& by_client, const std::string& address);

  store::Database& database_;
  vault::Vault& vault_;
  const Clock& clock_;
  FailureLimiter failures_;
  std::mutex mutex_;
  std::map<std::string, Use> uses_;  // by secret id
};

}  // namespace fairlead::access
