#include "connector/offer.hpp"

#include "base/suggestion.hpp"
#include "connector/tool_schema.hpp"

#include <algorithm>
#include <set>

namespace fairlead::connector {
namespace {

std::string type_of(const json::object& schema) {
  const auto* type = schema.if_contains("type");
  if (type && type->is_string()) {
    const std::string name(view(type->get_string()));
    const auto* items = name == "array" ? find_object(schema, "items") : nullptr;
    return items ? type_of(*items) + "[]" : name;
  }
  std::string out;
  if (type && type->is_array())
    for (const json::value& one : type->get_array())
      if (const auto* text = one.if_string(); text && view(*text) != "null")
        out += (out.empty() ? "" : "|") + std::string(view(*text));
  return out.empty() ? "any" : out;
}

json::object parameter(std::string_view name, std::string_view in, const json::object& schema,
                       bool required, const std::string& description) {
  json::object out{{"name", name}, {"in", in}, {"type", type_of(schema)}, {"required", required}};
  if (const auto* value = schema.if_contains("default"); value && !value->is_null())
    out["default"] = *value;
  const json::object* const items = find_object(schema, "items");
  for (const json::object* owner : {&schema, items})
    if (const auto* values = owner ? owner->if_contains("enum") : nullptr) out["enum"] = *values;
  const json::string* const own = find_string(schema, "description");
  out["description"] = description.empty() && own ? std::string(view(*own)) : description;
  return out;
}

std::string_view name_of(Location in) {
  return in == Location::path ? "path" : in == Location::query ? "query" : "header";
}

std::string_view name_of(Body::Kind kind) {
  switch (kind) {
    case Body::Kind::none:
      return "none";
    case Body::Kind::json:
      return "json";
    case Body::Kind::form:
      return "form";
    case Body::Kind::multipart_form:
    case Body::Kind::multipart_related:
      return "multipart";
    case Body::Kind::graphql:
      return "graphql";
  }
  return "none";
}

std::string_view name_of(AuthScheme::Kind kind) {
  switch (kind) {
    case AuthScheme::Kind::bearer:
      return "bearer";
    case AuthScheme::Kind::basic:
      return "basic";
    case AuthScheme::Kind::oauth2:
      return "oauth2";
    case AuthScheme::Kind::api_key:
      return "api_key";
  }
  return "bearer";
}

std::string path_of(const Operation& operation) {
  std::string out;
  for (const PathPiece& piece : operation.path)
    out += piece.is_parameter ? '{' + piece.text + '}' : piece.text;
  return out;
}

/// The extensions of ours on an operation: paging, probe calls and what else the guide lists.
json::object own_extensions(const json::object& extensions) {
  json::object out;
  for (const auto& [name, value] : extensions)
    if (name.starts_with("x-fairlead-")) out[name] = value;
  return out;
}

json::object action_of(const Definition& definition, const Operation& operation) {
  json::object out{{"action", connector::name_of(operation.action)},
                   {"tool", tool_name(definition, operation)},
                   {"method", operation.method},
                   {"path", path_of(operation)},
                   {"body", name_of(operation.body.kind)},
                   {"effect", connector::name_of(operation.effect)},
                   {"description", description_of(operation)},
                   {"parameters", parameters_of(operation)}};
  if (operation.has_meta) {
    json::array names;
    for (const MetaSource& source : operation.meta) names.emplace_back(source.name);
    out["meta"] = std::move(names);
  }
  if (operation.preferred_for_check) out["preferred_for_check"] = true;
  if (auto extensions = own_extensions(operation.extensions); !extensions.empty())
    out["extensions"] = std::move(extensions);
  return out;
}

json::array credentials_of(const Definition& definition) {
  json::array out;
  for (const AuthScheme& scheme : definition.schemes) {
    json::array fields;
    for (const CredentialField& field : scheme.fields)
      fields.push_back(json::object{{"name", field.name},
                                    {"required", field.required},
                                    {"secret", field.secret},
                                    {"description", field.description}});
    out.push_back(json::object{{"scheme", scheme.name},
                               {"kind", name_of(scheme.kind)},
                               {"title", scheme.title},
                               {"fields", std::move(fields)}});
  }
  return out;
}

json::array settings_of(const Definition& definition) {
  json::array out;
  for (const std::string& name : definition.config_names()) {
    json::object one{{"name", name}};
    for (const ServerVariable& variable : definition.variables)
      if (variable.name == name) {
        one["default"] = variable.default_value;
        one["description"] = variable.description;
      }
    out.push_back(std::move(one));
  }
  return out;
}

}  // namespace

Result<std::vector<const Operation*>> choose_operations(const Definition& definition,
                                                        std::string_view entity,
                                                        std::string_view action) {
  std::vector<const Operation*> out;
  if (entity.empty()) {
    for (const Entity& one : definition.entities)
      out.insert(out.end(), one.operations.begin(), one.operations.end());
    return out;
  }
  const Entity* const found = definition.find_entity(entity);
  if (!found) {
    std::vector<std::string> names;
    for (const Entity& one : definition.entities) names.push_back(one.name);
    return not_found(definition.name + " has no entity '" + std::string(entity) + "'" +
                     did_you_mean(entity, names));
  }
  std::vector<std::string> names;
  const auto wanted = parse_action(action);
  for (const Operation* operation : found->operations) {
    names.emplace_back(connector::name_of(operation->action));
    if (action.empty() || operation->action == wanted) out.push_back(operation);
  }
  if (!out.empty()) return out;
  std::string listed;
  for (const std::string& name : names) listed += (listed.empty() ? "" : ", ") + name;
  return not_found("the entity '" + found->name + "' has no action '" + std::string(action) +
                   "', but " + listed + did_you_mean(action, names));
}

json::array parameters_of(const Operation& operation) {
  json::array out;
  std::set<std::string_view> seen;
  for (const Parameter& one : operation.parameters) {
    seen.insert(one.name);
    out.push_back(parameter(one.name, name_of(one.in), one.schema, one.required, one.description));
  }
  for (const BodyField& field : operation.body.fields) {
    seen.insert(field.name);
    out.push_back(parameter(field.name, "body", field.schema, field.required, ""));
  }
  const json::object schema = parameters_schema(operation);
  for (const auto& [name, value] : schema.at("properties").as_object())
    if (!seen.contains(std::string_view(name.data(), name.size())))
      out.push_back(parameter(std::string_view(name.data(), name.size()), "body", value.as_object(),
                              false, ""));
  return out;
}

json::object offer_of(const Definition& definition,
                      const std::vector<const Operation*>& operations) {
  json::array entities;
  for (const Entity& entity : definition.entities) {
    json::array actions;
    for (const Operation* operation : entity.operations)
      if (std::find(operations.begin(), operations.end(), operation) != operations.end())
        actions.push_back(action_of(definition, *operation));
    if (actions.empty()) continue;
    const json::string* const summary = find_string(entity.hints, "summary");
    entities.push_back(
        json::object{{"name", entity.name},
                     {"description", summary ? std::string(view(*summary)) : std::string()},
                     {"actions", std::move(actions)}});
  }
  json::object out{{"connector", definition.name},
                   {"display_name", definition.display_name},
                   {"version", definition.version},
                   {"description", definition.description},
                   {"server", definition.server_template},
                   {"settings", settings_of(definition)},
                   {"credentials", credentials_of(definition)},
                   {"entities", std::move(entities)}};
  if (auto extensions = own_extensions(definition.info_extensions); !extensions.empty())
    out["extensions"] = std::move(extensions);
  return out;
}

json::object counts_of(const Definition& definition) {
  std::size_t parameters = 0;
  for (const auto& operation : definition.operations)
    parameters += operation->parameters.size() + operation->body.fields.size();
  return {{"entities", definition.entities.size()},
          {"operations", definition.operations.size()},
          {"parameters", parameters},
          {"schemes", definition.schemes.size()},
          {"warnings", definition.warnings.size()}};
}

}  // namespace fairlead::connector
