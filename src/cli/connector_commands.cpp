#include "cli/connector_commands.hpp"

#include "base/encoding.hpp"
#include "base/interrupt.hpp"
#include "base/suggestion.hpp"
#include "cli/all_pages.hpp"
#include "cli/answer.hpp"
#include "cli/arguments.hpp"
#include "cli/connector_credentials.hpp"
#include "cli/output.hpp"
#include "cli/output_file.hpp"
#include "cli/problem.hpp"
#include "cli/prompt.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace fairlead::cli {
namespace {

/// The connector that --id or --name (with --workspace) means.
Task<std::string> connector_id(Session& session, json::object parameters) {
  if (auto id = text_of(parameters, "id"); !id.empty()) co_return id;
  const std::string name = text_of(parameters, "name");
  if (name.empty())
    throw Problem("validation_error",
                  "say which connector: --id ID, or --name NAME (and --workspace)");
  Query query{{"workspace_name", workspace_of(session, parameters)}};
  const json::value list = co_await session.api.get("/integrations/connectors", std::move(query));
  std::vector<std::string> matches, known;
  for (const auto& row : list.at("data").as_array()) {
    bool match = false;
    for (const char* path :
         {"name", "summarized_source_template.name", "summarized_source_template.connector_name"})
      match |= same_name(text_at(row, path), name);
    known.emplace_back(view(row.at("name").as_string()));
    if (match) matches.emplace_back(view(row.at("id").as_string()));
  }
  if (matches.size() == 1) co_return matches.front();
  if (matches.empty())
    throw Problem("not_found",
                  fmt::format("no connector '{}' in workspace '{}'{}", name,
                              workspace_of(session, parameters), did_you_mean(name, known)));
  std::string ids;
  for (const auto& match : matches) ids += (ids.empty() ? "" : ", ") + match;
  throw Problem("validation_error",
                fmt::format("'{}' means several connectors; choose by --id: {}", name, ids));
}

/// The catalogue entry that an id, name or slug means.
Task<json::value> find_definition(Session& session, std::string wanted) {
  const json::value list = co_await session.api.get("/integrations/definitions/sources");
  std::vector<std::string> names;
  for (const auto& row : list.at("definitions").as_array()) {
    for (const char* path : {"sourceDefinitionId", "name", "slug"})
      if (!wanted.empty() && same_name(text_at(row, path), wanted)) co_return row;
    for (const char* path : {"slug", "name"})
      if (auto name = text_at(row, path); !name.empty()) names.push_back(std::move(name));
  }
  throw Problem("not_found",
                fmt::format("no connector definition '{}'{}", wanted, did_you_mean(wanted, names)));
}

/// Leaves only the action of that name in each entity of `schema`.
void keep_action(json::value& schema, const std::string& name) {
  const auto* found = find_path(schema, "result.entities");
  if (found == nullptr || !found->is_array()) return;
  std::vector<std::string> known;
  json::array kept;
  for (json::value entity : found->as_array()) {
    json::array actions;
    for (const auto& action : entity.at("actions").as_array()) {
      known.push_back(text_at(action, "action"));
      if (known.back() == name) actions.push_back(action);
    }
    entity.as_object()["actions"] = std::move(actions);
    kept.push_back(std::move(entity));
  }
  if (std::find(known.begin(), known.end(), name) == known.end())
    throw Problem("validation_error", fmt::format("there is no action '{}'{}", name,
                                                  what_else(name, known, "there are")));
  schema.at("result").as_object()["entities"] = std::move(kept);
}

}  // namespace

Task<json::value> list_available(Session& session, json::object parameters) {
  Query query;
  if (const auto part = text_of(parameters, "name_contains"); !part.empty())
    query.emplace_back("name", part);
  json::value answer =
      co_await session.api.get("/integrations/definitions/sources", std::move(query));
  co_return json::object{{"data", answer.at("definitions")}};
}

Task<json::value> create_connector(Session& session, json::object parameters) {
  const json::value definition =
      co_await find_definition(session, text_of(parameters, "definition"));
  const std::string definition_id(view(definition.at("sourceDefinitionId").as_string()));
  json::object body{{"workspace_name", workspace_of(session, parameters)},
                    {"definition_id", definition_id}};
  if (const auto name = text_of(parameters, "name"); !name.empty()) body["name"] = name;
  for (const char* section : {"environment", "replication_config"})
    if (const auto* given = find_object(parameters, section)) body[section] = *given;
  if (const auto* validate = parameters.if_contains("validate")) body["validate"] = *validate;
  if (const auto scheme = text_of(parameters, "auth_scheme"); !scheme.empty())
    body["auth_scheme"] = scheme;
  body["credentials"] =
      co_await ask_credentials(session, definition_id, text_of(parameters, "credentials"));
  co_return co_await session.api.send("POST", "/integrations/connectors", std::move(body));
}

Task<json::value> list_connectors(Session& session, json::object parameters) {
  Query query{{"workspace_name", workspace_of(session, parameters)}};
  co_return co_await session.api.get("/integrations/connectors", std::move(query));
}

Task<json::value> describe_connector(Session& session, json::object parameters) {
  const std::string entity = text_of(parameters, "entity"), action = text_of(parameters, "action");
  if (entity.empty() && !action.empty())
    throw Problem("validation_error", "--action goes with --entity: which entity's?");
  const std::string id = co_await connector_id(session, parameters);
  json::value connector =
      co_await session.api.get("/integrations/connectors/" + percent_encode(id));
  json::value body = json::object{{"entity", entity}, {"action", "describe"}};
  json::value schema = co_await session.api.send(
      "POST", "/integrations/connectors/" + percent_encode(id) + "/execute", std::move(body));
  if (!action.empty()) keep_action(schema, action);
  connector.as_object()["schema"] = std::move(schema);
  co_return connector;
}

Task<json::value> inspect_connector(Session& session, json::object parameters) {
  const std::string id = co_await connector_id(session, parameters);
  co_return co_await session.api.get("/integrations/connectors/" + percent_encode(id) + "/inspect");
}

Task<json::value> execute(Session& session, json::object parameters) {
  const std::string id = co_await connector_id(session, parameters);
  json::object body{{"entity", text_of(parameters, "entity")},
                    {"action", text_of(parameters, "action")}};
  for (const char* name :
       {"params", "select_fields", "exclude_fields", "skip_truncation", "intent"})
    if (const auto* value = parameters.if_contains(name)) body[name] = *value;
  if (is_on(parameters, "plan")) body["dry_run"] = true;
  if (const auto cursor = text_of(parameters, "cursor"); !cursor.empty()) {
    const auto* given = find_object(body, "params");
    json::object params = given != nullptr ? *given : json::object();
    params["cursor"] = cursor;
    body["params"] = std::move(params);
  }
  const std::string path = text_of(parameters, "output_file");
  if (is_on(parameters, "all")) {
    const std::string action = text_of(parameters, "action");
    if (action != "list" && action != "search" && action != "api_search")
      throw Problem(
          "validation_error",
          fmt::format("--all follows the pages of list and search; '{}' has none", action));
    if (body.contains("dry_run") || !path.empty())
      throw Problem("validation_error", "--all goes neither with --plan nor with --output-file");
    co_await execute_all(session, "/integrations/connectors/" + percent_encode(id) + "/execute",
                         std::move(body));
    co_return nullptr;
  }
  std::optional<OutputFile> file;
  if (!path.empty() && path != "-" && path != "/dev/stdout") file.emplace(path);
  std::optional<EndOnInterrupt> guard;
  if (file) guard.emplace(co_await asio::this_coro::executor, [&file] { file->abandon(); });
  const auto on_bytes = [&](std::string_view bytes) {
    if (file)
      file->write(bytes);
    else if (path.empty() && output_is_terminal())
      throw Problem("validation_error",
                    "this is a file: say where it goes with --output-file FILE");
    else if (!(session.out << bytes))
      throw Problem("local_error", cannot_write_output);
  };
  json::value answer = co_await session.api.execute(
      "/integrations/connectors/" + percent_encode(id) + "/execute", std::move(body), on_bytes);
  if (!file) co_return answer;
  if (!answer.is_null()) file->write(to_compact(answer) + '\n');
  const std::size_t size = file->finish();
  co_return json::object{{"output_file", path}, {"bytes", size}};
}

std::string records_of(const json::value& answer, std::size_t width) {
  std::string out = to_table(answer, columns_of_records(answer, width), width);
  const std::string cursor = text_at(answer, "connector_metadata.end_cursor");
  const auto* more = find_path(answer, "connector_metadata.has_more");
  if (more != nullptr && *more == true && !cursor.empty())
    out += fmt::format("\nThere are more: --cursor '{}', or --all\n", cursor);
  return out;
}

Task<json::value> update_connector(Session& session, json::object parameters) {
  const std::string id = co_await connector_id(session, parameters);
  json::object body;
  if (const auto name = text_of(parameters, "new_name"); !name.empty()) body["name"] = name;
  for (const char* section : {"environment", "replication_config"})
    if (const auto* given = find_object(parameters, section)) body[section] = *given;
  const std::string scheme = text_of(parameters, "auth_scheme");
  if (const auto source = text_of(parameters, "credentials"); !source.empty()) {
    body["credentials"] = co_await ask_credentials(session, "", source);
    if (!scheme.empty()) body["auth_scheme"] = scheme;
  } else if (!scheme.empty()) {
    throw Problem("validation_error", "--auth-scheme goes with --credentials FILE");
  }
  if (body.empty())
    throw Problem("validation_error",
                  "nothing to change: give --new-name, --environment, --replication-config or "
                  "--credentials FILE");
  co_return co_await session.api.send("PUT", "/integrations/connectors/" + percent_encode(id),
                                      std::move(body));
}

Task<json::value> check_connector(Session& session, json::object parameters) {
  const std::string id = co_await connector_id(session, parameters);
  json::value body = json::object{};
  co_return co_await session.api.send(
      "POST", "/integrations/connectors/" + percent_encode(id) + "/check", std::move(body));
}

Task<json::value> delete_connector(Session& session, json::object parameters) {
  const std::string id = co_await connector_id(session, parameters);
  if (!session.settings.allow_destructive && !is_on(parameters, "yes")) {
    if (!session.interactive)
      throw Problem("validation_error",
                    "deleting needs a yes: give --yes, or set FAIRLEAD_ALLOW_DESTRUCTIVE=true");
    const std::string name = text_of(parameters, "name");
    const Secret answer =
        ask(fmt::format("Delete connector {}{} and destroy its credentials? Type yes: ",
                        name.empty() ? "" : "'" + name + "' ", id),
            Echo::shown);
    if (!answer.matches(Secret("yes"))) throw Problem("validation_error", "not deleted");
  }
  co_return co_await session.api.send("DELETE", "/integrations/connectors/" + percent_encode(id),
                                      nullptr);
}

}  // namespace fairlead::cli
