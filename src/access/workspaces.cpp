#include "access/workspaces.hpp"

#include "access/epochs.hpp"
#include "access/names.hpp"
#include "base/encoding.hpp"
#include "base/json.hpp"
#include "base/suggestion.hpp"
#include "store/workspaces.hpp"

namespace fairlead::access {
namespace {

constexpr std::size_t largest_page = 100;

/// Nearest names are looked for among so many.
constexpr std::int64_t most_suggested_from = 1'000;

Error no_such_workspace() { return not_found("no such workspace"); }
Error name_taken() {
  Error error{ErrorKind::conflict, "a workspace of this name exists already", "workspace_exists"};
  error.fields.push_back({"name", error.message, "workspace_exists"});
  return error;
}

Workspace from_row(const OrganizationId& organization, const store::WorkspaceRow& row) {
  return {.id = row.id,
          .organization_id = organization,
          .name = WorkspaceName::trusted(row.name),
          .status = row.status == "active" ? WorkspaceStatus::active : WorkspaceStatus::inactive,
          .cache_enabled = row.cache_enabled,
          .tombstone = row.tombstone,
          .visibility = row.visibility,
          .color = row.color,
          .created_at = row.created_at,
          .updated_at = row.updated_at};
}

store::WorkspaceRow new_row(const WorkspaceName& name, Instant now) {
  return {.id = WorkspaceId::random(),
          .name = name.str(),
          .status = std::string(name_of(WorkspaceStatus::active)),
          .cache_enabled = std::nullopt,
          .tombstone = false,
          .visibility = "shared",
          .color = std::nullopt,
          .created_at = now,
          .updated_at = now};
}

std::string write_cursor(const store::WorkspacePlace& place) {
  return to_base64url(json::serialize(json::array{place.rank, place.name_folded, place.id}));
}

std::optional<store::WorkspacePlace> read_cursor(std::string_view text) {
  const auto bytes = from_base64url(text);
  const auto value =
      bytes ? parse_json(*bytes, {.bytes = 4096, .nodes = 8}) : Result<json::value>(invalid(""));
  const json::array* parts = value ? value->if_array() : nullptr;
  if (parts == nullptr || parts->size() != 3 || !(*parts)[0].is_int64() ||
      !(*parts)[1].is_string() || !(*parts)[2].is_string())
    return std::nullopt;
  store::WorkspacePlace place{(*parts)[0].get_int64(), std::string(view((*parts)[1].get_string())),
                              std::string(view((*parts)[2].get_string()))};
  // PostgreSQL's text holds no NUL.
  if (place.name_folded.find('\0') != std::string::npos || !canonical_uuid(place.id))
    return std::nullopt;
  return place;
}

}  // namespace

Result<WorkspaceName> WorkspaceName::parse(std::string_view text) {
  if (auto good = check_name("workspace_name", text); !good) return std::move(good).error();
  return WorkspaceName(std::string(text));
}

std::string_view name_of(WorkspaceStatus status) {
  return status == WorkspaceStatus::active ? "active" : "inactive";
}

Result<WorkspaceStatus> parse_workspace_status(std::string_view text) {
  for (const auto status : {WorkspaceStatus::active, WorkspaceStatus::inactive})
    if (text == name_of(status)) return status;
  return invalid_field("status", "status must be active or inactive", "enum");
}

Task<Result<Workspace>> Workspaces::find(Caller caller, WorkspaceId id) {
  if (!caller.reaches(id)) co_return no_such_workspace();
  const OrganizationId organization = caller.organization();
  const auto row = co_await database_.read([organization, id](store::Connection& c) {
    return store::find_workspace(c, organization, id);
  });
  if (!row) co_return no_such_workspace();
  co_return from_row(organization, *row);
}

Task<Result<Workspace>> Workspaces::find_by_name(Caller caller, WorkspaceName name) {
  const OrganizationId organization = caller.organization();
  const auto row = co_await database_.read([organization, name](store::Connection& c) {
    return store::find_workspace_by_name(c, organization, name.str());
  });
  if (!row || !caller.reaches(row->id)) co_return no_such_workspace();
  co_return from_row(organization, *row);
}

Task<Error> Workspaces::unknown_name(Caller caller, WorkspaceName name) {
  Error error = no_such_workspace();
  if (!is_allowed(caller, Right::list_workspaces)) co_return error;
  const OrganizationId organization = caller.organization();
  const auto rows = co_await database_.read([organization](store::Connection& c) {
    store::WorkspaceListing listing;
    listing.limit = most_suggested_from;
    return store::list_workspaces(c, organization, listing);
  });
  std::vector<std::string> names;
  for (const store::WorkspaceRow& row : rows) names.push_back(row.name);
  error.message += did_you_mean(name.str(), names);
  co_return error;
}

Task<Result<Workspace>> Workspaces::create(Caller caller, WorkspaceName name) {
  if (auto allowed = check_right(caller, Right::mint_tokens); !allowed)
    co_return std::move(allowed).error();
  const OrganizationId organization = caller.organization();
  const store::WorkspaceRow row = new_row(name, clock_.now());
  const bool inserted = co_await database_.write([organization, row](store::Connection& c) {
    return store::insert_workspace(c, organization, row);
  });
  if (!inserted) co_return name_taken();
  co_return from_row(organization, row);
}

Task<Result<Workspace>> Workspaces::find_or_create(Caller caller, WorkspaceName name) {
  auto found = co_await find_by_name(caller, name);
  if (found || !is_allowed(caller, Right::mint_tokens)) co_return found;
  const OrganizationId organization = caller.organization();
  const store::WorkspaceRow fresh = new_row(name, clock_.now());
  const auto row = co_await database_.write([organization, fresh](store::Connection& c) {
    store::insert_workspace(c, organization, fresh);
    return store::find_workspace_by_name(c, organization, fresh.name);
  });
  if (!row) co_return no_such_workspace();
  co_return from_row(organization, *row);
}

Task<Result<WorkspacePage>> Workspaces::list(Caller caller, WorkspaceQuery query) {
  if (auto allowed = check_right(caller, Right::list_workspaces); !allowed)
    co_return std::move(allowed).error();
  if (query.limit < 1 || query.limit > largest_page)
    co_return invalid_field("limit", "limit must be 1 to 100", "range");
  store::WorkspaceListing listing{.name_contains = query.name_contains,
                                  .status = std::nullopt,
                                  .after = std::nullopt,
                                  .limit = static_cast<std::int64_t>(query.limit) + 1};
  if (query.status) listing.status = std::string(name_of(*query.status));
  if (query.cursor) {
    listing.after = read_cursor(*query.cursor);
    if (!listing.after)
      co_return invalid_field("cursor", "cursor is not one that this server gave", "cursor");
  }
  const OrganizationId organization = caller.organization();
  auto rows = co_await database_.read([organization, listing](store::Connection& c) {
    return store::list_workspaces(c, organization, listing);
  });
  WorkspacePage page;
  if (rows.size() > query.limit) {  // one more was asked for, to know whether there is more
    rows.resize(query.limit, rows.front());
    page.next_cursor = write_cursor(store::place_of(rows.back(), listing));
  }
  for (const store::WorkspaceRow& row : rows)
    page.workspaces.push_back(from_row(organization, row));
  co_return page;
}

Task<Result<WorkspaceCounts>> Workspaces::count(Caller caller) {
  if (auto allowed = check_right(caller, Right::list_workspaces); !allowed)
    co_return std::move(allowed).error();
  const OrganizationId organization = caller.organization();
  const auto counts = co_await database_.read(
      [organization](store::Connection& c) { return store::count_workspaces(c, organization); });
  co_return WorkspaceCounts{counts.active, counts.inactive};
}

Task<Result<Workspace>> Workspaces::update(Caller caller, WorkspaceId id, WorkspaceChange change) {
  if (auto allowed = check_right(caller, Right::administer_workspaces); !allowed)
    co_return std::move(allowed).error();
  const OrganizationId organization = caller.organization();
  const Instant now = clock_.now();
  const auto apply = [&](store::Connection& c) {
    auto row = store::find_workspace(c, organization, id);
    if (!row) return row;
    const bool was_active = row->status == name_of(WorkspaceStatus::active);
    const auto before = std::tuple(row->name, row->status, row->cache_enabled);
    if (change.name) row->name = change.name->str();
    if (change.status) row->status = std::string(name_of(*change.status));
    if (change.cache_enabled) row->cache_enabled = *change.cache_enabled;
    // What is said again is no change.
    if (before == std::tuple(row->name, row->status, row->cache_enabled)) return row;
    row->updated_at = now;
    store::update_workspace(c, organization, *row);
    if (was_active && row->status == name_of(WorkspaceStatus::inactive))
      store::raise_epoch(c, store::EpochKind::workspace, id.str(), now);
    return row;
  };
  std::optional<store::WorkspaceRow> row;
  bool taken = false;
  try {
    row = co_await database_.write(apply);
  } catch (const store::UniqueViolation&) {
    taken = true;
  }
  if (taken) co_return name_taken();
  if (!row) co_return no_such_workspace();
  if (change.status) co_await epochs_.poll();
  co_return from_row(organization, *row);
}

Task<Result<DeletedWorkspace>> Workspaces::remove(Caller caller, WorkspaceId id,
                                                  InSameTransaction also) {
  if (auto allowed = check_right(caller, Right::administer_workspaces); !allowed)
    co_return std::move(allowed).error();
  const OrganizationId organization = caller.organization();
  const Instant now = clock_.now();
  const bool removed = co_await database_.write([&](store::Connection& c) {
    if (!store::delete_workspace(c, organization, id, now)) return false;
    if (also) also(c, organization, id);
    store::raise_epoch(c, store::EpochKind::workspace, id.str(), now);
    return true;
  });
  if (!removed) co_return no_such_workspace();
  co_await epochs_.poll();
  co_return DeletedWorkspace{id, now};
}

}  // namespace fairlead::access
