#include "platform/catalogue_view.hpp"

#include <algorithm>

namespace fairlead::platform {
namespace {

using connector::AuthScheme;
using connector::Definition;

ServiceSummary summary_of(const connector::CatalogueEntry& entry) {
  return {.id = entry.id,
          .slug = entry.slug,
          .name = entry.display_name.empty() ? entry.name : entry.display_name,
          .description = entry.description,
          .version = entry.version};
}

std::string lower(std::string_view text) {
  std::string out(text);
  std::transform(out.begin(), out.end(), out.begin(), [](char c) {
    return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
  });
  return out;
}

json::array to_array(const std::vector<std::string>& texts) {
  json::array out;
  for (const auto& text : texts) out.emplace_back(text);
  return out;
}

json::object field_schema(const connector::CredentialField& field) {
  json::object schema{{"type", field.type}};
  if (!field.title.empty()) schema["title"] = field.title;
  if (!field.description.empty()) schema["description"] = field.description;
  if (!field.format.empty()) schema["format"] = field.format;
  if (field.secret) schema["airbyte_secret"] = true;
  if (field.default_value && !field.secret) schema["default"] = *field.default_value;
  return schema;
}

json::object scheme_schema(const AuthScheme& scheme) {
  json::object properties;
  json::array required;
  for (const auto& field : scheme.fields) {
    properties[field.name] = field_schema(field);
    if (!scheme.has_required && field.required) required.emplace_back(field.name);
  }
  if (scheme.has_required) required = to_array(scheme.required);
  return {{"type", "object"},
          {"title", scheme.title.empty() ? scheme.name : scheme.title},
          {"description", scheme.description},
          {"auth_scheme", scheme.name},
          {"required", std::move(required)},
          {"properties", std::move(properties)}};
}

json::object credentials_schema(const Definition& definition) {
  json::array alternatives;
  for (const AuthScheme& scheme : definition.schemes) alternatives.push_back(scheme_schema(scheme));
  json::object schema{{"title", "Credentials"}, {"type", "object"}};
  schema["oneOf"] = std::move(alternatives);
  return schema;
}

json::object environment_schema(const Definition& definition) {
  json::object properties;
  for (const std::string& name : definition.config_names()) {
    json::object schema{{"type", "string"}};
    for (const auto& variable : definition.variables) {
      if (variable.name != name) continue;
      if (!variable.description.empty()) schema["description"] = variable.description;
      if (!variable.default_value.empty()) schema["default"] = variable.default_value;
      if (!variable.allowed.empty()) schema["enum"] = to_array(variable.allowed);
    }
    properties[name] = std::move(schema);
  }
  return {{"title", "Settings"}, {"type", "object"}, {"properties", std::move(properties)}};
}

json::object replication_schema(const Definition& definition) {
  json::object schema{{"type", "object"}};
  for (const char* member : {"title", "description", "properties", "required"})
    if (const json::value* value = definition.replication_config.if_contains(member))
      schema[member] = *value;
  return schema;
}

json::value advanced_auth(const Definition& definition) {
  const auto oauth =
      std::find_if(definition.schemes.begin(), definition.schemes.end(), [](const AuthScheme& s) {
        return s.kind == AuthScheme::Kind::oauth2 && !s.authorization_url.empty();
      });
  if (oauth == definition.schemes.end()) return nullptr;
  return json::object{
      {"auth_flow_type", "oauth2.0"},
      {"predicate_key", json::array{"credentials", "auth_scheme"}},
      {"predicate_value", oauth->name},
      {"oauth_config_specification",
       json::object{
           {"complete_oauth_server_input_specification",
            json::object{{"type", "object"},
                         {"properties", json::object{{"client_id", {{"type", "string"}}},
                                                     {"client_secret", {{"type", "string"}}}}}}},
           {"complete_oauth_output_specification",
            json::object{{"type", "object"},
                         {"properties", json::object{{"access_token", {{"type", "string"}}},
                                                     {"refresh_token", {{"type", "string"}}}}}}}}}};
}

json::value documentation_url(const Definition& definition) {
  for (const json::value& link : definition.documentation_urls)
    if (link.is_object())
      if (const json::string* url = find_string(link.get_object(), "url")) return *url;
  return nullptr;
}

json::object spec_of(const Definition& definition, const ServiceSummary& summary) {
  json::object properties{{"credentials", credentials_schema(definition)},
                          {"environment", environment_schema(definition)},
                          {"replication_config", replication_schema(definition)}};
  return {{"documentationUrl", documentation_url(definition)},
          {"connectionSpecification",
           json::object{{"$schema", "http://json-schema.org/draft-07/schema#"},
                        {"title", summary.name},
                        {"description", definition.description},
                        {"type", "object"},
                        {"required", json::array{"credentials"}},
                        {"properties", std::move(properties)}}},
          {"advanced_auth", advanced_auth(definition)},
          {"supported_destination_sync_modes", json::array()}};
}

std::vector<std::string> questions(const Definition& definition, std::string_view kind) {
  std::vector<std::string> found;
  const json::value* list = definition.example_questions.if_contains(kind);
  if (list && list->is_array())
    for (const json::value& question : list->get_array())
      if (question.is_string()) found.emplace_back(view(question.get_string()));
  return found;
}

}  // namespace

std::vector<ServiceSummary> CatalogueView::list(std::string_view part) const {
  const std::string wanted = lower(part);
  std::vector<ServiceSummary> found;
  for (const auto& entry : services_.catalogue.entries()) {
    ServiceSummary summary = summary_of(entry);
    if (lower(summary.name).find(wanted) != std::string::npos ||
        lower(summary.slug).find(wanted) != std::string::npos)
      found.push_back(std::move(summary));
  }
  return found;
}

std::optional<ServiceDetail> CatalogueView::find(std::string_view text) const {
  const auto* entry = services_.catalogue.find(text);
  if (!entry) return std::nullopt;
  const auto definition = services_.catalogue.get(entry->slug);
  ServiceDetail detail{.summary = summary_of(*entry)};
  detail.spec = spec_of(*definition, detail.summary);
  detail.direct_questions = questions(*definition, "direct");
  detail.search_questions = questions(*definition, "context_store_search");
  if (detail.search_questions.empty()) detail.search_questions = questions(*definition, "search");
  return detail;
}

}  // namespace fairlead::platform
