// Workspaces: the parts of an organization that keep connectors apart.
#pragma once

#include "access/authenticator.hpp"
#include "store/database.hpp"

#include <functional>
#include <vector>

namespace fairlead::access {

/// 1 to 255 characters of valid UTF-8, none of them a control character, not all blanks. Kept as
/// sent; compared exactly, case included.
class WorkspaceName {
 public:
  static Result<WorkspaceName> parse(std::string_view text);
  /// For text read from our own database.
  static WorkspaceName trusted(std::string text) { return WorkspaceName(std::move(text)); }
  const std::string& str() const noexcept { return text_; }
  auto operator<=>(const WorkspaceName&) const = default;

 private:
  explicit WorkspaceName(std::string text) : text_(std::move(text)) {}
  std::string text_;
};

enum class WorkspaceStatus { active, inactive };
std::string_view name_of(WorkspaceStatus status);
Result<WorkspaceStatus> parse_workspace_status(std::string_view text);

struct Workspace {
  WorkspaceId id;
  OrganizationId organization_id;
  WorkspaceName name;
  WorkspaceStatus status = WorkspaceStatus::active;
  std::optional<bool> cache_enabled;  ///< absent: as the organization
  bool tombstone = false;             ///< deleted; never listed
  std::string visibility = "shared";  ///< or "private"
  std::optional<std::string> color;
  Instant created_at, updated_at;
};

struct WorkspaceQuery {
  std::optional<std::string> name_contains;  ///< any case; exact matches come first
  std::optional<WorkspaceStatus> status;
  std::size_t limit = 20;             ///< 1 to 100
  std::optional<std::string> cursor;  ///< from WorkspacePage::next_cursor
};
struct WorkspacePage {
  std::vector<Workspace> workspaces;
  std::optional<std::string> next_cursor;
};

struct WorkspaceCounts {
  std::int64_t active = 0, inactive = 0;
};

/// What an update changes; absent leaves as it is.
struct WorkspaceChange {
  std::optional<WorkspaceName> name;
  std::optional<WorkspaceStatus> status;
  /// Outer absent: leave; inner absent: as the organization.
  std::optional<std::optional<bool>> cache_enabled;
};

struct DeletedWorkspace {
  WorkspaceId id;
  Instant deleted_at;
};

/// The workspaces within the caller's reach. What is out of reach is not_found.
class Workspaces {
 public:
  Workspaces(store::Database& database, Epochs& epochs, const Clock& clock)
      : database_(database), epochs_(epochs), clock_(clock) {}

  Task<Result<Workspace>> find(Caller caller, WorkspaceId id);
  Task<Result<Workspace>> find_by_name(Caller caller, WorkspaceName name);
  /// What to say of a name that nobody has: with the nearest ones that the caller may see.
  Task<Error> unknown_name(Caller caller, WorkspaceName name);
  /// Errors: conflict (code `workspace_exists`); forbidden without Right::mint_tokens.
  Task<Result<Workspace>> create(Caller caller, WorkspaceName name);
  /// Of two callers at the same time both get the same one.
  Task<Result<Workspace>> find_or_create(Caller caller, WorkspaceName name);
  /// Errors: forbidden without Right::list_workspaces; invalid_input (limit, cursor).
  Task<Result<WorkspacePage>> list(Caller caller, WorkspaceQuery query);
  Task<Result<WorkspaceCounts>> count(Caller caller);
  /// Switching a workspace off ends the tokens of that workspace at once.
  /// Errors: forbidden without Right::administer_workspaces; conflict (code `workspace_exists`).
  Task<Result<Workspace>> update(Caller caller, WorkspaceId id, WorkspaceChange change);
  /// `also` runs in the same transaction, for what hangs on the workspace (connectors, secrets).
  using InSameTransaction =
      std::function<void(store::Connection&, const OrganizationId&, const WorkspaceId&)>;
  Task<Result<DeletedWorkspace>> remove(Caller caller, WorkspaceId id, InSameTransaction also = {});

 private:
  store::Database& database_;
  Epochs& epochs_;
  const Clock& clock_;
};

}  // namespace fairlead::access
