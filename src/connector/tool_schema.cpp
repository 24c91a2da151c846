#include "connector/tool_schema.hpp"

namespace fairlead::connector {
namespace {

void add_property(json::object& properties, const std::string& name, json::object schema,
                  const std::string& description) {
  if (properties.contains(name)) return;
  if (!description.empty() && !schema.contains("description")) schema["description"] = description;
  properties[name] = std::move(schema);
}

json::value for_model(const json::value& schema);

json::object members_for_model(const json::object& properties) {
  json::object out;
  for (const auto& [name, schema] : properties) out[name] = for_model(schema);
  return out;
}

json::value for_model(const json::value& schema) {
  if (const auto* list = schema.if_array()) {
    json::array out;
    for (const json::value& one : *list) out.push_back(for_model(one));
    return out;
  }
  const auto* object = schema.if_object();
  if (!object) return schema;
  json::object out;
  for (const auto& [key, value] : *object) {
    if (key.starts_with("x-")) continue;
    if (key == "properties" && value.is_object())  // here the keys are names of the service
      out[key] = members_for_model(value.get_object());
    else if (key == "enum" || key == "default" || key == "example" || key == "examples")
      out[key] = value;
    else
      out[key] = for_model(value);
  }
  return out;
}

}  // namespace

std::string_view name_of(Effect effect) {
  switch (effect) {
    case Effect::read:
      return "read";
    case Effect::idempotent:
      return "idempotent";
    case Effect::unsafe:
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
  if (operation.body.kind == Body::Kind::graphql && operation.body.graphql.default_fields &&
      !properties.contains("fields"))
    properties["fields"] = {{"type", "array"},
                            {"items", {{"type", "string"}}},
                            {"description", "Fields to ask for instead of the usual ones."}};
  return {{"type", "object"},
          {"properties", std::move(properties)},
          {"required", std::move(required)},
          {"additionalProperties", operation.body.free_form}};
}

std::string tool_name(const Definition& definition, const Operation& operation) {
  return definition.name + '_' + operation.entity + '_' + std::string(name_of(operation.action));
}

json::object tool_of(const Definition& definition, const Operation& operation) {
  return {{"name", tool_name(definition, operation)},
          {"description", description_of(operation)},
          {"input_schema", for_model(parameters_schema(operation))}};
}

}  // namespace fairlead::connector
