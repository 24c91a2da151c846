#include "cli/describe.hpp"

#include "cli/answer.hpp"
#include "cli/layout.hpp"
#include "cli/output.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <vector>

namespace fairlead::cli {
namespace {

using Rows = std::vector<std::vector<std::string>>;

std::string type_of(const json::value& schema) {
  const std::string type = text_at(schema, "type");
  return type == "array" ? text_at(schema, "items.type") + "[]" : type;
}

std::string head_of(const json::value& connector, std::size_t width) {
  const std::string service = text_at(connector, "schema.result.name");
  std::string out = fmt::format("{} ({} {})\n", plain(text_at(connector, "name")), plain(service),
                                plain(text_at(connector, "schema.result.version")));
  if (const auto text = text_at(connector, "schema.result.description"); !text.empty())
    out += to_paragraph(text, 2, width);
  Rows rows;
  for (const auto& [title, path] : {std::pair{"id", "id"},
                                    {"status", "status"},
                                    {"reason", "status_reason"},
                                    {"workspace", "workspace_name"},
                                    {"logs in by", "auth_scheme"}})
    if (auto text = text_at(connector, path); !text.empty())
      rows.push_back({title, std::move(text)});
  for (const auto& [key, value] : object_at(connector, "environment"))
    rows.push_back({std::string(key), as_text(value)});
  return rows.empty() ? out : out + to_wrapped_table(rows, 2, width);
}

/// The names of the parameters, the needed ones first and marked.
std::string names_of_parameters(const json::value& action) {
  const auto* schema = find_path(action, "params");
  if (schema == nullptr) return "";
  std::string needed, others;
  for (const auto& member : object_at(*schema, "properties")) {
    const bool required = is_required(*schema, member.key());
    std::string& out = required ? needed : others;
    out += (out.empty() ? "" : ", ") + std::string(member.key()) + (required ? "*" : "");
  }
  return needed + (needed.empty() || others.empty() ? "" : ", ") + others;
}

std::string overview_of(const json::value& connector, std::size_t width) {
  Rows rows = {{"ENTITY", "ACTION", "PARAMETERS (* needed)"}};
  for (const auto& entity : list_at(connector, "schema.result.entities")) {
    std::string name = text_at(entity, "name");
    for (const auto& action : list_at(entity, "actions")) {
      rows.push_back({name, text_at(action, "action"), names_of_parameters(action)});
      name.clear();  // once for all of its actions
    }
  }
  return '\n' + to_wrapped_table(rows, 0, width);
}

/// A value for the example of a call: the first one allowed, or a word that says what goes there.
json::value sample_of(json::string_view name, const json::value& schema) {
  for (const char* given : {"default", "example"})
    if (const auto* value = find_path(schema, given); value != nullptr) return *value;
  if (const auto& values = list_at(schema, "enum"); !values.empty()) return values.front();
  const std::string type = text_at(schema, "type");
  if (type == "integer" || type == "number") return 1;
  if (type == "boolean") return true;
  if (type == "array") return json::array{};
  if (type == "object") return json::object{};
  return json::string("<" + std::string(name) + ">");
}

/// A call to copy, with what it needs at least.
std::string call_of(const json::value& connector, const json::value& entity,
                    const json::value& action) {
  json::object params;
  if (const auto* schema = find_path(action, "params"))
    for (const auto& [key, value] : object_at(*schema, "properties"))
      if (is_required(*schema, key)) params[key] = sample_of(key, value);
  std::string call =
      fmt::format("fairlead connectors execute --id {} --entity {} --action {}",
                  text_at(connector, "id"), text_at(entity, "name"), text_at(action, "action"));
  return params.empty() ? call : call + " --params '" + to_compact(params) + "'";
}

std::string action_in_full(const json::value& connector, const json::value& entity,
                           const json::value& action, std::size_t width) {
  const std::string effect = text_at(action, "effect");
  std::string out = fmt::format("\n{} {}  [{}]\n", plain(text_at(entity, "name")),
                                plain(text_at(action, "action")), plain(effect));
  if (const auto text = text_at(action, "description"); !text.empty())
    out += to_paragraph(text, 2, width);
  if (const auto* schema = find_path(action, "params")) {
    Rows rows = {{"PARAMETER", "TYPE", "", "DESCRIPTION"}};
    for (const auto& [key, value] : object_at(*schema, "properties"))
      rows.push_back({std::string(key), type_of(value), is_required(*schema, key) ? "needed" : "",
                      value.is_object() ? detail_of_parameter(value.get_object()) : ""});
    if (rows.size() > 1) out += to_wrapped_table(rows, 4, width);
  }
  return out + "  $ " + call_of(connector, entity, action) + '\n';  // one line, to copy it
}

}  // namespace

std::string detail_of_parameter(const json::object& parameter) {
  const auto* said = find_string(parameter, "description");
  std::string out(said != nullptr ? view(*said) : std::string_view());
  const auto add = [&](const std::string& sentence) {
    if (!out.empty() && out.back() != '.' && out.back() != '!' && out.back() != '?') out += '.';
    out += (out.empty() ? "" : " ") + sentence;
  };
  if (const auto* value = parameter.if_contains("default"))
    add("Default: " + as_text(*value) + ".");
  if (const auto* values = parameter.if_contains("enum"); values && values->is_array()) {
    std::string listed;
    for (const json::value& value : values->get_array())
      listed += (listed.empty() ? "" : ", ") + as_text(value);
    add("One of: " + listed + ".");
  }
  return out;
}

std::string description_of(const json::value& connector, std::size_t width) {
  width = std::clamp<std::size_t>(width, 40, 100);
  const auto& entities = list_at(connector, "schema.result.entities");
  if (entities.size() != 1)
    return head_of(connector, width) + overview_of(connector, width) +
           fmt::format("\nOne entity in full: fairlead connectors describe --id {} --entity NAME\n",
                       text_at(connector, "id"));
  const json::value& entity = entities.front();
  std::string out = to_paragraph(
      fmt::format("{}: {}", text_at(entity, "name"), text_at(entity, "description")), 0, width);
  for (const auto& action : list_at(entity, "actions"))
    out += action_in_full(connector, entity, action, width);
  return out;
}

}  // namespace fairlead::cli
