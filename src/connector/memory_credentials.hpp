// Credentials that live in the caller's own process: the open source mode.
#pragma once

#include "connector/engine.hpp"

#include <optional>

namespace fairlead::connector {

/// Holds what the user gave, and the tokens that renewals gave since. One call at a time.
class MemoryCredentials final : public CredentialSource {
 public:
  explicit MemoryCredentials(CredentialFields fields, TokenState tokens = {});

  Task<Opened> open() override;
  Task<Result<TokenState, RenewalFailure>> renew(
      const Secret& seen_access_token,
      std::function<Task<Result<TokenState, RenewalFailure>>(const Opened&)> renewal) override;

  /// What the last renewal gave, to be stored by the caller; nullptr when there was none.
  const TokenState* renewed() const noexcept { return was_renewed_ ? &tokens_ : nullptr; }

 private:
  CredentialFields fields_;
  TokenState tokens_;
  bool was_renewed_ = false;
};

/// A second holder of the same tokens.
TokenState duplicate(const TokenState& tokens);
CredentialFields duplicate(const CredentialFields& fields);

}  // namespace fairlead::connector
