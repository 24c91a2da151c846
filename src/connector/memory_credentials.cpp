#include "connector/memory_credentials.hpp"

namespace fairlead::connector {

TokenState duplicate(const TokenState& tokens) {
  TokenState copy;
  copy.access_token = tokens.access_token.duplicate();
  copy.refresh_token = tokens.refresh_token.duplicate();
  copy.expires_at = tokens.expires_at;
  copy.extracted = tokens.extracted;
  copy.token_type = tokens.token_type;
  return copy;
}

CredentialFields duplicate(const CredentialFields& fields) {
  CredentialFields copy;
  for (const auto& [name, secret] : fields) copy.emplace(name, secret.duplicate());
  return copy;
}

MemoryCredentials::MemoryCredentials(CredentialFields fields, TokenState tokens)
    : fields_(std::move(fields)), tokens_(std::move(tokens)) {}

Task<CredentialSource::Opened> MemoryCredentials::open() {
  co_return Opened{duplicate(fields_), duplicate(tokens_)};
}

Task<Result<TokenState, RenewalFailure>> MemoryCredentials::renew(
    const Secret& seen_access_token,
    std::function<Task<Result<TokenState, RenewalFailure>>(const Opened&)> renewal) {
  if (was_renewed_ && !tokens_.access_token.matches(seen_access_token))
    co_return duplicate(tokens_);
  const Opened held{duplicate(fields_), duplicate(tokens_)};
  auto answer = co_await renewal(held);
  if (answer) {
    tokens_ = duplicate(*answer);
    was_renewed_ = true;
  }
  co_return std::move(answer);
}

}  // namespace fairlead::connector
