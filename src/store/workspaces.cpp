#include "store/workspaces.hpp"

#include "store/columns.hpp"

namespace fairlead::store {
namespace {

const std::string columns =
    "id, name, status, cache_enabled, tombstone, visibility, color, created_at, updated_at";

WorkspaceRow workspace(const Row& row) {
  return {.id = WorkspaceId::trusted(row.text(0)),
          .name = row.text(1),
          .status = row.text(2),
          .cache_enabled = row.is_null(3) ? std::nullopt : std::optional(row.boolean(3)),
          .tombstone = row.boolean(4),
          .visibility = row.text(5),
          .color = row.optional_text(6),
          .created_at = instant(row.integer(7)),
          .updated_at = instant(row.integer(8))};
}

std::optional<WorkspaceRow> first(const Rows& rows) {
  if (rows.empty()) return std::nullopt;
  return workspace(rows.front());
}

Value stored(std::optional<bool> flag) {
  return flag ? Value(std::int64_t{*flag}) : Value(nullptr);
}

}  // namespace

std::optional<WorkspaceRow> find_workspace(Connection& connection,
                                           const OrganizationId& organization,
                                           const WorkspaceId& id) {
  return first(connection.query(
      "SELECT " + columns + " FROM workspace WHERE org_id = $1 AND id = $2 AND tombstone = 0",
      {organization.str(), id.str()}));
}

std::optional<WorkspaceRow> find_workspace_by_name(Connection& connection,
                                                   const OrganizationId& organization,
                                                   const std::string& name) {
  return first(connection.query(
      "SELECT " + columns + " FROM workspace WHERE org_id = $1 AND name = $2 AND tombstone = 0",
      {organization.str(), name}));
}

bool insert_workspace(Connection& connection, const OrganizationId& organization,
                      const WorkspaceRow& row) {
  return connection.execute(
             "INSERT INTO workspace (org_id, id, name, name_folded, status, cache_enabled, "
             "tombstone, visibility, color, created_at, updated_at) "
             "VALUES ($1, $2, $3, $4, $5, $6, 0, $7, $8, $9, $10) ON CONFLICT DO NOTHING",
             {organization.str(), row.id.str(), row.name, folded(row.name), row.status,
              stored(row.cache_enabled), row.visibility,
              row.color ? Value(*row.color) : Value(nullptr), stored(row.created_at),
              stored(row.updated_at)}) == 1;
}

void update_workspace(Connection& connection, const OrganizationId& organization,
                      const WorkspaceRow& row) {
  connection.execute(
      "UPDATE workspace SET name = $3, name_folded = $4, status = $5, cache_enabled = $6, "
      "updated_at = $7 WHERE org_id = $1 AND id = $2 AND tombstone = 0",
      {organization.str(), row.id.str(), row.name, folded(row.name), row.status,
       stored(row.cache_enabled), stored(row.updated_at)});
}

bool delete_workspace(Connection& connection, const OrganizationId& organization,
                      const WorkspaceId& id, Instant now) {
  return connection.execute(
             "UPDATE workspace SET tombstone = 1, updated_at = $3 "
             "WHERE org_id = $1 AND id = $2 AND tombstone = 0",
             {organization.str(), id.str(), stored(now)}) == 1;
}

std::vector<WorkspaceRow> list_workspaces(Connection& connection,
                                          const OrganizationId& organization,
                                          const WorkspaceListing& listing) {
  // The rank is 0 for the workspace of exactly that name: a client that reads the first page only
  // still finds it.
  std::string sql =
      "SELECT " + columns +
      " FROM (SELECT *, CASE WHEN name = $2 THEN 0 ELSE 1 END AS exactness "
      "FROM workspace WHERE org_id = $1 AND tombstone = 0) AS found WHERE org_id = $1";
  std::vector<Value> arguments = {organization.str(), listing.name_contains.value_or("")};
  const auto argument = [&arguments](Value value) {
    arguments.push_back(std::move(value));
    return "$" + std::to_string(arguments.size());
  };
  if (listing.name_contains)
    sql += " AND name_folded LIKE " + argument(containing(folded(*listing.name_contains))) +
           " ESCAPE '\\'";
  if (listing.status) sql += " AND status = " + argument(*listing.status);
  if (listing.after) {
    const std::string rank = argument(listing.after->rank);
    const std::string name = argument(listing.after->name_folded);
    const std::string id = argument(listing.after->id);
    sql += " AND (exactness > " + rank + " OR (exactness = " + rank + " AND (name_folded, id) > (" +
           name + ", " + id + ")))";
  }
  sql += " ORDER BY exactness, name_folded, id LIMIT " + argument(listing.limit);

  std::vector<WorkspaceRow> workspaces;
  for (const Row& row : connection.query(sql, arguments)) workspaces.push_back(workspace(row));
  return workspaces;
}

WorkspacePlace place_of(const WorkspaceRow& row, const WorkspaceListing& listing) {
  return {row.name == listing.name_contains.value_or("") ? 0 : 1, folded(row.name), row.id.str()};
}

WorkspaceCounts count_workspaces(Connection& connection, const OrganizationId& organization) {
  WorkspaceCounts counts;
  for (const Row& row : connection.query(
           "SELECT status, count(*) FROM workspace WHERE org_id = $1 AND tombstone = 0 "
           "GROUP BY status",
           {organization.str()}))
    (row.text(0) == "active" ? counts.active : counts.inactive) = row.integer(1);
  return counts;
}

}  // namespace fairlead::store
