// Rows of the tool-call log.
#pragma once

#include "base/clock.hpp"
#include "base/ids.hpp"
#include "store/database.hpp"

#include <optional>
#include <span>
#include <string>
#include <vector>

namespace fairlead::store {

/// Sorts by time: sixteen hexadecimal digits of microseconds, then something random.
std::string tool_call_id(Instant time);

struct ToolCallRow {
  OrganizationId organization_id;
  std::string id;  ///< from tool_call_id(time)
  WorkspaceId workspace_id;
  ConnectorId connector_id;
  Instant time;
  std::string request_id, interface, client, actor;
  std::string connector_name, definition, definition_version;
  std::string type = "direct";
  std::string entity, action, effect, intent;
  std::string params = "{}";  ///< JSON object: name -> fingerprint
  std::string status = "running";
  std::optional<std::string> error_code;
  std::optional<std::int64_t> upstream_status, record_count;
  std::int64_t attempts = 0, request_bytes = 0, answer_bytes = 0, duration_us = 0;
};

/// Calls that are stored already stay as they are: after a commit of which nobody knows whether it
/// succeeded, the same ones come again.
void insert_tool_calls(Connection& connection, std::span<const ToolCallRow> calls);
/// Writes what came of a call: status, error, counts and times.
void finish_tool_call(Connection& connection, const ToolCallRow& call);
/// Calls that were under way when the server stopped: nobody knows what came of them. Answers how
/// many there were.
std::int64_t give_up_running_tool_calls(Connection& connection, const OrganizationId& organization,
                                        Instant before);
/// The oldest ones first, at most `most`; answers how many there were.
std::int64_t delete_tool_calls(Connection& connection, const OrganizationId& organization,
                               Instant before, std::int64_t most);

struct ToolCallListing {
  std::optional<WorkspaceId> workspace;
  std::optional<ConnectorId> connector;
  std::optional<std::string> type, status, actor;
  std::optional<Instant> since, until;
  std::optional<std::string> before;  ///< an id
  std::int64_t limit = 20;
};
/// Newest first.
std::vector<ToolCallRow> list_tool_calls(Connection& connection, const OrganizationId& organization,
                                         const ToolCallListing& listing);

}  // namespace fairlead::store
