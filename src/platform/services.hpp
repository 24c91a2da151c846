// What the use cases are made from. Everything outlives the platform.
#pragma once

#include "access/access.hpp"
#include "base/clock.hpp"
#include "connector/catalogue.hpp"
#include "connector/engine.hpp"
#include "store/database.hpp"
#include "vault/vault.hpp"

namespace fairlead::platform {

using access::Caller;

struct Services {
  store::Database& database;
  vault::Vault& vault;
  access::Access& access;
  const connector::Catalogue& catalogue;
  connector::Engine& engine;
  const Clock& clock;
  /// Connect here instead of to the services (a server under test).
  std::optional<net::Endpoint> connect_to = {};
};

/// What does not exist, and what is out of reach: the same words.
inline Error no_such_connector() { return not_found("there is no such connector"); }
inline Error no_such_workspace() { return not_found("there is no such workspace"); }

}  // namespace fairlead::platform
