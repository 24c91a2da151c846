// The tool-call log.
#include "api/exchange.hpp"
#include "api/views.hpp"

namespace fairlead::api {
namespace {

json::value number_or_null(const std::optional<std::int64_t>& number) {
  return number ? json::value(*number) : json::value(nullptr);
}

json::object to_json(const store::ToolCallRow& call) {
  auto params = parse_json(call.params);
  return {{"id", call.id},
          {"time", to_rfc3339(call.time)},
          {"request_id", call.request_id},
          {"workspace_id", call.workspace_id.str()},
          {"connector_id", call.connector_id.str()},
          {"connector_name", call.connector_name},
          {"connector_type", call.definition},
          {"definition_version", call.definition_version},
          {"type", call.type},
          {"interface", call.interface},
          {"client", or_null(call.client)},
          {"actor", or_null(call.actor)},
          {"entity", call.entity},
          {"action", call.action},
          {"effect", or_null(call.effect)},
          {"intent", or_null(call.intent)},
          {"params", params ? *std::move(params) : json::value(json::object())},
          {"status", call.status},
          {"error_code", or_null(call.error_code)},
          {"upstream_status", number_or_null(call.upstream_status)},
          {"attempts", call.attempts},
          {"record_count", number_or_null(call.record_count)},
          {"request_bytes", call.request_bytes},
          {"answer_bytes", call.answer_bytes},
          {"duration_ms", call.duration_us / 1000}};
}

}  // namespace

Task<Answer> list_tool_calls(Exchange& exchange) {
  QueryReader given(exchange.query);
  platform::ToolCallLog::Query query;
  query.workspace = given.id<WorkspaceId>("workspace_id");
  query.connector = given.id<ConnectorId>("connector_id");
  query.type = given.one_of("type", {"direct", "search"});
  query.status = given.one_of("status", {"running", "succeeded", "failed", "outcome_unknown"});
  query.actor = given.text("actor");
  query.since = given.time("since");
  query.until = given.time("until");
  query.limit = given.number("limit", 1, 100).value_or(20);
  query.cursor = given.text("cursor");
  if (!given.problems().empty()) co_return given.problems().error();

  auto page = co_await exchange.parts.platform.tool_calls().list(exchange.caller(), query);
  if (!page) co_return std::move(page).error();
  json::array data;
  for (const auto& call : page->calls) data.push_back(to_json(call));
  co_return json_response(
      json::object{{"data", std::move(data)}, {"next_cursor", or_null(page->next_cursor)}});
}

}  // namespace fairlead::api
