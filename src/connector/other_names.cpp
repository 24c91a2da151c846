#include "connector/other_names.hpp"

#include <algorithm>
#include <charconv>

namespace fairlead::connector {
namespace {

std::string_view key_of(const std::string& name) { return name; }

bool is_integer(const Operation& operation, std::string_view name) {
  for (const Parameter& parameter : operation.parameters)
    if (parameter.name == name) {
      const json::string* type = find_string(parameter.schema, "type");
      return type && *type == "integer";
    }
  return false;
}

/// Cursors travel as text, page numbers are declared as integers.
json::value as_declared(const Operation& operation, std::string_view name, json::value value) {
  if (!value.is_string() || !is_integer(operation, name)) return value;
  const json::string& text = value.get_string();
  std::int64_t number = 0;
  const auto [end, failure] = std::from_chars(text.begin(), text.end(), number);
  if (failure != std::errc() || end != text.end()) return value;
  return number;
}

/// The text of a value; of a list its texts in alphabetical order, with commas.
std::optional<std::string> spelling(const json::value& value) {
  if (value.is_string()) return std::string(value.get_string());
  if (!value.is_array()) return std::nullopt;
  std::vector<std::string> texts;
  for (const json::value& one : value.get_array()) {
    if (!one.is_string()) return std::nullopt;
    texts.emplace_back(one.get_string());
  }
  std::sort(texts.begin(), texts.end());
  std::string out;
  for (const std::string& text : texts) out += (out.empty() ? "" : ",") + text;
  return out;
}

}  // namespace

void take_other_names(const Operation& operation, json::object& params) {
  const OtherNames& names = operation.other_names;
  for (const auto& [other, own] : names.parameters) {
    const auto found = params.find(key_of(other));
    if (found == params.end()) continue;
    json::value value = std::move(found->value());
    params.erase(found);
    if (!params.contains(key_of(own)))
      params[key_of(own)] = as_declared(operation, own, std::move(value));
  }
  for (const OtherNames::Value& one : names.values) {
    const auto found = params.find(key_of(one.parameter));
    if (found != params.end() && spelling(found->value()) == one.other) found->value() = one.own;
  }
}

void take_other_names(const Definition& definition, CredentialFields& fields) {
  for (const AuthScheme& scheme : definition.schemes) {
    const json::object* names = find_object(scheme.source, "x-fairlead-also-known-as");
    const json::object* map = names ? find_object(*names, "fields") : nullptr;
    if (map == nullptr) continue;
    for (const auto& [other, own] : *map) {
      auto given = fields.extract(std::string(other));
      if (given.empty() || !own.is_string()) continue;
      given.key() = std::string(own.get_string());
      fields.insert(std::move(given));
    }
  }
}

}  // namespace fairlead::connector
