#include "connector/lint_schema.hpp"

#include "connector/ascii.hpp"
#include "connector/python_value.hpp"
#include "connector/wire_text.hpp"

#include <algorithm>

namespace fairlead::connector {
namespace {

constexpr std::string_view reference_prefix = "#/components/schemas/";
constexpr int most_levels = 10;         // of objects and lists in a strict schema (OpenAI)
constexpr std::size_t most_enum = 250;  // beyond, their texts count towards a limit (OpenAI)
constexpr std::size_t longest_text = 1024;
constexpr std::size_t most_open = 100;  // schemas inside each other that are looked at

std::optional<Place> member_of(const Place& place, std::string_view key) {
  if (const auto* map = place.node->if_map())
    for (const YamlMember& member : *map)
      if (member.key == key) return place.member(member);
  return std::nullopt;
}

const std::string* text_of(const YamlNode& node, std::string_view key) {
  const YamlNode* const found = node.find(key);
  return found ? found->if_text() : nullptr;
}

/// Its types without null; empty when there is none.
std::vector<std::string> types_of(const YamlNode& schema) {
  std::vector<std::string> out;
  const YamlNode* const type = schema.find("type");
  if (!type) return out;
  if (const auto* text = type->if_text()) return {*text};
  if (const auto* list = type->if_list())
    for (const YamlNode* one : *list)
      if (const auto* text = one->if_text(); text && *text != "null") out.push_back(*text);
  return out;
}

std::string_view type_of(const YamlNode& value) {
  if (value.if_text()) return "string";
  if (value.if_list()) return "array";
  if (value.if_map()) return "object";
  if (value.is_null()) return "null";
  if (std::holds_alternative<bool>(value.value)) return "boolean";
  return std::holds_alternative<double>(value.value) ? "number" : "integer";
}

bool fits(std::string_view type, std::string_view declared) {
  return type == declared || (type == "integer" && declared == "number");
}

bool fits_any(const YamlNode& value, const std::vector<std::string>& declared) {
  return declared.empty() || std::any_of(declared.begin(), declared.end(), [&](const auto& one) {
           return fits(type_of(value), one);
         });
}

std::string letters_of(std::string_view text) {
  std::string out;
  for (const char c : ascii_lower(text))
    if ((c >= 'a' && c <= 'z') || (c >= '0' && c <= '9')) out += c;
  return out;
}

}  // namespace

bool is_parameter_name(std::string_view name) {
  return !name.empty() && name.size() <= 64 && std::all_of(name.begin(), name.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' ||
           c == '.' || c == '-';
  });
}

bool repeats_name(std::string_view description, std::string_view name) {
  const std::string said = letters_of(description);
  const std::string known = letters_of(name);
  return said == known || said == "the" + known || said == "a" + known;
}

SchemaLinter::SchemaLinter(const Place& root, std::vector<Finding>& findings)
    : root_(root), findings_(findings) {
  components_ = member_of(root_, "components");
  if (components_) schemas_ = member_of(*components_, "schemas");
}

void SchemaLinter::note(const Place& place, const char* code, std::string message,
                        std::string advice) {
  findings_.push_back({.code = code,
                       .line = place.line,
                       .column = place.column,
                       .path = place.path(),
                       .message = std::move(message),
                       .advice = std::move(advice)});
}

std::optional<Place> SchemaLinter::target(const Place& schema) const {
  const std::string* const reference = text_of(*schema.node, "$ref");
  if (!reference || !schemas_ || !reference->starts_with(reference_prefix)) return std::nullopt;
  return member_of(*schemas_, std::string_view(*reference).substr(reference_prefix.size()));
}

void SchemaLinter::check_body(const Place& schema) {
  if (const auto found = target(schema)) return check_body(*found);
  if (!seen_.insert(schema.node).second) return;
  for (const char* keyword : {"oneOf", "anyOf", "allOf", "not"})
    if (const auto place = member_of(schema, keyword))
      note(*place, "schema-combinator",
           std::string(keyword) + " at the top of a body gives the tool no parameters",
           "list all fields under `properties`, and say in the descriptions which go together");
  Place fields = schema;  // of a list's elements, when the body is a list
  if (const auto items = member_of(schema, "items")) fields = target(*items).value_or(*items);
  if (const auto properties = member_of(fields, "properties")) check_properties(*properties);
  if (levels(schema) > most_levels)
    note(schema, "schema-too-deep",
         "is nested " + std::to_string(levels(schema)) + " levels deep, and OpenAI's strict mode " +
             "takes " + std::to_string(most_levels),
         "flatten it, or leave out what agents do not need");
}

void SchemaLinter::check(const Place& schema) {
  if (schema.node->find("$ref")) {
    const auto found = target(schema);
    if (!found)
      return note(schema, "schema-unknown-ref", "refers to a schema that does not exist",
                  "write #/components/schemas/NAME with a name that is there, or write it out");
    if (open_.contains(found->node))
      return note(schema, "schema-recursive",
                  "refers to a schema that it is a part of; no model gets it in full",
                  "describe the deeper levels as `type: object`, or leave them out");
    return check(*found);
  }
  // A chain of references can be as long as the file; what is that deep was said to be too deep.
  if (open_.size() > most_open || !seen_.insert(schema.node).second) return;
  open_.insert(schema.node);
  check_node(schema);
  open_.erase(schema.node);
}

void SchemaLinter::check_node(const Place& schema) {
  if (!schema.node->if_map()) return;
  check_type(schema);
  check_values(schema);
  check_keywords(schema);
  check_object(schema);
  if (const auto items = member_of(schema, "items"); items && items->node->if_map()) check(*items);
  for (const char* keyword : {"anyOf", "oneOf", "allOf"})
    if (const auto list = member_of(schema, keyword); list && list->node->if_list())
      for (std::size_t i = 0; i < list->node->if_list()->size(); ++i) check(list->element(i));
}

void SchemaLinter::check_type(const Place& schema) {
  const auto types = types_of(*schema.node);
  const bool is_union = schema.node->find("anyOf") || schema.node->find("oneOf") ||
                        schema.node->find("allOf") || schema.node->find("const");
  if (types.empty() && !is_union)
    note(schema, "schema-no-type", "has no `type`; Gemini refuses it and strict modes do too",
         "add `type`, such as string");
  if (types.size() > 1)
    note(schema, "schema-several-types",
         "has several types; Gemini takes one (and null), and models guess",
         "choose the type that fits best, or make two parameters of it");
  const bool is_list = std::find(types.begin(), types.end(), "array") != types.end();
  if (is_list && !schema.node->find("items"))
    note(schema, "schema-array-items",
         "is an array without `items`; OpenAI and Gemini refuse the tool",
         "add `items` with a type");
}

void SchemaLinter::check_values(const Place& schema) {
  const auto types = types_of(*schema.node);
  const auto list = member_of(schema, "enum");
  const YamlList* const values = list ? list->node->if_list() : nullptr;
  std::set<std::string_view> kinds;
  if (values)
    for (const YamlNode* value : *values)
      if (!value->is_null()) kinds.insert(type_of(*value));
  if (kinds.size() > 1) {
    note(*list, "schema-enum-mixed", "holds values of several types; Gemini takes texts only",
         "write all of them as text, or drop `enum` and say it in the description");
  } else if (values) {
    for (const YamlNode* value : *values)
      if (!value->is_null() && !fits_any(*value, types)) {
        note(*list, "schema-enum-type",
             "holds " + std::string(value->kind_name()) + ", which the type does not allow",
             "make type and values agree; quote texts that look like numbers");
        break;
      }
  }
  if (values && values->size() > most_enum)
    note(*list, "schema-enum-large",
         "holds " + std::to_string(values->size()) + " values, which costs every call",
         "name the usual ones in the description instead");
  const auto given = member_of(schema, "default");
  if (!given || given->node->is_null()) return;
  if (!fits_any(*given->node, types))
    note(*given, "schema-default-type", "is not of the declared type", "make the two agree");
  else if (values && std::none_of(values->begin(), values->end(), [&](const YamlNode* value) {
             return same_value(to_json(*value), to_json(*given->node));
           }))
    note(*given, "schema-default-enum", "is not one of the allowed values",
         "choose one of `enum`, or add it there");
}

void SchemaLinter::check_keywords(const Place& schema) {
  static constexpr std::string_view refused[] = {"oneOf",
                                                 "allOf",
                                                 "not",
                                                 "if",
                                                 "then",
                                                 "else",
                                                 "patternProperties",
                                                 "propertyNames",
                                                 "dependentRequired",
                                                 "dependentSchemas",
                                                 "prefixItems",
                                                 "contains",
                                                 "unevaluatedProperties",
                                                 "unevaluatedItems",
                                                 "$dynamicRef",
                                                 "discriminator"};
  for (const std::string_view keyword : refused)
    if (const auto place = member_of(schema, keyword))
      note(*place, "schema-combinator",
           std::string(keyword) +
               " is not understood by every vendor (OpenAI's strict mode, "
               "Gemini)",
           "write one plain type; say the rest in the description");
  const std::string* const format = text_of(*schema.node, "format");
  const auto types = types_of(*schema.node);
  static constexpr std::string_view known[] = {"date-time", "date", "time", "duration", "email",
                                               "hostname",  "ipv4", "ipv6", "uuid"};
  if (format && types == std::vector<std::string>{"string"} &&
      std::find(std::begin(known), std::end(known), *format) == std::end(known))
    note(*member_of(schema, "format"), "schema-format",
         "the format '" + *format + "' is refused by strict modes",
         "drop it and say it in the description; known are date-time, date, time, duration, email, "
         "hostname, ipv4, ipv6, uuid");
}

void SchemaLinter::check_object(const Place& schema) {
  const auto types = types_of(*schema.node);
  const bool is_object = std::find(types.begin(), types.end(), "object") != types.end();
  const auto properties = member_of(schema, "properties");
  const bool has_properties =
      properties && properties->node->if_map() && !properties->node->if_map()->empty();
  const auto more = member_of(schema, "additionalProperties");
  const bool is_closed =
      more && std::holds_alternative<bool>(more->node->value) && !std::get<bool>(more->node->value);
  if (has_properties && more && !is_closed)
    note(*more, "schema-additional-properties",
         "lets in properties beside the listed ones, which strict modes refuse",
         "list what agents need and drop additionalProperties");
  if (is_object && !has_properties)
    note(schema, "schema-open-object",
         "is an object without `properties`; strict modes refuse it, and models guess its members",
         "list its properties; where the service really takes any names, allow it and describe an "
         "example");
  if (has_properties) check_properties(*properties);
}

void SchemaLinter::check_properties(const Place& properties) {
  const auto* map = properties.node->if_map();
  if (!map) return;
  for (const YamlMember& member : *map) {
    const Place one = properties.member(member);
    if (!is_parameter_name(member.key))
      note(one, "parameter-name",
           "'" + member.key.substr(0, 80) +
               "' is no name that every vendor takes: Anthropic refuses the whole request",
           "1 to 64 letters, digits, _ . and - are expected");
    check_description(one);
    check(one);
  }
}

void SchemaLinter::check_description(const Place& schema) {
  const std::string* own = text_of(*schema.node, "description");
  if (const auto found = target(schema); !own && found) own = text_of(*found->node, "description");
  if (!own || is_blank(*own))
    note(schema, "missing-parameter-description", "has no description; a model has to guess",
         "say in a few words what it does, with an example where the form matters");
  else if (repeats_name(*own, schema.key))
    note(schema, "empty-parameter-description", "the description only repeats the name",
         "say what it does, which form it has, or which values are usual");
  else if (own->size() > longest_text)
    note(
        schema, "long-parameter-description",
        "the description has " + std::to_string(own->size()) + " bytes; it is sent with every call",
        "keep it under 1024");
}

/// Levels of objects and lists; what is recursive counts once, and more than `most_open` are not
/// counted.
int SchemaLinter::levels(const Place& schema, std::size_t depth) {
  if (depth > most_open) return 0;
  if (const auto found = target(schema)) return levels(*found, depth + 1);
  if (const auto known = levels_.find(schema.node); known != levels_.end()) return known->second;
  levels_[schema.node] = 0;
  int deepest = 0;
  if (const auto properties = member_of(schema, "properties");
      properties && properties->node->if_map())
    for (const YamlMember& member : *properties->node->if_map())
      deepest = std::max(deepest, 1 + levels(properties->member(member), depth + 1));
  if (const auto items = member_of(schema, "items"))
    deepest = std::max(deepest, 1 + levels(*items, depth + 1));
  for (const char* keyword : {"anyOf", "oneOf", "allOf"})
    if (const auto list = member_of(schema, keyword); list && list->node->if_list())
      for (std::size_t i = 0; i < list->node->if_list()->size(); ++i)
        deepest = std::max(deepest, levels(list->element(i), depth + 1));
  return levels_[schema.node] = deepest;
}

}  // namespace fairlead::connector
