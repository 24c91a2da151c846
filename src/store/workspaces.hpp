// Rows of workspaces.
#pragma once

#include "base/clock.hpp"
#include "base/ids.hpp"
#include "store/database.hpp"

#include <optional>
#include <string>
#include <vector>

namespace fairlead::store {

struct WorkspaceRow {
  WorkspaceId id;
  std::string name, status;
  std::optional<bool> cache_enabled;
  bool tombstone = false;
  std::string visibility;
  std::optional<std::string> color;
  Instant created_at, updated_at;
};

/// Deleted ones are not found. All that follows is about one organization.
std::optional<WorkspaceRow> find_workspace(Connection& connection,
                                           const OrganizationId& organization,
                                           const WorkspaceId& id);
std::optional<WorkspaceRow> find_workspace_by_name(Connection& connection,
                                                   const OrganizationId& organization,
                                                   const std::string& name);
/// False when the name is taken; then nothing changes.
bool insert_workspace(Connection& connection, const OrganizationId& organization,
                      const WorkspaceRow& workspace);
/// Writes name, status, cache_enabled and updated_at. UniqueViolation when the name is taken.
void update_workspace(Connection& connection, const OrganizationId& organization,
                      const WorkspaceRow& workspace);
/// Leaves a tombstone, for what still names the workspace; false when there is none.
bool delete_workspace(Connection& connection, const OrganizationId& organization,
                      const WorkspaceId& id, Instant now);

/// A place in a listing: exact matches (rank 0) first, then by name.
struct WorkspacePlace {
  std::int64_t rank = 0;
  std::string name_folded, id;
};
struct WorkspaceListing {
  std::optional<std::string> name_contains, status;
  std::optional<WorkspacePlace> after;
  std::int64_t limit = 20;
};
std::vector<WorkspaceRow> list_workspaces(Connection& connection,
                                          const OrganizationId& organization,
                                          const WorkspaceListing& listing);
/// The place of a listed workspace.
WorkspacePlace place_of(const WorkspaceRow& workspace, const WorkspaceListing& listing);

struct WorkspaceCounts {
  std::int64_t active = 0, inactive = 0;
};
WorkspaceCounts count_workspaces(Connection& connection, const OrganizationId& organization);

}  // namespace fairlead::store
