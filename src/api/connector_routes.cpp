// Connectors: create, list, get, change, check, inspect, delete.
#include "api/exchange.hpp"
#include "api/views.hpp"
#include "base/digest.hpp"
#include "base/encoding.hpp"

#include <algorithm>

namespace fairlead::api {
namespace {

using platform::AddConnector;
using platform::ConnectorChange;
using platform::ConnectorView;

constexpr std::size_t longest_name = 255;

Result<ConnectorId> connector_id(const Exchange& exchange) {
  auto id = ConnectorId::parse(exchange.path_values.at(0));
  if (!id) return platform::no_such_connector();
  return id;
}

json::array to_json(const std::vector<std::string>& texts) {
  json::array out;
  for (const auto& text : texts) out.emplace_back(text);
  return out;
}

json::object template_of(const Exchange& exchange, const ConnectorView& connector) {
  const auto service = exchange.parts.platform.catalogue().find(connector.row.definition_id);
  json::object spec{{"documentationUrl", nullptr},
                    {"connectionSpecification", json::object{{"type", "object"},
                                                             {"required", json::array()},
                                                             {"properties", json::object()},
                                                             {"title", ""},
                                                             {"description", ""}}},
                    {"advanced_auth", nullptr},
                    {"supported_destination_sync_modes", json::array()}};
  return {{"id", connector.row.definition_id},
          {"name", connector.service_name},
          {"icon", icon_address(exchange, connector.slug)},
          {"source_definition_id", connector.row.definition_id},
          {"connector_name", connector.slug},
          {"user_config_spec", service ? service->spec : spec},
          {"partial_default_config", json::object()},
          {"customization", nullptr},
          {"tags", json::array()},
          {"mode", "DIRECT"},
          {"is_experimental", false},
          {"runtime_mode", "direct_only"},
          {"supports_context_store", false},
          {"created_at", nullptr},
          {"updated_at", nullptr}};
}

json::object to_json(const Exchange& exchange, const ConnectorView& connector) {
  const auto& row = connector.row;
  json::object body{
      {"id", row.id.str()},
      {"name", row.name},
      {"source_template", template_of(exchange, connector)},
      {"replication_config", connector.replication_config},
      {"entities", connector.entities ? json::value(*connector.entities) : json::value(nullptr)},
      {"created_at", to_rfc3339(row.created_at)},
      {"updated_at", to_rfc3339(row.updated_at)},
      {"status", row.status},
      {"status_reason", or_null(row.status_reason)},
      {"workspace_id", row.workspace_id.str()},
      {"workspace_name", row.workspace_name},
      {"organization_id", connector.organization.str()},
      {"auth_scheme", or_null(row.auth_scheme)},
      {"environment", connector.environment},
      {"warnings", to_json(connector.warnings)}};
  return body;
}

json::object to_item(const Exchange& exchange, const ConnectorView& connector) {
  const auto& row = connector.row;
  json::object summary{{"id", row.definition_id},
                       {"name", connector.service_name},
                       {"icon", icon_address(exchange, connector.slug)},
                       {"actor_definition_id", row.definition_id},
                       {"connector_name", connector.slug},
                       {"organization_id", connector.organization.str()},
                       {"tags", json::array()},
                       {"customization", nullptr},
                       {"mode", "DIRECT"},
                       {"runtime_mode", "direct_only"},
                       {"supports_context_store", false},
                       {"created_at", nullptr},
                       {"updated_at", nullptr}};
  return {{"id", row.id.str()},
          {"name", row.name},
          {"summarized_source_template", std::move(summary)},
          {"workspace_id", row.workspace_id.str()},
          {"workspace_name", row.workspace_name},
          {"status", row.status},
          {"status_reason", or_null(row.status_reason)},
          {"created_at", to_rfc3339(row.created_at)},
          {"updated_at", to_rfc3339(row.updated_at)}};
}

json::object to_json(const platform::CheckReport& report) {
  using Verdict = platform::Probe::Verdict;
  const platform::Probe& probe = report.probe;
  const char* status = "succeeded";
  const bool passing = probe.verdict == Verdict::unreachable;  // it may work when tried again
  const bool failed =
      passing || probe.verdict == Verdict::refused || probe.verdict == Verdict::denied;
  if (failed) status = passing ? "inconclusive" : "failed";
  if (probe.verdict == Verdict::skipped) status = "skipped";
  json::value failure = nullptr;
  if (failed)
    failure = json::object{{"timestamp", std::chrono::duration_cast<std::chrono::milliseconds>(
                                             report.at.time_since_epoch())
                                             .count()},
                           {"failure_origin", "source"},
                           {"failure_type", passing ? "transient_error" : "config_error"},
                           {"external_message", probe.message},
                           {"internal_message", nullptr},
                           {"stacktrace", nullptr},
                           {"retryable", passing},
                           {"from_trace_message", nullptr},
                           {"stream_descriptor", nullptr}};
  json::value entities = nullptr;
  if (!probe.entity.empty())
    entities = json::array{
        json::object{{"entity", probe.entity},
                     {"status", status},
                     {"status_code", probe.upstream_status ? json::value(probe.upstream_status)
                                                           : json::value(nullptr)},
                     {"error_message", or_null(probe.message)}}};
  return {{"id", report.id},
          {"status", status},
          {"error_message", failed ? or_null(probe.message) : json::value(nullptr)},
          {"failure_reason", std::move(failure)},
          {"entity_check_results", std::move(entities)}};
}

/// [{entity, modes}] as far as shape goes.
std::optional<json::array> entities_in(BodyReader& body) {
  auto entities = body.array("entities");
  if (!entities) return std::nullopt;
  for (std::size_t i = 0; i < entities->size(); ++i) {
    const json::value& choice = (*entities)[i];
    const json::string* name =
        choice.is_object() ? find_string(choice.get_object(), "entity") : nullptr;
    const json::value* modes = name ? choice.get_object().if_contains("modes") : nullptr;
    bool good = name != nullptr;
    if (modes && !modes->is_null()) {
      good = good && modes->is_array();
      if (good)
        for (const json::value& mode : modes->get_array())
          good = good && (mode == "read" || mode == "write");
    }
    if (!good)
      body.problems().add("entities." + std::to_string(i),
                          "an entry of entities is {entity, modes}, where modes is a list of "
                          "\"read\" and \"write\", or null",
                          "wrong_type");
  }
  return entities;
}

/// Which service, by exactly one of its names.
void read_service(BodyReader& body, AddConnector& command) {
  std::size_t given = 0;
  for (const char* name : {"definition_id", "connector_type", "source_template_id"}) {
    auto text = body.optional_text(name);
    if (!text) continue;
    ++given;
    command.service = *std::move(text);
    command.service_field = name;
  }
  if (given == 0 && body.problems().empty())
    body.problems().add("body",
                        "Value error, One of connector_type, definition_id, or source_template_id "
                        "must be provided",
                        "value_error");
  if (given > 1)
    body.problems().add("body",
                        "Value error, Only one of connector_type, definition_id, or "
                        "source_template_id may be provided",
                        "value_error");
}

void read_workspace(BodyReader& body, AddConnector& command) {
  for (const char* name : {"workspace_name", "customer_name", "external_user_id"}) {
    const auto text = body.optional_text(name);
    if (!text) continue;
    auto parsed = access::WorkspaceName::parse(*text);
    if (parsed)
      command.workspace = *std::move(parsed);
    else
      body.problems().add(name, parsed.error().message, "invalid");
    return;
  }
}

void read_name(BodyReader& body, std::optional<std::string>& name) {
  name = body.optional_text("name", longest_name);
  if (!name) return;
  const auto is_blank = [](char c) { return c == ' '; };
  const auto is_control = [](unsigned char c) { return c < 0x20 || c == 0x7f; };
  if (std::all_of(name->begin(), name->end(), is_blank))
    body.problems().add("name", "name must not be empty", "invalid");
  else if (std::any_of(name->begin(), name->end(), is_control))
    body.problems().add("name", "name must be one line, without control characters", "invalid");
}

Result<AddConnector> read_new_connector(Exchange& exchange) {
  auto parsed = exchange.body(usual_body);
  if (!parsed) return std::move(parsed).error();
  BodyReader body(*std::move(parsed));
  body.refuse_misspelt({"workspace_name", "customer_name", "external_user_id", "definition_id",
                        "connector_type", "source_template_id", "name", "credentials",
                        "auth_scheme", "environment", "replication_config", "entities", "validate",
                        "server_side_oauth_secret_id", "selected_connection_template_tags",
                        "selected_connection_template_tags_mode"});
  AddConnector command;
  read_workspace(body, command);
  read_service(body, command);
  read_name(body, command.name);
  command.input.auth_scheme = body.optional_text("auth_scheme").value_or("");
  if (auto fields = body.credentials("credentials")) command.input.credentials = *std::move(fields);
  if (auto settings = body.object("environment")) command.input.environment = *std::move(settings);
  if (auto settings = body.object("replication_config"))
    command.input.replication_config = *std::move(settings);
  command.entities = entities_in(body);
  command.validate = body.flag("validate", true);
  check_template_tags(body, {"selected_connection_template_tags"});
  if (body.has("server_side_oauth_secret_id"))
    body.problems().add("server_side_oauth_secret_id",
                        "server_side_oauth_secret_id is not offered by this server; give "
                        "credentials",
                        "not_allowed_value");
  if (!body.problems().empty()) return body.problems().error();
  return command;
}

Result<ConnectorChange> read_change(Exchange& exchange) {
  ConnectorChange change;
  if (exchange.request.body.empty() && exchange.request.method == "POST") return change;
  auto parsed = exchange.body(usual_body);
  if (!parsed) return std::move(parsed).error();
  BodyReader body(*std::move(parsed));
  // What GET answered may be sent back with changes in it.
  body.refuse_misspelt({"name", "credentials", "auth_scheme", "environment", "replication_config",
                        "entities", "validate", "id", "source_template", "status", "status_reason",
                        "workspace_id", "workspace_name", "organization_id", "warnings",
                        "created_at", "updated_at"});
  read_name(body, change.name);
  change.credentials = body.credentials("credentials");
  change.auth_scheme = body.optional_text("auth_scheme").value_or("");
  change.environment = body.object("environment");
  change.replication_config = body.object("replication_config");
  if (body.has("entities")) change.entities.emplace(entities_in(body));
  if (change.entities && *change.entities && (*change.entities)->empty())
    change.entities.emplace(std::nullopt);  // [] clears
  change.validate = body.flag("validate", true);
  if (!body.problems().empty()) return body.problems().error();
  return change;
}

}  // namespace

std::string next_address(std::string_view path, std::string_view query, const std::string& cursor) {
  std::string address = std::string(path) + '?';
  while (!query.empty()) {
    const std::string_view pair = query.substr(0, query.find('&'));
    if (!pair.empty() && pair.substr(0, pair.find('=')) != "cursor")
      address += std::string(pair) + '&';
    query.remove_prefix(std::min(pair.size() + 1, query.size()));
  }
  return address + "cursor=" + form_encode(cursor);
}

Task<Answer> create_connector(Exchange& exchange) {
  auto command = read_new_connector(exchange);
  if (!command) co_return std::move(command).error();
  if (const std::string* key = exchange.request.headers.find("Idempotency-Key")) {
    auto parsed = platform::IdempotencyKey::parse(
        *key, "create connector\n" + to_hex(bytes_of(sha256(exchange.request.body))));
    if (!parsed) co_return std::move(parsed).error();
    command->idempotency = *std::move(parsed);
  }
  auto added = co_await exchange.parts.platform.connectors().add(
      exchange.caller(), *std::move(command), exchange.deadline);
  if (!added) co_return std::move(added).error();
  net::Response response = json_response(to_json(exchange, *added));
  if (added->replayed) response.headers.add("Idempotent-Replayed", "true");
  co_return response;
}

Task<Answer> check_new_connector(Exchange& exchange) {
  auto command = read_new_connector(exchange);
  if (!command) co_return std::move(command).error();
  auto report = co_await exchange.parts.platform.connectors().check_new(
      exchange.caller(), *std::move(command), exchange.deadline);
  if (!report) co_return std::move(report).error();
  co_return json_response(to_json(*report));
}

Task<Answer> list_connectors(Exchange& exchange) {
  QueryReader given(exchange.query);
  platform::Connectors::Query query;
  for (const char* name : {"workspace_name", "customer_name", "external_user_id"}) {
    const auto text = given.text(name);
    if (!text || query.workspace_name) continue;
    auto parsed = access::WorkspaceName::parse(*text);
    if (parsed)
      query.workspace_name = *std::move(parsed);
    else
      given.problems().add(name, parsed.error().message, "invalid");
  }
  query.workspace = given.id<WorkspaceId>("workspace_id");
  if (const auto service = given.text("definition_id")) {
    const auto known = exchange.parts.platform.catalogue().find(*service);
    if (known)
      query.definition_id = known->summary.id;
    else if (const auto id = given.id<DefinitionId>("definition_id"))
      query.definition_id = id->str();  // of a definition that is gone
  }
  query.limit = given.number("limit", 1, 100);
  query.cursor = given.text("cursor");
  if (!given.problems().empty()) co_return given.problems().error();

  auto page = co_await exchange.parts.platform.connectors().list(exchange.caller(), query);
  if (!page) co_return std::move(page).error();
  json::array data;
  for (const auto& connector : page->connectors) data.push_back(to_item(exchange, connector));
  json::value next = nullptr;
  if (page->next_cursor)
    next = json::string(
        next_address("/api/v1/integrations/connectors", exchange.query, *page->next_cursor));
  co_return json_response(json::object{{"data", std::move(data)}, {"next", std::move(next)}});
}

Task<Answer> get_connector(Exchange& exchange) {
  auto id = connector_id(exchange);
  if (!id) co_return std::move(id).error();
  auto found = co_await exchange.parts.platform.connectors().find(exchange.caller(), *id);
  if (!found) co_return std::move(found).error();
  co_return json_response(to_json(exchange, *found));
}

Task<Answer> update_connector(Exchange& exchange) {
  auto id = connector_id(exchange);
  if (!id) co_return std::move(id).error();
  auto change = read_change(exchange);
  if (!change) co_return std::move(change).error();
  auto updated = co_await exchange.parts.platform.connectors().update(
      exchange.caller(), *id, *std::move(change), exchange.deadline);
  if (!updated) co_return std::move(updated).error();
  co_return json_response(to_json(exchange, *updated));
}

Task<Answer> delete_connector(Exchange& exchange) {
  auto id = connector_id(exchange);
  if (!id) co_return std::move(id).error();
  auto job = co_await exchange.parts.platform.connectors().remove(exchange.caller(), *id);
  if (!job) co_return std::move(job).error();
  co_return json_response(json::object{{"job_id", *job}}, 202);
}

Task<Answer> check_connector(Exchange& exchange) {
  auto id = connector_id(exchange);
  if (!id) co_return std::move(id).error();
  auto change = read_change(exchange);
  if (!change) co_return std::move(change).error();
  auto report = co_await exchange.parts.platform.connectors().check(
      exchange.caller(), *id, *std::move(change), exchange.deadline);
  if (!report) co_return std::move(report).error();
  co_return json_response(to_json(*report));
}

Task<Answer> inspect_connector(Exchange& exchange) {
  auto id = connector_id(exchange);
  if (!id) co_return std::move(id).error();
  auto found = co_await exchange.parts.platform.connectors().find(exchange.caller(), *id);
  if (!found) co_return std::move(found).error();
  const auto& row = found->row;
  co_return json_response(json::object{{"connector_id", row.id.str()},
                                       {"name", row.name},
                                       {"workspace_id", row.workspace_id.str()},
                                       {"organization_id", found->organization.str()},
                                       {"source_definition_id", row.definition_id},
                                       {"source_definition_name", or_null(found->service_name)},
                                       {"source_config_template_id", row.definition_id},
                                       {"docs_skill_id", platform::skill_id(row.id)},
                                       {"context_store_readiness", nullptr},
                                       {"warnings", to_json(found->warnings)},
                                       {"status", row.status},
                                       {"auth_scheme", or_null(row.auth_scheme)}});
}

Task<Answer> get_job(Exchange& exchange) {
  const auto id = canonical_uuid(exchange.path_values.at(0));
  if (!id) co_return invalid_field("id", "id must be a UUID", "uuid");
  auto job = co_await exchange.parts.platform.connectors().find_job(exchange.caller(), *id);
  if (!job) co_return std::move(job).error();
  co_return json_response(
      json::object{{"id", job->id},
                   {"kind", job->kind},
                   {"status", job->status},
                   {"connector_id", job->connector_id.str()},
                   {"created_at", to_rfc3339(job->created_at)},
                   {"finished_at", job->finished_at ? json::value(to_rfc3339(*job->finished_at))
                                                    : json::value(nullptr)}});
}

}  // namespace fairlead::api
