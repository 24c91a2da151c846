// Connectors: adding, looking at, changing, trying and deleting them.
#pragma once

#include "platform/connector_cache.hpp"
#include "platform/credential_input.hpp"
#include "platform/idempotency.hpp"
#include "platform/probe.hpp"
#include "platform/renewals.hpp"

#include <optional>
#include <string>
#include <vector>

namespace fairlead::platform {

struct AddConnector {
  /// Absent: the caller's own workspace. Made when there is none of that name.
  std::optional<access::WorkspaceName> workspace;
  std::string service;        ///< definition id, slug or name
  std::string service_field;  ///< the caller's word for it, for errors
  std::optional<std::string> name;
  ConnectionInput input;
  std::optional<json::array> entities;
  bool validate = true;
  std::optional<IdempotencyKey> idempotency;
};

/// What an update changes; absent leaves as it is.
struct ConnectorChange {
  std::optional<std::string> name;
  std::optional<connector::CredentialFields> credentials;  ///< replace the old ones as a whole
  std::string auth_scheme;
  std::optional<json::object> environment, replication_config;
  std::optional<std::optional<json::array>> entities;
  bool validate = true;
};

/// A connector as people see it: never a secret.
struct ConnectorView {
  OrganizationId organization;
  store::ConnectorRow row;
  std::string slug, service_name;  ///< empty when this server no longer has the definition
  json::object environment, replication_config;
  std::optional<json::array> entities;
  std::vector<std::string> warnings;
  bool replayed = false;  ///< made by an earlier request with the same Idempotency-Key
};

struct CheckReport {
  std::string id;
  Probe probe;
  Instant at;
};

class Connectors {
 public:
  Connectors(Services& services, ConnectorCache& cache, Renewals& renewals,
             Idempotency& idempotency)
      : services_(services), cache_(cache), renewals_(renewals), idempotency_(idempotency) {}

  /// Errors: not_found (workspace, service); invalid_input naming the field, `credentials_mismatch`
  /// or `credentials_rejected`; forbidden (`workspace_inactive`). A service that cannot be reached
  /// is no error: the connector is stored with status `unverified`.
  Task<Result<ConnectorView>> add(Caller caller, AddConnector command, Deadline deadline);
  Task<Result<CheckReport>> check_new(Caller caller, AddConnector command, Deadline deadline);

  struct Query {
    std::optional<access::WorkspaceName> workspace_name;
    std::optional<WorkspaceId> workspace;
    std::optional<std::string> definition_id;
    std::optional<std::size_t> limit;
    std::optional<std::string> cursor;
  };
  struct Page {
    std::vector<ConnectorView> connectors;
    std::optional<std::string> next_cursor;
  };
  /// Oldest first; all of them when there is no limit.
  Task<Result<Page>> list(Caller caller, Query query);
  struct Numbered {
    std::vector<ConnectorView> connectors;
    std::int64_t total = 0;
  };
  /// By position, over the whole organization.
  Task<Result<Numbered>> list_all(Caller caller, std::size_t limit, std::size_t offset);

  Task<Result<ConnectorView>> find(Caller caller, ConnectorId id);
  Task<Result<ConnectorView>> update(Caller caller, ConnectorId id, ConnectorChange change,
                                     Deadline deadline);
  /// Tries the stored credentials, or those of `change`; stores nothing but what it means for the
  /// connector's status.
  Task<Result<CheckReport>> check(Caller caller, ConnectorId id, ConnectorChange change,
                                  Deadline deadline);
  /// Answers the job's id. The credentials are destroyed when this returns.
  Task<Result<std::string>> remove(Caller caller, ConnectorId id);
  Task<Result<store::JobRow>> find_job(Caller caller, std::string id);
  /// At start: deletions that a crash interrupted after their commit.
  Task<void> finish_jobs(OrganizationId organization);

  /// Deletes a workspace with what hangs on it.
  Task<Result<access::DeletedWorkspace>> remove_workspace(Caller caller, WorkspaceId id);
  Task<Result<access::Workspace>> update_workspace(Caller caller, WorkspaceId id,
                                                   access::WorkspaceChange change);

 private:
  struct Checked;  ///< input that has been found good
  struct Changed;
  // What add, update and remove do, run to the end even when the caller goes away.
  Task<Result<ConnectorView>> add_whole(Caller caller, AddConnector command, Deadline deadline);
  Task<Result<ConnectorView>> update_whole(Caller caller, ConnectorId id, ConnectorChange change,
                                           Deadline deadline);
  Task<Result<std::string>> remove_whole(Caller caller, ConnectorId id);
  Result<Checked> check_input(AddConnector& command) const;
  static bool changes_nothing(const store::ConnectorRow& row, const Changed& changed);
  Task<Result<std::optional<access::Workspace>>> find_workspace(
      const Caller& caller, const std::optional<access::WorkspaceName>& name);
  Task<Result<access::Workspace>> workspace_to_add_to(Caller caller,
                                                      std::optional<access::Workspace> found,
                                                      std::optional<access::WorkspaceName> name);
  Task<Result<StoredConnectorPtr>> reach(Caller caller, ConnectorId id, access::Right right);
  Task<Result<ConnectorView>> store_new(Caller caller, AddConnector command,
                                        std::optional<access::Workspace> workspace,
                                        Deadline deadline);
  /// What `change` makes of `stored`; new credentials are tried first, unless they were `before`.
  Task<Result<Changed>> apply(StoredConnectorPtr stored, ConnectorChange change,
                              std::optional<Changed> before, Deadline deadline);
  /// False, and nothing written, when the connector is no longer as `stored` says.
  Task<bool> store_change(StoredConnectorPtr stored, const Changed& changed);
  Task<void> note_probe(StoredConnectorPtr stored, Probe probed);
  ConnectorView view_of(const OrganizationId& organization, store::ConnectorRow row) const;

  Services& services_;
  ConnectorCache& cache_;
  Renewals& renewals_;
  Idempotency& idempotency_;
};

}  // namespace fairlead::platform
