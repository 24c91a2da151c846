// The credentials of a stored connector, for one call: opened through the vault, and renewed one at
// a time, the new ones sealed and committed before anybody uses them.
#pragma once

#include "platform/connector_cache.hpp"
#include "platform/renewals.hpp"

namespace fairlead::platform {

class SealedCredentials final : public connector::CredentialSource {
 public:
  /// All but `connector` outlive the call.
  SealedCredentials(Services& services, ConnectorCache& cache, Renewals& renewals,
                    StoredConnectorPtr connector)
      : services_(services), cache_(cache), renewals_(renewals), connector_(std::move(connector)) {}

  Task<Opened> open() override;
  Task<Result<connector::TokenState, connector::RenewalFailure>> renew(
      const Secret& seen_access_token,
      std::function<Task<Result<connector::TokenState, connector::RenewalFailure>>(const Opened&)>
          renewal) override;

  /// The last renewal was refused for good: a person has to give new credentials.
  bool needs_reauth() const noexcept { return needs_reauth_; }

 private:
  Task<Opened> open(StoredConnectorPtr connector);
  Task<bool> store(StoredConnectorPtr connector, const connector::CredentialFields& fields,
                   const connector::TokenState& tokens);

  Services& services_;
  ConnectorCache& cache_;
  Renewals& renewals_;
  StoredConnectorPtr connector_;
  bool needs_reauth_ = false;
};

}  // namespace fairlead::platform
