#include "platform/describe.hpp"

namespace fairlead::platform {
namespace {

using connector::Operation;

void add_property(json::object& properties, const std::string& name, json::object schema,
                  const std::string& description) {
  if (properties.contains(name)) return;
  if (!description.empty() && !schema.contains("description")) schema["description"] = description;
  properties[name] = std::move(schema);
}

json::object describe_action(const Operation& operation) {
  return {{"action", json::string_view(connector::name_of(operation.action))},
          {"description", description_of(operation)},
          {"effect", json::string_view(name_of(operation.effect))},
          {"params", parameters_schema(operation)}};
}

std::string entity_summary(const connector::Entity& entity) {
  const json::string* summary = find_string(entity.hints, "summary");
  return summary ? std::string(view(*summary)) : std::string();
}

}  // namespace

std::string_view name_of(connector::Effect effect) {
  switch (effect) {
    case connector::Effect::read:
      return "read";
    case connector::Effect::idempotent:
      return "idempotent";
    case connector::Effect::unsafe:
      return "unsafe";
  }
  return "unsafe";
}

std::string description_of(const Operation& operation) {
  return operation.description.empty() ? operation.summary : operation.description;
}

json::object parameters_schema(const Operation& operation) {
  json::object properties;
  json::array required;
  for (const auto& parameter : operation.parameters) {
    add_property(properties, parameter.name, parameter.schema, parameter.description);
    const bool has_default = parameter.default_value || parameter.inject;
    if (parameter.required && !has_default) required.emplace_back(parameter.name);
  }
  for (const auto& field : operation.body.fields) {
    add_property(properties, field.name, field.schema, "");
    if (field.required && !field.default_value) required.emplace_back(field.name);
  }
  if (operation.body.kind == connector::Body::Kind::graphql &&
      operation.body.graphql.default_fields && !properties.contains("fields"))
    properties["fields"] = {{"type", "array"},
                            {"items", {{"type", "string"}}},
                            {"description", "Fields to ask for instead of the usual ones."}};
  return {{"type", "object"},
          {"properties", std::move(properties)},
          {"required", std::move(required)},
          {"additionalProperties", operation.body.free_form}};
}

json::object describe(const connector::Definition& definition) {
  json::array entities;
  for (const auto& entity : definition.entities) {
    json::array actions;
    for (const Operation* operation : entity.operations)
      actions.push_back(describe_action(*operation));
    entities.push_back(json::object{{"name", entity.name},
                                    {"description", entity_summary(entity)},
                                    {"actions", std::move(actions)}});
  }
  return {{"connector", definition.name},
          {"name", definition.display_name.empty() ? definition.title : definition.display_name},
          {"description", definition.description},
          {"version", definition.version},
          {"entities", std::move(entities)}};
}

}  // namespace fairlead::platform
