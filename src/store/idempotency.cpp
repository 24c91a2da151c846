#include "store/idempotency.hpp"

#include "store/columns.hpp"

namespace fairlead::store {

std::optional<IdempotentRow> claim_idempotency_key(Connection& connection,
                                                   const OrganizationId& organization,
                                                   const IdempotentRow& row,
                                                   Instant forget_before) {
  connection.execute(
      "DELETE FROM idempotent_request "
      "WHERE org_id = $1 AND scope = $2 AND key = $3 AND started_at < $4",
      {organization.str(), row.scope, row.key, stored(forget_before)});
  const bool is_new =
      connection.execute(
          "INSERT INTO idempotent_request (org_id, scope, key, fingerprint, state, server, "
          "outcome, started_at) VALUES ($1, $2, $3, $4, $5, $6, NULL, $7) ON CONFLICT DO NOTHING",
          {organization.str(), row.scope, row.key, row.fingerprint, row.state, row.server,
           stored(row.started_at)}) == 1;
  if (is_new) return std::nullopt;
  const Rows rows = connection.query(
      "SELECT scope, key, fingerprint, state, server, outcome, started_at FROM idempotent_request "
      "WHERE org_id = $1 AND scope = $2 AND key = $3",
      {organization.str(), row.scope, row.key});
  const Row& found = rows.at(0);
  return IdempotentRow{
      .scope = found.text(0),
      .key = found.text(1),
      .fingerprint = found.text(2),
      .state = found.text(3),
      .server = found.text(4),
      .outcome = found.is_null(5) ? std::nullopt : std::optional(Blob{found.bytes(5)}),
      .started_at = instant(found.integer(6))};
}

void finish_idempotent_request(Connection& connection, const OrganizationId& organization,
                               const IdempotentRow& row) {
  connection.execute(
      "UPDATE idempotent_request SET state = $4, outcome = $5 "
      "WHERE org_id = $1 AND scope = $2 AND key = $3",
      {organization.str(), row.scope, row.key, row.state,
       row.outcome ? Value(*row.outcome) : Value(nullptr)});
}

void release_idempotency_key(Connection& connection, const OrganizationId& organization,
                             const std::string& scope, const std::string& key) {
  connection.execute("DELETE FROM idempotent_request WHERE org_id = $1 AND scope = $2 AND key = $3",
                     {organization.str(), scope, key});
}

std::int64_t delete_idempotent_requests(Connection& connection, const OrganizationId& organization,
                                        Instant before, std::int64_t most) {
  return connection.execute(
      "DELETE FROM idempotent_request WHERE org_id = $1 AND (scope, key) IN (SELECT scope, key "
      "FROM idempotent_request WHERE org_id = $1 AND started_at < $2 ORDER BY started_at LIMIT $3)",
      {organization.str(), stored(before), most});
}

}  // namespace fairlead::store
