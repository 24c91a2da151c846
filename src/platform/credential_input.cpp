#include "platform/credential_input.hpp"

#include "base/suggestion.hpp"
#include "connector/other_names.hpp"
#include "connector/request_builder.hpp"
#include "net/url.hpp"
#include "platform/connector_cache.hpp"
#include "platform/credential_bundle.hpp"

#include <openssl/crypto.h>

#include <algorithm>
#include <array>
#include <set>

namespace fairlead::platform {
namespace {

using connector::AuthScheme;
using connector::CredentialFields;
using connector::Definition;

/// Clients send these beside the fields, to say which form was filled in.
constexpr std::array form_names = {"option_title", "auth_type", "credentials_title"};

constexpr const char* fits_no_scheme = "Credentials do not match any auth scheme.";
constexpr const char* credentials_member = "credentials";

std::set<std::string, std::less<>> field_names(const Definition& definition) {
  std::set<std::string, std::less<>> names;
  for (const AuthScheme& scheme : definition.schemes)
    for (const auto& field : scheme.fields) names.insert(field.name);
  return names;
}

std::vector<std::string> required_fields(const AuthScheme& scheme) {
  if (scheme.has_required) return scheme.required;
  std::vector<std::string> names;
  for (const auto& field : scheme.fields)
    if (field.required) names.push_back(field.name);
  return names;
}

std::string joined(const std::vector<std::string>& names) {
  std::string text;
  for (const auto& name : names) text += (text.empty() ? "" : ", ") + name;
  return text;
}

/// "harborKey (api_key)": a scheme and what it asks for.
std::string described(const AuthScheme& scheme) {
  std::vector<std::string> fields = required_fields(scheme);
  if (fields.empty())
    for (const auto& field : scheme.fields) fields.push_back(field.name + " (optional)");
  return scheme.name + " (" + joined(fields) + ")";
}

Error mismatch(const std::string& field, const std::string& message) {
  Error error = invalid_field(field, message, "credentials_mismatch");
  error.code = "credentials_mismatch";
  return error;
}

/// Names of keys only, never values.
Error mismatch(const Definition& definition, const CredentialFields& given, std::string more) {
  std::vector<std::string> keys, schemes;
  for (const auto& [name, secret] : given) keys.push_back(name);
  for (const AuthScheme& scheme : definition.schemes) schemes.push_back(described(scheme));
  return mismatch("credentials", std::string(fits_no_scheme) + " Provided keys: [" + joined(keys) +
                                     "]. Available schemes: " + joined(schemes) + "." + more);
}

/// `larger` asks for more, and for all that `scheme` asks for: both fit because of it.
bool takes_in(const AuthScheme& larger, const AuthScheme& scheme) {
  return larger.required.size() > scheme.required.size() &&
         std::all_of(scheme.required.begin(), scheme.required.end(), [&](const std::string& name) {
           return std::any_of(larger.fields.begin(), larger.fields.end(),
                              [&](const auto& field) { return field.name == name; });
         });
}

/// The schemes that the fields make, each on its own.
std::vector<const AuthScheme*> fitting(const Definition& definition,
                                       const CredentialFields& given) {
  std::vector<const AuthScheme*> fit, apart;
  for (const AuthScheme& scheme : definition.schemes)
    if (std::all_of(scheme.required.begin(), scheme.required.end(),
                    [&](const std::string& name) { return given.contains(name); }))
      fit.push_back(&scheme);
  for (const AuthScheme* scheme : fit)
    if (std::none_of(fit.begin(), fit.end(),
                     [&](const AuthScheme* other) { return takes_in(*other, *scheme); }))
      apart.push_back(scheme);
  return apart;
}

Error ambiguous(const std::vector<const AuthScheme*>& schemes) {
  std::vector<std::string> names;
  for (const AuthScheme* scheme : schemes) names.push_back(described(*scheme));
  return mismatch("auth_scheme", "Credentials match several auth schemes: " + joined(names) +
                                     ". Give the fields of one, or its name as auth_scheme.");
}

void erase_text(json::value& value) {
  if (!value.is_string()) return;
  json::string& text = value.get_string();
  OPENSSL_cleanse(text.data(), text.size());
}

std::string text_of(const json::value& value) {
  return value.is_string() ? std::string(view(value.get_string())) : json::serialize(value);
}

Error missing_setting(const std::string& where, const std::string& name) {
  return invalid_field(where + "." + name, "required property '" + name + "' not found",
                       "missing_configuration");
}

void move_secrets(const std::set<std::string, std::less<>>& fields,
                  const std::vector<std::string>& configured, json::value& within,
                  CredentialFields& credentials);

void move_secrets(const std::set<std::string, std::less<>>& fields,
                  const std::vector<std::string>& configured, json::object& settings,
                  CredentialFields& credentials) {
  for (const std::string& name : fields) {
    const auto found = settings.find(name);
    if (found == settings.end()) continue;
    // A name that is a setting too (a subdomain) stays one.
    if (std::find(configured.begin(), configured.end(), name) != configured.end()) continue;
    if (!found->value().is_null()) {
      std::string text = text_of(found->value());
      credentials.try_emplace(name, Secret(text));
      OPENSSL_cleanse(text.data(), text.size());
    }
    erase_text(found->value());
    settings.erase(found);
  }
  for (auto& member : settings) move_secrets(fields, configured, member.value(), credentials);
  // A form around the fields is empty now, but for its own name.
  const auto form = settings.find(credentials_member);
  if (form == settings.end() || !form->value().is_object()) return;
  for (const char* name : form_names) form->value().get_object().erase(name);
  if (form->value().get_object().empty()) settings.erase(form);
}

void move_secrets(const std::set<std::string, std::less<>>& fields,
                  const std::vector<std::string>& configured, json::value& within,
                  CredentialFields& credentials) {
  if (within.is_object())
    move_secrets(fields, configured, within.get_object(), credentials);
  else if (within.is_array())
    for (json::value& one : within.get_array()) move_secrets(fields, configured, one, credentials);
}

/// What is still called credentials holds secrets that nobody knows to seal.
bool holds_credentials(const json::object& settings);

bool holds_credentials(const json::value& value) {
  if (const auto* list = value.if_array())
    return std::any_of(list->begin(), list->end(),
                       [](const json::value& one) { return holds_credentials(one); });
  return value.is_object() && holds_credentials(value.get_object());
}

bool holds_credentials(const json::object& settings) {
  return std::any_of(settings.begin(), settings.end(), [](const auto& member) {
    const bool is_form = member.key() == credentials_member && !member.value().is_null();
    return is_form || holds_credentials(member.value());
  });
}

/// Where a rendered address leads; nullopt when it takes a token response to know.
std::optional<net::Url> destination(const Result<std::string, connector::CallError>& address) {
  if (!address) return std::nullopt;
  auto url = net::Url::parse(*address);
  if (!url) return std::nullopt;
  return *std::move(url);
}

}  // namespace

void move_secrets(const Definition& definition, json::object& settings,
                  CredentialFields& credentials) {
  move_secrets(field_names(definition), definition.config_names(), settings, credentials);
}

Result<Done> sort_credentials(const Definition& definition, ConnectionInput& input) {
  move_secrets(definition, input.environment, input.credentials);
  move_secrets(definition, input.replication_config, input.credentials);
  for (const char* name : form_names)
    if (!field_names(definition).contains(name)) input.credentials.erase(name);
  std::erase_if(input.credentials, [](const auto& field) { return field.second.empty(); });
  connector::take_other_names(definition, input.credentials);

  const auto known = field_names(definition);
  for (const auto& [name, secret] : input.credentials)
    if (!known.contains(name))
      return mismatch(definition, input.credentials,
                      " '" + name + "' is no field of this service" +
                          did_you_mean(name, {known.begin(), known.end()}));

  // The engine takes the largest; what is kept for good is not chosen by a count of fields.
  if (input.auth_scheme.empty() && !input.credentials.empty())
    if (const auto schemes = fitting(definition, input.credentials); schemes.size() > 1)
      return ambiguous(schemes);
  auto scheme = connector::choose_scheme(definition, input.auth_scheme, input.credentials);
  if (!scheme) {
    // The engine's words for fields that fit nothing are the same as ours.
    const std::string& more = scheme.error().message;
    const bool said = more.starts_with(fits_no_scheme);
    return mismatch(definition, input.credentials, said ? "" : " " + more);
  }
  for (const std::string& name : required_fields(**scheme))
    if (!input.credentials.contains(name))
      return mismatch(definition, input.credentials, " '" + name + "' is missing.");
  // Only a key file of many lines is sent as anything but text of one line.
  if ((*scheme)->refresh.grant != connector::TokenRefresh::Grant::jwt_bearer)
    for (const auto& [name, secret] : input.credentials)
      if (has_control_characters(secret))
        return invalid_field("credentials." + name,
                             name + " must be one line, without control characters");
  input.auth_scheme = (*scheme)->name;
  return Done{};
}

Result<Done> check_settings(const Definition& definition, const std::string& auth_scheme,
                            const json::object& environment,
                            const json::object& replication_config) {
  for (const auto& [where, settings] : {std::pair("environment", &environment),
                                        std::pair("replication_config", &replication_config)})
    if (holds_credentials(*settings))
      return invalid_field(std::string(where) + '.' + credentials_member,
                           "give credentials beside the settings, not among them",
                           "not_allowed_value");
  const std::vector<std::string> names = definition.config_names();
  for (const auto& member : environment) {
    const std::string name(member.key().data(), member.key().size());
    if (std::find(names.begin(), names.end(), name) == names.end())
      return invalid_field("environment." + name,
                           names.empty() ? "this service takes no settings"
                                         : "unknown setting '" + name + "'" +
                                               what_else(name, names, "this service takes"),
                           "unknown_parameter");
  }

  const auto config = merged_config(environment, replication_config);
  if (const json::value* required = definition.replication_config.if_contains("required");
      required && required->is_array())
    for (const json::value& name : required->get_array()) {
      if (!name.is_string()) continue;
      const std::string text(view(name.get_string()));
      const bool used = std::find(names.begin(), names.end(), text) != names.end();
      if (used && !config.contains(text)) return missing_setting("replication_config", text);
    }

  auto address = connector::render_base_url(definition, config, {});
  if (address) return Done{};
  const connector::CallError& problem = address.error();
  const AuthScheme* scheme = definition.find_scheme(auth_scheme);
  const bool comes_with_token =
      scheme && std::find(scheme->token_extract.begin(), scheme->token_extract.end(),
                          problem.parameter) != scheme->token_extract.end();
  if (comes_with_token) return Done{};
  if (problem.kind == connector::CallErrorKind::missing_parameter)
    return missing_setting("environment", problem.parameter);
  return invalid_field(
      problem.parameter.empty() ? "environment" : "environment." + problem.parameter,
      problem.message);
}

Result<Done> check_destination(const Definition& definition, const std::string& auth_scheme,
                               const connector::ConfigValues& before,
                               const connector::ConfigValues& after) {
  const auto stays = [&](const auto& render) {
    const auto from = destination(render(before)), to = destination(render(after));
    // An address that comes with the tokens may be completed by any setting.
    return from && to ? from->same_origin(*to) : before == after;
  };
  const auto token_url_stays = [&](std::string_view text) {
    return text.empty() || stays([&](const connector::ConfigValues& config) {
             return connector::render_token_url(definition, text, config, {}, "client");
           });
  };
  bool all_stay = stays([&](const connector::ConfigValues& config) {
    return connector::render_base_url(definition, config, {});
  });
  if (const AuthScheme* scheme = definition.find_scheme(auth_scheme)) {
    all_stay = all_stay && token_url_stays(scheme->token_url);
    if (scheme->refresh.url) all_stay = all_stay && token_url_stays(scheme->refresh.url->source());
  }
  if (all_stay) return Done{};
  return invalid_field(
      "environment",
      "this setting says where the credentials go; give the credentials again with it", "missing");
}

Result<Done> check_entities(const Definition& definition, const json::array& entities) {
  for (std::size_t i = 0; i < entities.size(); ++i) {
    const json::object& choice = entities[i].as_object();
    const json::string* name = find_string(choice, "entity");
    if (name && definition.find_entity(view(*name))) continue;
    std::vector<std::string> names;
    for (const auto& entity : definition.entities) names.push_back(entity.name);
    const std::string given = name ? std::string(view(*name)) : std::string();
    return invalid_field(
        "entities." + std::to_string(i) + ".entity",
        "unknown entity '" + given + "'" + what_else(given, names, "the service has"),
        "unknown_entity");
  }
  return Done{};
}

}  // namespace fairlead::platform
