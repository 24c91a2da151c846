#include "access/access.hpp"

#include "access/client_verifier.hpp"
#include "access/epochs.hpp"
#include "access/signing_keys.hpp"

namespace fairlead::access {

struct Access::Impl {
  Impl(store::Database& database, vault::Vault& vault, const Clock& clock,
       std::unique_ptr<SigningKeys> signing_keys, const std::string& issuer)
      : epochs(database, clock),
        keys(std::move(signing_keys)),
        verifier(database, vault, clock),
        authenticator(*keys, epochs, clock, issuer),
        organizations(database),
        workspaces(database, epochs, clock),
        clients(database, vault, epochs, clock),
        setup(database, vault, clock),
        tokens(*keys, epochs, verifier, workspaces, clock, issuer) {}

  Epochs epochs;
  std::unique_ptr<SigningKeys> keys;
  ClientVerifier verifier;
  Authenticator authenticator;
  Organizations organizations;
  Workspaces workspaces;
  Clients clients;
  Setup setup;
  TokenIssuer tokens;
};

Access::Access(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
Access::~Access() = default;

Task<std::unique_ptr<Access>> Access::open(store::Database& database, vault::Vault& vault,
                                           const Clock& clock, AccessOptions options) {
  auto keys = co_await SigningKeys::open(database, vault, clock);
  auto impl = std::make_unique<Impl>(database, vault, clock, std::move(keys), options.public_url);
  co_await impl->epochs.poll();
  co_return std::unique_ptr<Access>(new Access(std::move(impl)));
}

Authenticator& Access::authenticator() { return impl_->authenticator; }
TokenIssuer& Access::tokens() { return impl_->tokens; }
Organizations& Access::organizations() { return impl_->organizations; }
Workspaces& Access::workspaces() { return impl_->workspaces; }
Clients& Access::clients() { return impl_->clients; }
Setup& Access::setup() { return impl_->setup; }
std::string Access::jwks() const { return impl_->keys->jwks(); }

Task<void> Access::poll() {
  co_await impl_->epochs.poll();
  co_await impl_->keys->maintain();
  co_await impl_->verifier.flush_uses();
}

}  // namespace fairlead::access
