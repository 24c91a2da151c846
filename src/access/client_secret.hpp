// How a client secret is made and what is kept of it; inside the room.
#pragma once

#include "access/clients.hpp"
#include "store/clients.hpp"

namespace fairlead::access {

/// The row of a new secret: its keyed hash.
store::ClientSecretRow new_secret_row(const vault::Vault& vault, const Secret& secret, Instant now);

}  // namespace fairlead::access
