#include "store/connectors.hpp"

#include "store/columns.hpp"

namespace fairlead::store {
namespace {

const std::string select_connector =
    "SELECT c.id, c.workspace_id, c.definition_id, c.name, c.environment, c.replication_config, "
    "c.entities, c.auth_scheme, c.status, c.status_reason, c.created_at, c.updated_at, w.name, "
    "w.status FROM connector c JOIN workspace w ON w.org_id = c.org_id AND w.id = c.workspace_id "
    "WHERE c.org_id = $1 AND w.tombstone = 0";

ConnectorRow connector(const Row& row) {
  return {.id = ConnectorId::trusted(row.text(0)),
          .workspace_id = WorkspaceId::trusted(row.text(1)),
          .definition_id = row.text(2),
          .name = row.text(3),
          .environment = row.text(4),
          .replication_config = row.text(5),
          .entities = row.optional_text(6),
          .auth_scheme = row.text(7),
          .status = row.text(8),
          .status_reason = row.optional_text(9),
          .created_at = instant(row.integer(10)),
          .updated_at = instant(row.integer(11)),
          .workspace_name = row.text(12),
          .workspace_active = row.text(13) == "active"};
}

Value optional(const std::optional<std::string>& text) {
  return text ? Value(*text) : Value(nullptr);
}

}  // namespace

bool insert_connector(Connection& connection, const OrganizationId& organization,
                      const ConnectorRow& row, const CredentialRow& credential) {
  // In the same transaction, so that a workspace that is being deleted leaves no credentials
  // behind.
  const bool has_workspace =
      !connection
           .query("SELECT 1 FROM workspace WHERE org_id = $1 AND id = $2 AND tombstone = 0",
                  {organization.str(), row.workspace_id.str()})
           .empty();
  if (!has_workspace) return false;
  connection.execute(
      "INSERT INTO connector (org_id, id, workspace_id, definition_id, name, environment, "
      "replication_config, entities, auth_scheme, status, status_reason, created_at, updated_at) "
      "VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13)",
      {organization.str(), row.id.str(), row.workspace_id.str(), row.definition_id, row.name,
       row.environment, row.replication_config, optional(row.entities), row.auth_scheme, row.status,
       optional(row.status_reason), stored(row.created_at), stored(row.updated_at)});
  connection.execute(
      "INSERT INTO connector_credential (org_id, connector_id, version, sealed, updated_at) "
      "VALUES ($1, $2, $3, $4, $5)",
      {organization.str(), row.id.str(), credential.version, credential.sealed,
       stored(row.created_at)});
  return true;
}

std::optional<ConnectorRow> find_connector(Connection& connection,
                                           const OrganizationId& organization,
                                           const ConnectorId& id) {
  const Rows rows =
      connection.query(select_connector + " AND c.id = $2", {organization.str(), id.str()});
  if (rows.empty()) return std::nullopt;
  return connector(rows.front());
}

std::optional<CredentialRow> find_credential(Connection& connection,
                                             const OrganizationId& organization,
                                             const ConnectorId& id) {
  const Rows rows = connection.query(
      "SELECT version, sealed FROM connector_credential WHERE org_id = $1 AND connector_id = $2",
      {organization.str(), id.str()});
  if (rows.empty()) return std::nullopt;
  return CredentialRow{rows.front().integer(0), Blob{rows.front().bytes(1)}};
}

std::vector<ConnectorRow> list_connectors(Connection& connection,
                                          const OrganizationId& organization,
                                          const ConnectorListing& listing) {
  std::string sql = select_connector;
  std::vector<Value> arguments{organization.str()};
  const auto argument = [&arguments](Value value) {
    arguments.push_back(std::move(value));
    return "$" + std::to_string(arguments.size());
  };
  if (listing.workspace) sql += " AND c.workspace_id = " + argument(listing.workspace->str());
  if (listing.definition_id) sql += " AND c.definition_id = " + argument(*listing.definition_id);
  if (listing.after) {
    const std::string created_at = argument(listing.after->created_at);
    sql += " AND (c.created_at > " + created_at + " OR (c.created_at = " + created_at +
           " AND c.id > " + argument(listing.after->id) + "))";
  }
  sql += " ORDER BY c.created_at, c.id";
  if (listing.limit) {
    sql += " LIMIT " + argument(*listing.limit);
    sql += " OFFSET " + argument(listing.offset);
  }
  std::vector<ConnectorRow> found;
  for (const Row& row : connection.query(sql, arguments)) found.push_back(connector(row));
  return found;
}

std::int64_t count_connectors(Connection& connection, const OrganizationId& organization,
                              const std::optional<WorkspaceId>& workspace) {
  return connection
      .query(
          "SELECT count(*) FROM connector WHERE org_id = $1 AND workspace_id = COALESCE($2, "
          "workspace_id)",
          {organization.str(), workspace ? Value(workspace->str()) : Value(nullptr)})
      .front()
      .integer(0);
}

bool update_connector(Connection& connection, const OrganizationId& organization,
                      const ConnectorRow& row, Instant seen) {
  return connection.execute(
             "UPDATE connector SET name = $3, environment = $4, replication_config = $5, "
             "entities = $6, auth_scheme = $7, updated_at = $8 "
             "WHERE org_id = $1 AND id = $2 AND updated_at = $9",
             {organization.str(), row.id.str(), row.name, row.environment, row.replication_config,
              optional(row.entities), row.auth_scheme, stored(row.updated_at), stored(seen)}) == 1;
}

bool set_connector_status(Connection& connection, const OrganizationId& organization,
                          const ConnectorId& id, Instant seen, const std::string& status,
                          const std::optional<std::string>& reason) {
  return connection.execute(
             "UPDATE connector SET status = $3, status_reason = $4 "
             "WHERE org_id = $1 AND id = $2 AND updated_at = $5",
             {organization.str(), id.str(), status, optional(reason), stored(seen)}) == 1;
}

bool replace_credential(Connection& connection, const OrganizationId& organization,
                        const ConnectorId& id, const CredentialRow& next, Instant now) {
  return connection.execute(
             "UPDATE connector_credential SET version = $3, sealed = $4, updated_at = $5 "
             "WHERE org_id = $1 AND connector_id = $2 AND version = $6",
             {organization.str(), id.str(), next.version, next.sealed, stored(now),
              next.version - 1}) == 1;
}

bool delete_connector(Connection& connection, const OrganizationId& organization,
                      const ConnectorId& id) {
  connection.execute("DELETE FROM connector_credential WHERE org_id = $1 AND connector_id = $2",
                     {organization.str(), id.str()});
  return connection.execute("DELETE FROM connector WHERE org_id = $1 AND id = $2",
                            {organization.str(), id.str()}) == 1;
}

void delete_connectors_of(Connection& connection, const OrganizationId& organization,
                          const WorkspaceId& workspace) {
  connection.execute(
      "DELETE FROM connector_credential WHERE org_id = $1 AND connector_id IN "
      "(SELECT id FROM connector WHERE org_id = $1 AND workspace_id = $2)",
      {organization.str(), workspace.str()});
  connection.execute("DELETE FROM connector WHERE org_id = $1 AND workspace_id = $2",
                     {organization.str(), workspace.str()});
}

void insert_job(Connection& connection, const OrganizationId& organization, const JobRow& job) {
  connection.execute(
      "INSERT INTO job (org_id, id, workspace_id, kind, status, connector_id, created_at, "
      "finished_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8)",
      {organization.str(), job.id, job.workspace_id.str(), job.kind, job.status,
       job.connector_id.str(), stored(job.created_at), stored(job.finished_at)});
}

void finish_job(Connection& connection, const OrganizationId& organization, const std::string& id,
                const std::string& status, Instant now) {
  connection.execute("UPDATE job SET status = $3, finished_at = $4 WHERE org_id = $1 AND id = $2",
                     {organization.str(), id, status, stored(now)});
}

std::int64_t finish_running_jobs(Connection& connection, const OrganizationId& organization,
                                 Instant now) {
  return connection.execute(
      "UPDATE job SET status = 'succeeded', finished_at = $2 WHERE org_id = $1 AND status = "
      "'running'",
      {organization.str(), stored(now)});
}

std::optional<JobRow> find_job(Connection& connection, const OrganizationId& organization,
                               const std::string& id) {
  const Rows rows = connection.query(
      "SELECT id, workspace_id, kind, status, connector_id, created_at, finished_at FROM job "
      "WHERE org_id = $1 AND id = $2",
      {organization.str(), id});
  if (rows.empty()) return std::nullopt;
  const Row& row = rows.front();
  return JobRow{.id = row.text(0),
                .workspace_id = WorkspaceId::trusted(row.text(1)),
                .kind = row.text(2),
                .status = row.text(3),
                .connector_id = ConnectorId::trusted(row.text(4)),
                .created_at = instant(row.integer(5)),
                .finished_at = optional_instant(row, 6)};
}

}  // namespace fairlead::store
