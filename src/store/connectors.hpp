// Rows of connectors, their sealed credentials, and the jobs that end them. Every function is about
// one organization.
#pragma once

#include "base/clock.hpp"
#include "base/ids.hpp"
#include "store/database.hpp"

#include <optional>
#include <string>
#include <vector>

namespace fairlead::store {

struct ConnectorRow {
  ConnectorId id;
  WorkspaceId workspace_id;
  std::string definition_id, name;
  std::string environment = "{}", replication_config = "{}";  ///< JSON objects
  std::optional<std::string> entities;                        ///< JSON array
  std::string auth_scheme;
  std::string status = "unverified";
  std::optional<std::string> status_reason;
  Instant created_at, updated_at;

  // Read with the connector, not written with it.
  std::string workspace_name;
  bool workspace_active = true;
};

struct CredentialRow {
  std::int64_t version = 1;
  Blob sealed;
};

/// False, and nothing is stored, when the workspace is gone.
bool insert_connector(Connection& connection, const OrganizationId& organization,
                      const ConnectorRow& connector, const CredentialRow& credential);

/// Connectors of deleted workspaces are not found.
std::optional<ConnectorRow> find_connector(Connection& connection,
                                           const OrganizationId& organization,
                                           const ConnectorId& id);
std::optional<CredentialRow> find_credential(Connection& connection,
                                             const OrganizationId& organization,
                                             const ConnectorId& id);

struct ConnectorPlace {
  std::int64_t created_at = 0;
  std::string id;
};
struct ConnectorListing {
  std::optional<WorkspaceId> workspace;
  std::optional<std::string> definition_id;
  std::optional<ConnectorPlace> after;
  std::optional<std::int64_t> limit;
  std::int64_t offset = 0;
};
/// Oldest first.
std::vector<ConnectorRow> list_connectors(Connection& connection,
                                          const OrganizationId& organization,
                                          const ConnectorListing& listing);
std::int64_t count_connectors(Connection& connection, const OrganizationId& organization,
                              const std::optional<WorkspaceId>& workspace);

/// Writes name, environment, replication_config, entities, auth_scheme and updated_at; false when
/// it is gone or was changed after `seen`, its updated_at when it was read.
bool update_connector(Connection& connection, const OrganizationId& organization,
                      const ConnectorRow& connector, Instant seen);
/// Writes only what is said of its health; false when it is gone or was changed after `seen`, as
/// above.
bool set_connector_status(Connection& connection, const OrganizationId& organization,
                          const ConnectorId& id, Instant seen, const std::string& status,
                          const std::optional<std::string>& reason);

/// Replaces the version before; false when the credentials have moved on or are gone.
bool replace_credential(Connection& connection, const OrganizationId& organization,
                        const ConnectorId& id, const CredentialRow& next, Instant now);

/// Removes the connector and destroys its credentials; false when there is none.
bool delete_connector(Connection& connection, const OrganizationId& organization,
                      const ConnectorId& id);
void delete_connectors_of(Connection& connection, const OrganizationId& organization,
                          const WorkspaceId& workspace);

struct JobRow {
  std::string id;
  WorkspaceId workspace_id;
  std::string kind, status;
  ConnectorId connector_id;
  Instant created_at;
  std::optional<Instant> finished_at;
};
void insert_job(Connection& connection, const OrganizationId& organization, const JobRow& job);
void finish_job(Connection& connection, const OrganizationId& organization, const std::string& id,
                const std::string& status, Instant now);
/// After a crash: those whose deletion was committed are done. Answers how many there were.
std::int64_t finish_running_jobs(Connection& connection, const OrganizationId& organization,
                                 Instant now);
std::optional<JobRow> find_job(Connection& connection, const OrganizationId& organization,
                               const std::string& id);

}  // namespace fairlead::store
