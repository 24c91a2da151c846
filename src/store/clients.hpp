// Rows of client credentials.
#pragma once

#include "base/clock.hpp"
#include "base/ids.hpp"
#include "store/database.hpp"

#include <optional>
#include <string>
#include <vector>

namespace fairlead::store {

struct ClientRow {
  ClientId id;
  std::string name, role;
  Instant created_at;
};

struct ClientSecretRow {
  std::string id;
  Blob hash;
  std::int64_t mac_version = 1;
  Instant created_at;
  std::optional<Instant> ends_at, last_used_at;
};

/// To whom a client belongs, asked before anyone is known: the one lookup without an organization.
std::optional<OrganizationId> find_client_owner(Connection& connection, const ClientId& client);

void insert_client(Connection& connection, const OrganizationId& organization,
                   const ClientRow& client);
std::optional<ClientRow> find_client(Connection& connection, const OrganizationId& organization,
                                     const ClientId& client);
/// Oldest first.
std::vector<ClientRow> list_clients(Connection& connection, const OrganizationId& organization);
/// With its secrets; false when there is none.
bool delete_client(Connection& connection, const OrganizationId& organization,
                   const ClientId& client);

void insert_client_secret(Connection& connection, const OrganizationId& organization,
                          const ClientId& client, const ClientSecretRow& secret);
/// Those that have not ended at `now`, newest first.
std::vector<ClientSecretRow> list_client_secrets(Connection& connection,
                                                 const OrganizationId& organization,
                                                 const ClientId& client, Instant now);
/// The secret is not accepted from `ends_at` on.
void end_client_secret(Connection& connection, const OrganizationId& organization,
                       const std::string& secret_id, Instant ends_at);
void delete_client_secret(Connection& connection, const OrganizationId& organization,
                          const std::string& secret_id);
void note_client_secret_use(Connection& connection, const OrganizationId& organization,
                            const std::string& secret_id, Instant used_at);

}  // namespace fairlead::store
