#include "cli/commands.hpp"

#include "base/encoding.hpp"
#include "base/interrupt.hpp"
#include "base/named_file.hpp"
#include "base/suggestion.hpp"
#include "cli/all_pages.hpp"
#include "cli/describe.hpp"
#include "cli/layout.hpp"
#include "cli/output_file.hpp"
#include "cli/problem.hpp"
#include "cli/prompt.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <iostream>

namespace fairlead::cli {
namespace {

constexpr std::int64_t all_rows = 2'000;

std::string text_of(const json::object& parameters, const char* name, std::string otherwise = {}) {
  const auto* text = find_string(parameters, name);
  return text != nullptr ? std::string(view(*text)) : otherwise;
}

std::int64_t integer_of(const json::object& parameters, const char* name, std::int64_t otherwise) {
  const auto* value = parameters.if_contains(name);
  return value != nullptr && value->is_int64() ? value->as_int64() : otherwise;
}

bool flag_of(const json::object& parameters, const char* name, bool otherwise = false) {
  const auto* value = parameters.if_contains(name);
  return value != nullptr && value->is_bool() ? value->as_bool() : otherwise;
}

std::string lower(std::string text) {
  for (char& c : text)
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  return text;
}

std::string text_at(const json::value& value, std::string_view path, std::string otherwise) {
  const auto* text = find_path(value, path);
  return text != nullptr && text->is_string() ? std::string(view(text->as_string())) : otherwise;
}

void keep(std::string Settings::*member, const std::string& value) {
  if (auto saved = change_saved(member, value); !saved) throw problem_of(saved.error());
}

/// Adds the parameter to a query when it was given.
void pass(Query& query, const json::object& parameters, const char* name) {
  if (const auto text = text_of(parameters, name); !text.empty()) query.emplace_back(name, text);
}

std::string workspace_of(const Session& session, const json::object& parameters) {
  return text_of(parameters, "workspace", session.settings.workspace);
}

const Parameter workspace_parameter{"workspace", ParameterType::text, false,
                                    "Workspace name; default: the one in use"};
const Parameter id_parameter{"id", ParameterType::text, false, "Connector id"};
const Parameter name_parameter{"name", ParameterType::text, false,
                               "Connector, by name, service name or slug; case does not matter"};

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
      if (const auto* value = find_path(row, path); value != nullptr && value->is_string())
        match |= lower(std::string(view(value->as_string()))) == lower(name);
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

bool is_required(const json::value& schema, json::string_view name) {
  const auto* required = find_path(schema, "required");
  if (required == nullptr || !required->is_array()) return false;
  return std::any_of(required->as_array().begin(), required->as_array().end(),
                     [&](const json::value& entry) { return entry == name; });
}

/// The schema of the credentials; where a service takes several kinds, the one that the user
/// chooses.
const json::value& choose_way_to_log_in(const json::value& definition) {
  const auto* schema =
      find_path(definition, "definition.spec.connectionSpecification.properties.credentials");
  if (schema == nullptr)
    throw Problem("api_error", "the server does not say what this connector asks for");
  const auto* ways = find_path(*schema, "oneOf");
  if (ways == nullptr || !ways->is_array() || ways->as_array().empty()) return *schema;
  const auto& list = ways->as_array();
  if (list.size() == 1) return list[0];
  for (std::size_t i = 0; i < list.size(); ++i)
    std::cerr << fmt::format("  {}  {}\n", i + 1,
                             text_at(list[i], "title", "way " + std::to_string(i + 1)));
  const Secret answer =
      ask(fmt::format("Which one? [1-{}, default 1]: ", list.size()), Echo::shown);
  if (answer.empty()) return list[0];
  for (std::size_t i = 0; i < list.size(); ++i)
    if (answer.matches(Secret(std::to_string(i + 1)))) return list[i];
  throw Problem("validation_error", fmt::format("answer with a number from 1 to {}", list.size()));
}

/// Credentials never stand on the command line: a file, standard input ("-"), or a question for
/// each field.
Task<json::object> ask_credentials(Session& session, std::string definition_id,
                                   std::string source) {
  if (!source.empty()) {
    auto object = read_secret_object(source, "the credentials");
    if (!object) throw problem_of(object.error());
    co_return *std::move(object);
  }
  if (!session.interactive)
    throw Problem("validation_error",
                  "no credentials: give --credentials FILE, or --credentials - to read them from "
                  "standard input");
  const json::value definition = co_await session.api.get("/integrations/definitions/sources/" +
                                                          percent_encode(definition_id));
  const json::value& way = choose_way_to_log_in(definition);
  const auto* properties = find_path(way, "properties");
  if (properties == nullptr || !properties->is_object())
    throw Problem("api_error", "the server does not say what this connector asks for");
  json::object credentials;
  for (const auto& [key, schema] : properties->as_object()) {
    const auto* secret = find_path(schema, "airbyte_secret");
    const bool hidden = secret != nullptr && secret->is_bool() && secret->as_bool();
    const std::string label = text_at(schema, "title", std::string(key.data(), key.size()));
    const bool required = is_required(way, key);
    if (const auto said = text_at(schema, "description", ""); !said.empty())
      std::cerr << to_paragraph(said, 2, std::min<std::size_t>(terminal_width(), 100));
    const Secret answer = ask(fmt::format("{}{}: ", label, required ? "" : " (optional)"),
                              hidden ? Echo::hidden : Echo::shown);
    if (required && answer.empty())
      throw Problem("validation_error",
                    fmt::format("{}: nothing was given, and it is needed", label));
    if (!answer.empty()) credentials[key] = json::string(answer.reveal());
  }
  co_return credentials;
}

/// The catalogue entry that an id, name or slug means.
Task<json::value> find_definition(Session& session, std::string wanted) {
  const json::value list = co_await session.api.get("/integrations/definitions/sources");
  std::vector<std::string> names;
  const auto same = [&](const json::value& row, const char* path) {
    const auto* value = find_path(row, path);
    return value != nullptr && value->is_string() &&
           lower(std::string(view(value->as_string()))) == lower(wanted);
  };
  for (const auto& row : list.at("definitions").as_array()) {
    if (same(row, "sourceDefinitionId") || same(row, "name") || same(row, "slug")) co_return row;
    for (const char* path : {"slug", "name"})
      if (const auto* value = find_path(row, path); value != nullptr && value->is_string())
        names.emplace_back(view(value->as_string()));
  }
  throw Problem("not_found",
                fmt::format("no connector definition '{}'{}", wanted, did_you_mean(wanted, names)));
}

Task<json::value> list_organizations(Session& session, json::object) {
  co_return co_await session.api.get("/organizations");
}

Task<json::value> use_organization(Session& session, json::object parameters) {
  const std::string id = text_of(parameters, "id");
  const json::value list = co_await session.api.get("/organizations");
  for (const auto& row : list.at("data").as_array())
    if (text_at(row, "id", "") == lower(id)) {
      keep(&Settings::organization_id, lower(id));
      co_return json::object{{"organization_id", lower(id)}};
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

/// The active workspace of that name, in any case.
Task<json::value> find_workspace(Session& session, std::string name) {
  Query query{{"name_contains", name}, {"status", "active"}};
  const json::value list = co_await session.api.get("/workspaces", std::move(query));
  for (const auto& row : list.at("data").as_array())
    if (lower(text_at(row, "name", "")) == lower(name)) co_return row;
  throw Problem(
      "not_found",
      fmt::format("no active workspace '{}'; `fairlead workspaces list` shows them", name));
}

Task<json::value> use_workspace(Session& session, json::object parameters) {
  const json::value found = co_await find_workspace(session, text_of(parameters, "name"));
  const std::string name = text_at(found, "name", "");
  keep(&Settings::workspace, name);
  co_return json::object{{"workspace", name}};
}

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

/// Leaves only the action of that name in each entity of `schema`.
void keep_action(json::value& schema, const std::string& name) {
  const auto* found = find_path(schema, "result.entities");
  if (found == nullptr || !found->is_array()) return;
  std::vector<std::string> known;
  json::array kept;
  for (json::value entity : found->as_array()) {
    json::array actions;
    for (const auto& action : entity.at("actions").as_array()) {
      known.push_back(text_at(action, "action", ""));
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
  if (flag_of(parameters, "plan")) body["dry_run"] = true;
  if (const auto cursor = text_of(parameters, "cursor"); !cursor.empty()) {
    const auto* given = find_object(body, "params");
    json::object params = given != nullptr ? *given : json::object();
    params["cursor"] = cursor;
    body["params"] = std::move(params);
  }
  const std::string path = text_of(parameters, "output_file");
  if (flag_of(parameters, "all")) {
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

/// The records of an answer as a table, with the way to the next page.
std::string records_of(const json::value& answer, std::size_t width) {
  std::string out = to_table(answer, columns_of_records(answer, width), width);
  const std::string cursor = text_at(answer, "connector_metadata.end_cursor", "");
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
  if (!session.settings.allow_destructive && !flag_of(parameters, "yes")) {
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

/// What the lists of documents are asked with.
Task<Query> skills_query(Session& session, json::object parameters) {
  Query query{{"limit", std::to_string(integer_of(parameters, "limit", 20))}};
  pass(query, parameters, "query");
  pass(query, parameters, "cursor");
  if (const auto name = text_of(parameters, "workspace"); !name.empty()) {
    const json::value workspace = co_await find_workspace(session, name);
    query.emplace_back("workspace_id", text_at(workspace, "id", ""));
  }
  co_return query;
}

Task<json::value> list_skills(Session& session, json::object parameters) {
  Query query = co_await skills_query(session, std::move(parameters));
  co_return co_await session.api.get("/skills", std::move(query));
}

Task<json::value> search_skills(Session& session, json::object parameters) {
  Query query = co_await skills_query(session, std::move(parameters));
  co_return co_await session.api.get("/skills/search", std::move(query));
}

std::string joined(const json::value* texts, std::string_view before, std::string_view between) {
  std::string out;
  if (texts == nullptr || !texts->is_array()) return out;
  for (const auto& text : texts->as_array())
    if (text.is_string()) {
      out += out.empty() ? before : between;
      for (const char c : view(text.as_string())) {
        if (c == '|' && before == "| ") out += '\\';
        out += c;
      }
    }
  return out;
}

/// A block of a document as Markdown.
std::string to_markdown(const json::value& block) {
  const std::string type = text_at(block, "type", ""), text = text_at(block, "text", "");
  if (type == "heading") {
    const auto* level = find_path(block, "level");
    const bool known = level != nullptr && level->is_int64();
    const auto depth = known ? std::clamp<std::int64_t>(level->as_int64(), 1, 6) : 1;
    return std::string(static_cast<std::size_t>(depth), '#') + " " + text + "\n";
  }
  if (type == "list") return joined(find_path(block, "items"), "- ", "\n- ") + "\n";
  if (type == "code")
    return fmt::format("```{}\n{}\n```\n", text_at(block, "language", ""),
                       text_at(block, "code", ""));
  if (type != "table") return text + "\n";
  const auto* headers = find_path(block, "headers");
  const auto* rows = find_path(block, "rows");
  if (headers == nullptr || !headers->is_array() || rows == nullptr || !rows->is_array()) return "";
  std::string out = joined(headers, "| ", " | ") + " |\n|";
  for (std::size_t i = 0; i < headers->as_array().size(); ++i) out += "---|";
  for (const auto& row : rows->as_array()) out += "\n" + joined(&row, "| ", " | ") + " |";
  return out + "\n";
}

/// A document as Markdown, which is for reading.
std::string document_of(const json::value& document) {
  std::string out;
  const auto* content = find_path(document, "content");
  if (content != nullptr && content->is_array())
    for (const auto& block : content->as_array()) out += to_markdown(block) + '\n';
  const auto* outline = find_path(document, "outline");
  const auto* section = find_path(document, "section_id");
  if ((section == nullptr || section->is_null()) && outline != nullptr && outline->is_array()) {
    out += "## Sections\n\n";
    for (const auto& part : outline->as_array())
      out += fmt::format("- `{}`: {}\n", text_at(part, "id", ""), text_at(part, "summary", ""));
  }
  return out;
}

Task<json::value> read_skill(Session& session, json::object parameters) {
  Query query{{"id", text_of(parameters, "id")}};
  pass(query, parameters, "section");
  const std::string format =
      text_of(parameters, "format", output_is_terminal() ? "markdown" : "json");
  if (format != "json" && format != "markdown")
    throw Problem("validation_error",
                  fmt::format("--format: '{}' is neither json nor markdown", format));
  json::value document = co_await session.api.get("/skills/docs", std::move(query));
  if (format == "json") co_return document;
  session.out << document_of(document);
  co_return nullptr;
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

std::vector<Command> make_commands() {
  using enum ParameterType;
  const Parameter credentials{
      "credentials", file, false,
      "File with the credential fields as JSON, or - for standard input; asked for when absent"};
  const Parameter auth_scheme{"auth_scheme", text, false,
                              "Which way to authenticate, when the credentials fit several"};
  const Parameter environment{"environment", object, false,
                              "Non-secret settings such as a subdomain, as JSON or @file"};
  const Parameter replication{"replication_config", object, false,
                              "Settings of the copy into the Context Store, as JSON or @file"};
  return {
      {"organizations",
       "list",
       "The organizations these platform credentials reach",
       "fairlead organizations list",
       {},
       {{"ID", "id"}, {"NAME", "organization_name"}},
       list_organizations,
       "GET /organizations"},
      {"organizations",
       "use",
       "Work in another organization from now on",
       "fairlead organizations use --id 6f3b8a52-...",
       {{"id", text, true, "Organization id"}},
       {},
       use_organization},
      {"workspaces",
       "list",
       "Workspaces of the organization",
       "fairlead workspaces list --name-contains acme",
       {{"name_contains", text, false, "Part of the name; case does not matter"},
        {"status", text, false, "active or inactive"},
        {"limit", integer, false, "At most this many in all"}},
       {{"ID", "id"},
        {"NAME", "name"},
        {"STATUS", "status"},
        {"CREATED (UTC)", "created_at", Cell::minute}},
       list_workspaces,
       "GET /workspaces"},
      {"workspaces",
       "create",
       "Make a workspace",
       "fairlead workspaces create --name acme",
       {{"name", text, true, "Its name"}},
       {{"ID", "id"}, {"NAME", "name"}, {"STATUS", "status"}},
       create_workspace,
       "POST /workspaces"},
      {"workspaces",
       "use",
       "Work in another workspace from now on",
       "fairlead workspaces use --name acme",
       {{"name", text, true, "Workspace name"}},
       {},
       use_workspace},
      {"connectors",
       "list-available",
       "The catalogue: services that a connector can be made for",
       "fairlead connectors list-available",
       {{"name_contains", text, false, "Part of the name"}},
       {{"SLUG", "slug"}, {"NAME", "name"}, {"DEFINITION ID", "sourceDefinitionId"}},
       list_available,
       "GET /integrations/definitions/sources"},
      {"connectors",
       "create",
       "Add a connector; its credentials are asked for, never taken from the command line",
       "fairlead connectors create --definition github --credentials github.json",
       {{"definition", text, true, "Definition id, name or slug (see list-available)"},
        {"name", text, false, "What to call it"},
        workspace_parameter,
        credentials,
        auth_scheme,
        environment,
        replication,
        {"validate", boolean, false, "Try the credentials first (default true)"}},
       {{"ID", "id"}, {"NAME", "name"}, {"STATUS", "status"}, {"WORKSPACE", "workspace_name"}},
       create_connector,
       "POST /integrations/connectors"},
      {"connectors",
       "list",
       "Connectors of a workspace",
       "fairlead connectors list --workspace acme",
       {workspace_parameter},
       {{"ID", "id"},
        {"NAME", "name"},
        {"SERVICE", "summarized_source_template.name"},
        {"STATUS", "status"},
        {"CREATED (UTC)", "created_at", Cell::minute}},
       list_connectors,
       "GET /integrations/connectors"},
      {"connectors",
       "describe",
       "A connector with its entities, actions and parameters",
       "fairlead connectors describe --name github --entity issues",
       {id_parameter,
        name_parameter,
        workspace_parameter,
        {"entity", text, false, "Only this entity; on a terminal in full"},
        {"action", text, false, "Only this action of it"}},
       {},
       describe_connector,
       "GET /integrations/connectors/{id}",
       description_of},
      {"connectors",
       "inspect",
       "Where a connector lives and whether its data can be searched",
       "fairlead connectors inspect --name github",
       {id_parameter, name_parameter, workspace_parameter},
       {},
       inspect_connector,
       "GET /integrations/connectors/{id}/inspect"},
      {"connectors",
       "execute",
       "Call an action of an entity",
       "fairlead connectors execute --name github --entity issues --action list --params "
       "'{\"owner\":\"acme\",\"repo\":\"site\"}'",
       {id_parameter,
        name_parameter,
        workspace_parameter,
        {"entity", text, true, "What to work on, for example issues"},
        {"action", text, true, "list, get, search, create, update, delete or download"},
        {"params", object, false, "Parameters of the action, as JSON or @file"},
        {"select_fields", list, false, "Only these fields of each record: a,b.c"},
        {"exclude_fields", list, false, "Without these fields"},
        {"skip_truncation", boolean, false, "Keep long texts whole in lists"},
        {"intent", text, false, "Why, for the tool-call log; at most 512 characters"},
        {"cursor", text, false, "Where to continue: the end_cursor of the page before"},
        {"all", boolean, false,
         "Follow all pages of a list or search; one record a line, as JSON, while they come"},
        {"plan", boolean, false, "Show the exact request, secrets masked, and send nothing"},
        {"output_file", file, false,
         "Where a downloaded file, or any answer, goes; - is standard output"}},
       {},
       execute,
       "POST /integrations/connectors/{id}/execute",
       records_of,
       true},
      {"connectors",
       "update",
       "Rename a connector, or change its settings or credentials",
       "fairlead connectors update --name github --new-name code",
       {id_parameter,
        name_parameter,
        workspace_parameter,
        {"new_name", text, false, "Its new name"},
        environment,
        replication,
        credentials,
        auth_scheme},
       {{"ID", "id"}, {"NAME", "name"}, {"STATUS", "status"}, {"WORKSPACE", "workspace_name"}},
       update_connector,
       "PUT /integrations/connectors/{id}"},
      {"connectors",
       "check",
       "Try a connector's credentials now",
       "fairlead connectors check --name github",
       {id_parameter, name_parameter, workspace_parameter},
       {{"STATUS", "status"}, {"ERROR", "error_message"}},
       check_connector,
       "POST /integrations/connectors/{id}/check"},
      {"connectors",
       "delete",
       "Delete a connector and destroy its credentials",
       "fairlead connectors delete --name github --yes",
       {id_parameter, name_parameter, workspace_parameter, {"yes", boolean, false, "Do not ask"}},
       {{"JOB", "job_id"}},
       delete_connector,
       "DELETE /integrations/connectors/{id}"},
      {"skills",
       "list",
       "Documents that explain connectors to a model",
       "fairlead skills list",
       {{"workspace", text, false, "Of one workspace"},
        {"limit", integer, false, "1 to 100"},
        {"cursor", text, false, "From next_cursor"}},
       {{"ID", "id"}, {"TITLE", "title"}, {"KIND", "kind"}},
       list_skills,
       "GET /skills"},
      {"skills",
       "search",
       "Find a document by part of a name",
       "fairlead skills search --query github",
       {{"query", text, true, "Part of a name or id"},
        {"workspace", text, false, "Of one workspace"},
        {"limit", integer, false, "1 to 100"},
        {"cursor", text, false, "From next_cursor"}},
       {{"ID", "id"}, {"TITLE", "title"}, {"KIND", "kind"}},
       search_skills,
       "GET /skills/search"},
      {"skills",
       "docs",
       "Read a document, or one section of it",
       "fairlead skills docs --id connector-source:... --section entity:issues",
       {{"id", text, true, "Document id"},
        {"section", text, false, "Section id from the outline"},
        {"format", text, false, "json or markdown; default: markdown on a terminal, else json"}},
       {},
       read_skill,
       "GET /skills/docs",
       nullptr,
       true},
      {"tokens",
       "application",
       "Buy an application token (15 minutes, whole organization)",
       "fairlead tokens application",
       {},
       {},
       application_token,
       "POST /account/applications/token",
       nullptr,
       true},
      {"tokens",
       "scoped",
       "Buy a scoped token (20 minutes, one workspace)",
       "fairlead tokens scoped --workspace acme",
       {workspace_parameter},
       {},
       scoped_token,
       "POST /account/applications/scoped-token",
       nullptr,
       true},
      {"tool-calls",
       "list",
       "What was executed, newest first",
       "fairlead tool-calls list --limit 50",
       {{"connector_id", text, false, "Of one connector"},
        {"workspace_id", text, false, "Of one workspace"},
        {"status", text, false, "running, succeeded, failed or outcome_unknown"},
        {"since", text, false, "RFC 3339 time"},
        {"until", text, false, "RFC 3339 time"},
        {"limit", integer, false, "At most this many (default 20)"}},
       {{"TIME (UTC)", "time", Cell::second},
        {"CONNECTOR", "connector_name"},
        {"ENTITY", "entity"},
        {"ACTION", "action"},
        {"STATUS", "status"},
        {"MS", "duration_ms"}},
       list_tool_calls,
       "GET /tool-calls"},
  };
}

}  // namespace

std::string_view name_of(ParameterType type) {
  switch (type) {
    case ParameterType::text:
    case ParameterType::file:
      return "string";
    case ParameterType::integer:
      return "integer";
    case ParameterType::boolean:
      return "boolean";
    case ParameterType::list:
      return "array";
    case ParameterType::object:
      return "object";
  }
  return "string";
}

const std::vector<Command>& commands() {
  static const std::vector<Command> table = make_commands();
  return table;
}

}  // namespace fairlead::cli
