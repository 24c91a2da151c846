#include "cli/account_commands.hpp"

#include "cli/answer.hpp"
#include "cli/arguments.hpp"
#include "cli/problem.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace fairlead::cli {
namespace {

constexpr std::int64_t all_rows = 2'000;

}  // namespace

Task<json::value> list_organizations(Session& session, json::object) {
  co_return co_await session.api.get("/organizations");
}

Task<json::value> use_organization(Session& session, json::object parameters) {
  const std::string id = text_of(parameters, "id");
  const json::value list = co_await session.api.get("/organizations");
  for (const auto& row : list.at("data").as_array())
    if (const std::string known = text_at(row, "id"); same_name(known, id)) {
      (void)change_saved(&Settings::organization_id, known).value();
      co_return json::object{{"organization_id", known}};
    }
  throw Problem("not_found",
                fmt::format("these platform credentials reach no organization '{}'; `fairlead "
                            "organizations list` shows which",
                            id));
}

Task<json::value> list_workspaces(Session& session, json::object parameters) {
  const auto limit = integer_of(parameters, "limit", all_rows);
  if (limit < 1) throw Problem("validation_error", "--limit must be at least 1");
  Query query{{"limit", std::to_string(std::min<std::int64_t>(limit, 100))}};
  pass(query, parameters, "name_contains");
  pass(query, parameters, "status");
  co_return co_await session.api.get_all("/workspaces", std::move(query),
                                         static_cast<std::size_t>(limit));
}

Task<json::value> create_workspace(Session& session, json::object parameters) {
  json::value body = json::object{{"name", text_of(parameters, "name")}};
  co_return co_await session.api.send("POST", "/workspaces", std::move(body));
}

Task<json::value> find_workspace(Session& session, std::string name) {
  Query query{{"name_contains", name}, {"status", "active"}};
  const json::value list = co_await session.api.get("/workspaces", std::move(query));
  for (const auto& row : list.at("data").as_array())
    if (same_name(text_at(row, "name"), name)) co_return row;
  throw Problem(
      "not_found",
      fmt::format("no active workspace '{}'; `fairlead workspaces list` shows them", name));
}

Task<json::value> use_workspace(Session& session, json::object parameters) {
  const json::value found = co_await find_workspace(session, text_of(parameters, "name"));
  const std::string name = text_at(found, "name");
  (void)change_saved(&Settings::workspace, name).value();
  co_return json::object{{"workspace", name}};
}

Task<json::value> application_token(Session& session, json::object) {
  co_return co_await session.api.application_token();
}

Task<json::value> scoped_token(Session& session, json::object parameters) {
  json::value body = json::object{{"workspace_name", workspace_of(session, parameters)}};
  co_return co_await session.api.send("POST", "/account/applications/scoped-token",
                                      std::move(body));
}

Task<json::value> list_tool_calls(Session& session, json::object parameters) {
  const auto limit = integer_of(parameters, "limit", 20);
  Query query{{"limit", std::to_string(std::min<std::int64_t>(limit, 100))}};
  for (const char* name : {"connector_id", "workspace_id", "status", "since", "until"})
    pass(query, parameters, name);
  co_return co_await session.api.get_all(
      "/tool-calls", std::move(query), static_cast<std::size_t>(std::max<std::int64_t>(limit, 1)));
}

}  // namespace fairlead::cli
