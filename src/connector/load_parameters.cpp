#include "connector/definition_loader.hpp"

#include <algorithm>

namespace fairlead::connector {
namespace {

constexpr std::size_t most_holes = 1000;  // of one GraphQL body

json::object as_object(json::value value) {
  if (auto* object = value.if_object()) return std::move(*object);
  return {};
}

void refuse_reference(Fields& fields, Loading& loading) {
  if (const auto reference = fields.find("$ref"))
    loading.problems.add(*reference, "a reference cannot stand here; write it out");
}

bool is_exactly_array(const YamlNode& schema) {
  const auto* type = schema.find("type");
  return type && type->if_text() && *type->if_text() == "array";
}
std::optional<json::array> allowed_values(const YamlNode& schema) {
  const auto* list = schema.find("enum");
  if (!list || !list->if_list()) return std::nullopt;
  return to_json(*list).as_array();
}
std::optional<json::value> value_of(const YamlNode& owner, std::string_view key) {
  const auto* node = owner.find(key);
  if (!node || node->is_null()) return std::nullopt;
  return to_json(*node);
}

ConfigInject load_inject(const Place& place, Loading& loading) {
  Fields fields(place, loading.problems);
  ConfigInject inject;
  inject.source = fields.required_text("source");
  if (const auto map = fields.map("map")) {
    inject.mapping.emplace();
    for (const YamlMember& member : *map->node->if_map())
      inject.mapping->emplace(member.key, to_json(*member.value));
  }
  fields.finish(Others::refused);
  return inject;
}

Parameter::Style style_from(std::string_view word) {
  using Style = Parameter::Style;
  if (word == "form") return Style::form;
  if (word == "spaceDelimited") return Style::space_delimited;
  if (word == "pipeDelimited") return Style::pipe_delimited;
  if (word == "deepObject") return Style::deep_object;
  return Style::other;
}

void read_schema(const Place& place, Parameter& parameter, const SchemaLibrary& schemas) {
  const YamlNode& schema = *place.node;
  parameter.schema = as_object(to_json(schema));
  parameter.is_array = is_exactly_array(schema);
  parameter.allowed = allowed_values(schema);
  if (const auto* items = schema.find("items"))
    parameter.allowed_items = allowed_values(schemas.target(*items));
  parameter.default_value = value_of(schema, "default");
  if (!parameter.probe_default)
    parameter.probe_default = value_of(schema, "x-airbyte-probe-default");
}

void load_parameter(const Place& place, Operation& operation, Loading& loading) {
  Fields fields(place, loading.problems);
  refuse_reference(fields, loading);
  Parameter parameter;
  parameter.name = fields.required_text("name");
  fields.require("in");
  const auto in = fields.word("in", {"path", "query", "header", "cookie"});
  parameter.required = fields.flag("required").value_or(false);
  parameter.description = fields.text("description").value_or("");
  if (const auto style = fields.text("style")) parameter.style = style_from(*style);
  parameter.explode = fields.flag("explode").value_or(true);
  if (const auto inject = fields.find("x-airbyte-param-config-inject"))
    parameter.inject = load_inject(*inject, loading);
  if (const auto probe = fields.find("x-airbyte-probe-default"))
    parameter.probe_default = to_json(*probe->node);
  if (const auto schema = fields.map("schema")) read_schema(*schema, parameter, loading.schemas);
  fields.allow({"deprecated", "allowEmptyValue", "example", "examples"});
  fields.finish(Others::extensions);
  if (!in || parameter.name.empty()) return;
  if (*in == "cookie") return loading.problems.warn(place, "cookie parameters are not sent");
  parameter.in = *in == "path"    ? Location::path
                 : *in == "query" ? Location::query
                                  : Location::header;
  if (parameter.in == Location::header)
    if (const auto name = fields.find("name"))
      check_header_name(*name, parameter.name, loading.problems);
  operation.parameters.push_back(std::move(parameter));
}

/// Which of the request types is sent; an unknown one means JSON.
Body::Kind kind_from(const YamlMap& content) {
  const auto has = [&](std::string_view type) {
    return std::any_of(content.begin(), content.end(),
                       [&](const YamlMember& member) { return member.key == type; });
  };
  if (has("application/x-www-form-urlencoded")) return Body::Kind::form;
  if (has("multipart/form-data")) return Body::Kind::multipart_form;
  if (has("multipart/related")) return Body::Kind::multipart_related;
  return Body::Kind::json;
}

std::string_view content_type_of(Body::Kind kind) {
  switch (kind) {
    case Body::Kind::none:
      return "";
    case Body::Kind::form:
      return "application/x-www-form-urlencoded";
    case Body::Kind::multipart_form:
      return "multipart/form-data";
    case Body::Kind::multipart_related:
      return "multipart/related";
    default:
      return "application/json";
  }
}

class BodyLoader {
 public:
  BodyLoader(Operation& operation, Loading& loading)
      : operation_(operation), body_(operation.body), loading_(loading) {}

  void load(const Place& place) {
    Fields fields(place, loading_.problems);
    refuse_reference(fields, loading_);
    fields.text("description");
    fields.flag("required");
    body_.kind = Body::Kind::json;
    const YamlNode* schema = nullptr;  // that of the last media type counts
    if (const auto content = fields.map("content")) {
      body_.kind = kind_from(*content->node->if_map());
      for (const YamlMember& member : *content->node->if_map())
        if (const auto* found = load_media_type(content->member(member))) schema = found;
    }
    if (const auto type = fields.find("x-airbyte-body-type"))
      load_graphql(*type);
    else if (schema)
      read_schema(*schema);
    body_.content_type = content_type_of(body_.kind);
    fields.finish(Others::refused);
  }

 private:
  const YamlNode* load_media_type(const Place& place) {
    Fields media(place, loading_.problems);
    const auto schema = media.map("schema");
    media.allow({"example", "examples", "encoding"});
    media.finish(Others::refused);
    return schema ? schema->node : nullptr;
  }

  void load_graphql(const Place& place) {
    Fields fields(place, loading_.problems);
    fields.require("type");
    fields.word("type", {"graphql"});
    body_.kind = Body::Kind::graphql;
    GraphQl& out = body_.graphql;
    out.query = fields.required_text("query");
    if (const auto variables = fields.map("variables")) {
      out.variables = to_json(*variables->node).as_object();
      out.has_variables = !out.variables.empty();
    }
    out.operation_name = fields.text("operationName");
    if (const auto defaults = fields.find("default_fields")) {
      if (defaults->node->if_list())
        fields.texts("default_fields");
      else
        text_at(*defaults, loading_.problems);
      out.default_fields = to_json(*defaults->node);
    }
    out.nullable_variables =
        fields.texts("x-airbyte-nullable-variables").value_or(std::vector<std::string>());
    if (holes_in(out.query) + holes_in(out.variables) > most_holes)
      loading_.problems.add(place, "more than " + std::to_string(most_holes) + " {{ holes }}");
    fields.finish(Others::refused);
  }

  static std::size_t holes_in(std::string_view text) {
    std::size_t count = 0;
    for (auto at = text.find("{{"); at != std::string_view::npos; at = text.find("{{", at + 2))
      ++count;
    return count;
  }
  static std::size_t holes_in(const json::value& part) {
    std::size_t count = 0;
    if (const auto* text = part.if_string()) return holes_in(view(*text));
    if (const auto* list = part.if_array())
      for (const json::value& one : *list) count += holes_in(one);
    if (const auto* object = part.if_object())
      for (const auto& one : *object) count += holes_in(one.value());
    return count;
  }

  void read_schema(const YamlNode& written) {
    const SchemaLibrary& schemas = loading_.schemas;
    const YamlNode* schema = &schemas.target(written);
    body_.is_array = is_exactly_array(*schema);
    const YamlNode* members = schema;
    if (body_.is_array) {
      const auto* items = schema->find("items");
      members = items ? &schemas.target(*items) : nullptr;
    }
    const auto* properties = members ? members->find("properties") : nullptr;
    const bool has_properties =
        properties && properties->if_map() && !properties->if_map()->empty();
    read_required(members ? *members : *schema);
    if (has_properties) return read_properties(*properties->if_map());
    const auto* more = schema->find("additionalProperties");
    const bool takes_any =
        more && std::holds_alternative<bool>(more->value) && std::get<bool>(more->value);
    body_.free_form = body_.is_array || takes_any;
  }
  void read_required(const YamlNode& schema) {
    if (const auto* list = schema.find("required"); list && list->if_list())
      for (const YamlNode* name : *list->if_list())
        if (const auto* text = name->if_text()) body_.required.emplace_back(*text);
  }
  void read_properties(const YamlMap& properties) {
    const std::set<std::string_view> required(body_.required.begin(), body_.required.end());
    std::set<std::string_view> elsewhere;  // also a query or header parameter
    for (const Parameter& parameter : operation_.parameters)
      if (parameter.in != Location::path) elsewhere.insert(parameter.name);
    for (const YamlMember& member : properties) {
      const YamlNode& property = loading_.schemas.target(*member.value);
      BodyField field;
      field.name = member.key;
      field.required = required.contains(field.name);
      field.is_array = is_exactly_array(property);
      field.allowed = allowed_values(property);
      if (const auto* items = property.find("items"))
        field.allowed_items = allowed_values(loading_.schemas.target(*items));
      field.default_value = value_of(property, "default");
      field.probe_default = value_of(property, "x-airbyte-probe-default");
      field.schema = as_object(loading_.schemas.resolved(*member.value));
      if (field.probe_default && elsewhere.contains(field.name))
        loading_.problems.add({member.line, "",
                               "the body property '" + field.name +
                                   "' has an x-airbyte-probe-default, but is also a parameter of "
                                   "the operation " +
                                   operation_.label});
      body_.fields.push_back(std::move(field));
    }
  }

  Operation& operation_;
  Body& body_;
  Loading& loading_;
};

}  // namespace

void load_parameters(const Place& list, Operation& operation, Loading& loading) {
  const std::size_t count = list.node->if_list()->size();
  operation.parameters.reserve(count);
  for (std::size_t i = 0; i < count; ++i) load_parameter(list.element(i), operation, loading);
}

void load_body(const Place& place, Operation& operation, Loading& loading) {
  BodyLoader(operation, loading).load(place);
}

}  // namespace fairlead::connector
