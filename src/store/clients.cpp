#include "store/clients.hpp"

#include "store/columns.hpp"

namespace fairlead::store {
namespace {

ClientRow client_row(const Row& row) {
  return {ClientId::trusted(row.text(0)), row.text(1), row.text(2), instant(row.integer(3))};
}

}  // namespace

std::optional<OrganizationId> find_client_owner(Connection& connection, const ClientId& client) {
  const Rows rows = connection.query(
      "SELECT organization_id FROM client_owner WHERE client_id = $1", {client.str()});
  if (rows.empty()) return std::nullopt;
  return OrganizationId::trusted(rows.front().text(0));
}

void insert_client(Connection& connection, const OrganizationId& organization,
                   const ClientRow& client) {
  connection.execute("INSERT INTO client_owner (client_id, organization_id) VALUES ($1, $2)",
                     {client.id.str(), organization.str()});
  connection.execute(
      "INSERT INTO client (org_id, id, name, role, created_at) VALUES ($1, $2, $3, $4, $5)",
      {organization.str(), client.id.str(), client.name, client.role, stored(client.created_at)});
}

std::optional<ClientRow> find_client(Connection& connection, const OrganizationId& organization,
                                     const ClientId& client) {
  const Rows rows = connection.query(
      "SELECT id, name, role, created_at FROM client WHERE org_id = $1 AND id = $2",
      {organization.str(), client.str()});
  if (rows.empty()) return std::nullopt;
  return client_row(rows.front());
}

std::vector<ClientRow> list_clients(Connection& connection, const OrganizationId& organization) {
  std::vector<ClientRow> clients;
  for (const Row& row : connection.query("SELECT id, name, role, created_at FROM client "
                                         "WHERE org_id = $1 ORDER BY created_at, id",
                                         {organization.str()}))
    clients.push_back(client_row(row));
  return clients;
}

bool delete_client(Connection& connection, const OrganizationId& organization,
                   const ClientId& client) {
  connection.execute("DELETE FROM client_secret WHERE org_id = $1 AND client_id = $2",
                     {organization.str(), client.str()});
  const bool found = connection.execute("DELETE FROM client WHERE org_id = $1 AND id = $2",
                                        {organization.str(), client.str()}) == 1;
  if (found)
    connection.execute("DELETE FROM client_owner WHERE client_id = $1 AND organization_id = $2",
                       {client.str(), organization.str()});
  return found;
}

void insert_client_secret(Connection& connection, const OrganizationId& organization,
                          const ClientId& client, const ClientSecretRow& secret) {
  connection.execute(
      "INSERT INTO client_secret "
      "(org_id, client_id, id, hash, mac_version, created_at, ends_at, last_used_at) "
      "VALUES ($1, $2, $3, $4, $5, $6, $7, $8)",
      {organization.str(), client.str(), secret.id, secret.hash, secret.mac_version,
       stored(secret.created_at), stored(secret.ends_at), stored(secret.last_used_at)});
}

std::vector<ClientSecretRow> list_client_secrets(Connection& connection,
                                                 const OrganizationId& organization,
                                                 const ClientId& client, Instant now) {
  std::vector<ClientSecretRow> secrets;
  for (const Row& row :
       connection.query("SELECT id, hash, mac_version, created_at, ends_at, last_used_at "
                        "FROM client_secret WHERE org_id = $1 AND client_id = $2 "
                        "AND (ends_at IS NULL OR ends_at > $3) ORDER BY created_at DESC, id",
                        {organization.str(), client.str(), stored(now)}))
    secrets.push_back({.id = row.text(0),
                       .hash = Blob{row.bytes(1)},
                       .mac_version = row.integer(2),
                       .created_at = instant(row.integer(3)),
                       .ends_at = optional_instant(row, 4),
                       .last_used_at = optional_instant(row, 5)});
  return secrets;
}

void end_client_secret(Connection& connection, const OrganizationId& organization,
                       const std::string& secret_id, Instant ends_at) {
  connection.execute("UPDATE client_secret SET ends_at = $3 WHERE org_id = $1 AND id = $2",
                     {organization.str(), secret_id, stored(ends_at)});
}

void delete_client_secret(Connection& connection, const OrganizationId& organization,
                          const std::string& secret_id) {
  connection.execute("DELETE FROM client_secret WHERE org_id = $1 AND id = $2",
                     {organization.str(), secret_id});
}

void note_client_secret_use(Connection& connection, const OrganizationId& organization,
                            const std::string& secret_id, Instant used_at) {
  connection.execute(
      "UPDATE client_secret SET last_used_at = $3 "
      "WHERE org_id = $1 AND id = $2 AND (last_used_at IS NULL OR last_used_at < $3)",
      {organization.str(), secret_id, stored(used_at)});
}

}  // namespace fairlead::store
