#include "store/tool_calls.hpp"

#include "store/columns.hpp"

#include <fmt/format.h>

namespace fairlead::store {
namespace {

Value optional(const std::optional<std::string>& text) {
  return text ? Value(*text) : Value(nullptr);
}
Value optional(const std::optional<std::int64_t>& number) {
  return number ? Value(*number) : Value(nullptr);
}

constexpr std::size_t columns = 26;
constexpr std::size_t calls_at_once = 16;  // a statement for them costs three quarters of 16

/// No value is given as '' or -1, so that every call fits the same prepared statement.
std::string insertion_of(std::size_t calls) {
  std::string sql =
      "INSERT INTO tool_call (org_id, id, workspace_id, connector_id, time, request_id, interface, "
      "client, actor, connector_name, definition, definition_version, type, entity, action, "
      "effect, intent, params, status, attempts, request_bytes, answer_bytes, duration_us, "
      "error_code, upstream_status, record_count) VALUES ";
  for (std::size_t i = 0; i < calls; ++i) {
    const std::size_t last = (i + 1) * columns;
    sql += i == 0 ? "(" : ", (";
    for (std::size_t place = i * columns + 1; place < last - 2; ++place)
      sql += fmt::format("${}, ", place);
    sql +=
        fmt::format("NULLIF(${}, ''), NULLIF(${}, -1), NULLIF(${}, -1))", last - 2, last - 1, last);
  }
  return sql + " ON CONFLICT (org_id, id) DO NOTHING";
}

void append_values(std::vector<Value>& values, const ToolCallRow& call) {
  for (const std::string* text :
       {&call.organization_id.str(), &call.id, &call.workspace_id.str(), &call.connector_id.str()})
    values.emplace_back(*text);
  values.emplace_back(stored(call.time));
  for (const std::string* text :
       {&call.request_id, &call.interface, &call.client, &call.actor, &call.connector_name,
        &call.definition, &call.definition_version, &call.type, &call.entity, &call.action,
        &call.effect, &call.intent, &call.params, &call.status})
    values.emplace_back(*text);
  for (const std::int64_t number :
       {call.attempts, call.request_bytes, call.answer_bytes, call.duration_us})
    values.emplace_back(number);
  values.emplace_back(call.error_code.value_or(""));
  values.emplace_back(call.upstream_status.value_or(-1));
  values.emplace_back(call.record_count.value_or(-1));
}

/// The least id of that moment.
std::string first_id_at(Instant time) {
  return fmt::format("{:016x}",
                     static_cast<std::uint64_t>(std::max<std::int64_t>(0, stored(time))));
}

}  // namespace

std::string tool_call_id(Instant time) {
  return first_id_at(time) + '-' + random_uuid().substr(0, 8);
}

void insert_tool_calls(Connection& connection, std::span<const ToolCallRow> calls) {
  static const std::string one = insertion_of(1), many = insertion_of(calls_at_once);
  std::vector<Value> values;
  values.reserve((calls.size() < calls_at_once ? 1 : calls_at_once) * columns);
  while (!calls.empty()) {
    const std::size_t count = calls.size() < calls_at_once ? 1 : calls_at_once;
    values.clear();
    for (const ToolCallRow& call : calls.first(count)) append_values(values, call);
    connection.execute(count == 1 ? one : many, values);
    calls = calls.subspan(count);
  }
}

void finish_tool_call(Connection& connection, const ToolCallRow& call) {
  connection.execute(
      "UPDATE tool_call SET status = $3, error_code = $4, upstream_status = $5, attempts = $6, "
      "record_count = $7, answer_bytes = $8, duration_us = $9 WHERE org_id = $1 AND id = $2",
      {call.organization_id.str(), call.id, call.status, optional(call.error_code),
       optional(call.upstream_status), call.attempts, optional(call.record_count),
       call.answer_bytes, call.duration_us});
}

std::int64_t give_up_running_tool_calls(Connection& connection, const OrganizationId& organization,
                                        Instant before) {
  return connection.execute(
      "UPDATE tool_call SET status = 'outcome_unknown', error_code = 'outcome_unknown' "
      "WHERE org_id = $1 AND status = 'running' AND id < $2",
      {organization.str(), first_id_at(before)});
}

std::int64_t delete_tool_calls(Connection& connection, const OrganizationId& organization,
                               Instant before, std::int64_t most) {
  return connection.execute(
      "DELETE FROM tool_call WHERE org_id = $1 AND id IN (SELECT id FROM tool_call "
      "WHERE org_id = $1 AND id < $2 ORDER BY id LIMIT $3)",
      {organization.str(), first_id_at(before), most});
}

std::vector<ToolCallRow> list_tool_calls(Connection& connection, const OrganizationId& organization,
                                         const ToolCallListing& listing) {
  std::string sql =
      "SELECT id, workspace_id, connector_id, time, request_id, interface, client, actor, "
      "connector_name, definition, definition_version, type, entity, action, effect, intent, "
      "params, status, error_code, upstream_status, attempts, record_count, request_bytes, "
      "answer_bytes, duration_us FROM tool_call WHERE org_id = $1";
  std::vector<Value> arguments{organization.str()};
  const auto argument = [&arguments](Value value) {
    arguments.push_back(std::move(value));
    return "$" + std::to_string(arguments.size());
  };
  if (listing.workspace) sql += " AND workspace_id = " + argument(listing.workspace->str());
  if (listing.connector) sql += " AND connector_id = " + argument(listing.connector->str());
  if (listing.type) sql += " AND type = " + argument(*listing.type);
  if (listing.status) sql += " AND status = " + argument(*listing.status);
  if (listing.actor) sql += " AND actor = " + argument(*listing.actor);
  if (listing.since) sql += " AND id >= " + argument(first_id_at(*listing.since));
  if (listing.until) sql += " AND id < " + argument(first_id_at(*listing.until));
  if (listing.before) sql += " AND id < " + argument(*listing.before);
  sql += " ORDER BY id DESC LIMIT " + argument(listing.limit);

  std::vector<ToolCallRow> found;
  for (const Row& row : connection.query(sql, arguments))
    found.push_back({.organization_id = organization,
                     .id = row.text(0),
                     .workspace_id = WorkspaceId::trusted(row.text(1)),
                     .connector_id = ConnectorId::trusted(row.text(2)),
                     .time = instant(row.integer(3)),
                     .request_id = row.text(4),
                     .interface = row.text(5),
                     .client = row.text(6),
                     .actor = row.text(7),
                     .connector_name = row.text(8),
                     .definition = row.text(9),
                     .definition_version = row.text(10),
                     .type = row.text(11),
                     .entity = row.text(12),
                     .action = row.text(13),
                     .effect = row.text(14),
                     .intent = row.text(15),
                     .params = row.text(16),
                     .status = row.text(17),
                     .error_code = row.optional_text(18),
                     .upstream_status = row.optional_integer(19),
                     .record_count = row.optional_integer(21),
                     .attempts = row.integer(20),
                     .request_bytes = row.integer(22),
                     .answer_bytes = row.integer(23),
                     .duration_us = row.integer(24)});
  return found;
}

}  // namespace fairlead::store
