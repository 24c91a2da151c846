// Workspaces and organizations.
#include "api/exchange.hpp"
#include "base/encoding.hpp"

namespace fairlead::api {
namespace {

json::object to_json(const access::Workspace& workspace) {
  return {{"id", workspace.id.str()},
          {"name", workspace.name.str()},
          {"organization_id", workspace.organization_id.str()},
          {"status", json::string_view(access::name_of(workspace.status))},
          {"cache_enabled",
           workspace.cache_enabled ? json::value(*workspace.cache_enabled) : json::value(nullptr)},
          {"tombstone", workspace.tombstone},
          {"visibility", workspace.visibility},
          {"color", workspace.color ? json::value(*workspace.color) : json::value(nullptr)},
          {"created_at", to_rfc3339(workspace.created_at)},
          {"updated_at", to_rfc3339(workspace.updated_at)}};
}

/// The address of the next page: a path, so that it holds behind any proxy.
std::string next_address(const access::WorkspaceQuery& query, const std::string& cursor) {
  std::string address =
      "/api/v1/workspaces?limit=" + std::to_string(query.limit) + "&cursor=" + form_encode(cursor);
  if (query.name_contains) address += "&name_contains=" + form_encode(*query.name_contains);
  if (query.status) address += "&status=" + std::string(access::name_of(*query.status));
  return address;
}

/// A cursor that is not ours has a code of its own in every listing.
Error with_cursor_code(Error error) {
  if (error.fields.empty() || error.fields.front().field != "cursor") return error;
  error.code = error.fields.front().code = "invalid_cursor";
  return error;
}

Result<WorkspaceId> workspace_id(const Exchange& exchange) {
  return WorkspaceId::parse(exchange.path_values.at(0));
}

std::optional<access::WorkspaceName> parsed_name(BodyReader& body, const std::string& name) {
  auto parsed = access::WorkspaceName::parse(name);
  if (parsed) return *std::move(parsed);
  // Its own words call it by the name that it has elsewhere.
  constexpr std::string_view elsewhere = "workspace_";
  std::string message = parsed.error().message;
  if (message.starts_with(elsewhere)) message.erase(0, elsewhere.size());
  body.problems().add("name", std::move(message), "invalid");
  return std::nullopt;
}

/// A page that makes connectors has no business with what is around them.
Result<Done> not_from_a_widget(const Exchange& exchange) {
  return access::check_right(exchange.caller(), access::Right::read_connectors);
}

}  // namespace

Task<Answer> list_workspaces(Exchange& exchange) {
  QueryReader given(exchange.query);
  access::WorkspaceQuery query;
  query.name_contains = given.text("name_contains");
  if (const auto status = given.one_of("status", {"active", "inactive"}))
    query.status =
        *status == "active" ? access::WorkspaceStatus::active : access::WorkspaceStatus::inactive;
  query.limit = given.number("limit", 1, 100).value_or(20);
  query.cursor = given.text("cursor");
  if (!given.problems().empty()) co_return given.problems().error();

  auto page = co_await exchange.parts.access.workspaces().list(exchange.caller(), query);
  if (!page) co_return with_cursor_code(std::move(page).error());
  json::array data;
  for (const auto& workspace : page->workspaces) data.push_back(to_json(workspace));
  json::value next = nullptr;
  if (page->next_cursor) next = json::string(next_address(query, *page->next_cursor));
  co_return json_response(json::object{{"data", std::move(data)}, {"next", std::move(next)}});
}

Task<Answer> create_workspace(Exchange& exchange) {
  auto parsed = exchange.body(usual_body);
  if (!parsed) co_return std::move(parsed).error();
  BodyReader body(*std::move(parsed));
  const std::string text = body.text("name");
  if (!body.problems().empty()) co_return body.problems().error();
  auto name = parsed_name(body, text);
  if (!name) co_return body.problems().error();
  auto made =
      co_await exchange.parts.access.workspaces().create(exchange.caller(), *std::move(name));
  if (!made) co_return std::move(made).error();
  co_return json_response(to_json(*made));
}

Task<Answer> count_workspaces(Exchange& exchange) {
  auto counts = co_await exchange.parts.access.workspaces().count(exchange.caller());
  if (!counts) co_return std::move(counts).error();
  co_return json_response(json::object{{"active_count", counts->active},
                                       {"inactive_count", counts->inactive},
                                       {"total_count", counts->active + counts->inactive}});
}

Task<Answer> get_workspace(Exchange& exchange) {
  if (auto allowed = not_from_a_widget(exchange); !allowed) co_return std::move(allowed).error();
  auto id = workspace_id(exchange);
  if (!id) co_return std::move(id).error();
  auto found = co_await exchange.parts.access.workspaces().find(exchange.caller(), *id);
  if (!found) co_return std::move(found).error();
  co_return json_response(to_json(*found));
}

Task<Answer> update_workspace(Exchange& exchange) {
  auto id = workspace_id(exchange);
  if (!id) co_return std::move(id).error();
  auto parsed = exchange.body(usual_body);
  if (!parsed) co_return std::move(parsed).error();
  access::WorkspaceChange change;
  const json::value* cache = parsed->if_contains("cache_enabled");
  if (cache && cache->is_null()) change.cache_enabled.emplace();
  BodyReader body(*std::move(parsed));
  body.refuse_misspelt({"name", "status", "cache_enabled", "id", "organization_id", "tombstone",
                        "visibility", "color", "created_at", "updated_at"});
  if (const auto name = body.optional_text("name")) change.name = parsed_name(body, *name);
  if (const auto status = body.optional_text("status")) {
    auto known = access::parse_workspace_status(*status);
    if (known)
      change.status = *known;
    else
      body.problems().add("status", "status must be one of active, inactive", "not_allowed_value");
  }
  if (body.has("cache_enabled")) change.cache_enabled = body.flag("cache_enabled", false);
  if (!body.problems().empty()) co_return body.problems().error();

  auto updated = co_await exchange.parts.platform.connectors().update_workspace(
      exchange.caller(), *id, std::move(change));
  if (!updated) co_return std::move(updated).error();
  co_return json_response(to_json(*updated));
}

Task<Answer> delete_workspace(Exchange& exchange) {
  auto id = workspace_id(exchange);
  if (!id) co_return std::move(id).error();
  auto removed =
      co_await exchange.parts.platform.connectors().remove_workspace(exchange.caller(), *id);
  if (!removed) co_return std::move(removed).error();
  co_return json_response(
      json::object{{"id", removed->id.str()}, {"deleted_at", to_rfc3339(removed->deleted_at)}});
}

Task<Answer> list_organizations(Exchange& exchange) {
  if (auto allowed = not_from_a_widget(exchange); !allowed) co_return std::move(allowed).error();
  auto organization = co_await exchange.parts.access.organizations().find(exchange.caller());
  if (!organization) co_return std::move(organization).error();
  co_return json_response(
      json::object{{"data", json::array{json::object{{"id", organization->id.str()},
                                                     {"organization_name", organization->name}}}}});
}

Task<Answer> list_organization_credentials(Exchange& exchange) {
  if (auto allowed = not_from_a_widget(exchange); !allowed) co_return std::move(allowed).error();
  auto id = OrganizationId::parse(exchange.path_values.at(0));
  if (!id) co_return std::move(id).error();
  if (*id != exchange.caller().organization()) co_return not_found("there is no such organization");
  QueryReader given(exchange.query);
  const auto limit = given.number("limit", 1, 200).value_or(200);
  const auto offset = given.number("offset", 0, 1'000'000).value_or(0);
  if (!given.problems().empty()) co_return given.problems().error();
  auto page =
      co_await exchange.parts.platform.connectors().list_all(exchange.caller(), limit, offset);
  if (!page) co_return std::move(page).error();
  json::array data;
  for (const auto& connector : page->connectors)
    data.push_back(json::object{{"id", connector.row.id.str()},
                                {"context_store_status", nullptr},
                                {"context_store_entity_count", 0}});
  co_return json_response(json::object{{"data", std::move(data)}, {"total", page->total}});
}

}  // namespace fairlead::api
