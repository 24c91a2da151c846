#include "base/ids.hpp"
#include "connector/catalogue_entry.hpp"
#include "connector/load_fairlead.hpp"
#include "net/url.hpp"

namespace fairlead::connector {
namespace {

constexpr std::size_t most_url_characters = 8 << 10;

void load_documentation(const Place& place, Loading& loading) {
  if (!place.node->if_list()) {
    loading.problems.add(place, "a list of {url, type, title} is expected here, not " +
                                    std::string(place.node->kind_name()));
    return;
  }
  for (std::size_t i = 0; i < place.node->if_list()->size(); ++i) {
    Fields one(place.element(i), loading.problems);
    one.required_text("url");
    one.require("type");
    one.word("type", {"api_deprecations", "api_reference", "api_release_history",
                      "authentication_guide", "changelog", "data_model_reference",
                      "developer_community", "migration_guide", "openapi_spec", "other",
                      "permissions_scopes", "rate_limits", "sql_reference", "status_page"});
    one.text("title");
    one.finish(Others::refused);
  }
  loading.definition.documentation_urls = to_json(*place.node).as_array();
}

int status_at(const Place& place, Problems& problems) {
  const auto* number = std::get_if<std::int64_t>(&place.node->value);
  if (number && *number >= 100 && *number <= 599) return static_cast<int>(*number);
  problems.add(place, "an HTTP status from 100 to 599 is expected here");
  return 0;
}

void load_retry(const Place& place, Loading& loading) {
  Fields retry(place, loading.problems);
  RetryPolicy& policy = loading.definition.retry;
  if (const auto attempts = retry.whole("max_attempts")) {
    if (*attempts < 0 || *attempts > 100)
      loading.problems.add(*retry.find("max_attempts"), "0 to 100 attempts are expected");
    else
      policy.max_attempts = static_cast<int>(*attempts);
  }
  const auto seconds = [&](std::string_view key, double& out) {
    const auto number = retry.number(key);
    if (!number) return;
    if (*number < 0 || *number > 86'400)
      loading.problems.add(*retry.find(key), "a number from 0 to 86400 is expected");
    else
      out = *number;
  };
  seconds("initial_delay_seconds", policy.initial_delay_seconds);
  seconds("max_delay_seconds", policy.max_delay_seconds);
  seconds("exponential_base", policy.exponential_base);
  policy.jitter = retry.flag("jitter").value_or(policy.jitter);
  policy.on_timeout = retry.flag("retry_on_timeout").value_or(policy.on_timeout);
  policy.on_network_error = retry.flag("retry_on_network_error").value_or(policy.on_network_error);
  if (const auto codes = retry.list("retry_on_status_codes")) {
    policy.statuses.clear();
    for (std::size_t i = 0; i < codes->node->if_list()->size(); ++i)
      policy.statuses.push_back(status_at(codes->element(i), loading.problems));
  }
  if (auto header = retry.text("retry_after_header")) policy.retry_after_header = *header;
  if (const auto format =
          retry.word("retry_after_format", {"seconds", "milliseconds", "unix_timestamp"}))
    policy.retry_after_format = *format == "seconds"        ? RetryPolicy::Format::seconds
                                : *format == "milliseconds" ? RetryPolicy::Format::milliseconds
                                                            : RetryPolicy::Format::unix_timestamp;
  retry.finish(Others::refused);
}

void load_error_check(const Place& place, Loading& loading) {
  Fields check(place, loading.problems);
  ErrorCheck out;
  out.field = check.required_text("field");
  // null is a value like any other here
  if (const auto* value = place.node->find("on_value"))
    out.on_value = to_json(*value);
  else
    check.require("on_value");
  check.allow({"on_value"});
  out.message_field = check.text("message_field");
  check.finish(Others::refused);
  loading.definition.error_check = std::move(out);
}

void load_scoping(const Place& list, Loading& loading) {
  for (std::size_t i = 0; i < list.node->if_list()->size(); ++i) {
    Fields one(list.element(i), loading.problems);
    Scoping scoping;
    scoping.param = one.required_text("param");
    scoping.config_key = one.text("config_key").value_or(scoping.param);
    if (const auto text = one.text("value_template"))
      scoping.value = load_template(*one.find("value_template"), *text, loading.problems);
    one.finish(Others::refused);
    loading.definition.scoping.push_back(std::move(scoping));
  }
}

void load_example_questions(const Place& place, Loading& loading) {
  Fields questions(place, loading.problems);
  for (const char* key : {"direct", "context_store_search", "search", "unsupported"})
    questions.texts(key);
  questions.finish(Others::refused);
  if (!questions.is_map()) return;
  json::object& out = loading.definition.example_questions;
  out = to_json(*place.node).as_object();
  const auto* current = out.if_contains("context_store_search");
  if (const auto* old = out.if_contains("search");  // the word of older files
      old && (!current || !current->is_array() || current->get_array().empty()))
    out.insert_or_assign("context_store_search", json::value(*old));
}

void load_tooltip(const Place& place, Loading& loading) {
  if (place.node->if_map())
    texts_by_name(place, loading.problems);
  else
    text_at(place, loading.problems);
  loading.definition.auth_tooltip = to_json(*place.node);
}

void load_identity(Fields& info, Loading& loading) {
  Definition& definition = loading.definition;
  definition.title = info.required_text("title");
  definition.version = info.required_text("version");
  definition.description = info.text("description").value_or("");
  definition.name =
      info.text("x-airbyte-connector-name").value_or(name_from_title(definition.title));
  definition.display_name = info.text("x-airbyte-connector-display-name").value_or(definition.name);
  if (const auto id = info.require("x-airbyte-connector-definition-id")) {
    definition.id = canonical_uuid(text_at(*id, loading.problems)).value_or("");
    if (definition.id.empty() && id->node->if_text())
      loading.problems.add(*id,
                           "a UUID is expected, such as "
                           "6f3b8a52-1c47-4e0b-9d6a-2a5e7c1f9b04");
  }
}

void load_variable(const Place& place, Loading& loading) {
  Fields fields(place, loading.problems);
  ServerVariable variable;
  variable.name = place.key;
  variable.default_value = fields.required_text("default");
  variable.description = fields.text("description").value_or("");
  variable.allowed = fields.texts("enum").value_or(std::vector<std::string>());
  fields.finish(Others::refused);
  loading.definition.variables.push_back(std::move(variable));
}

/// {variable: target} or {target: {source: variable, format}}
void check_environment_mapping(const Place& place, const std::set<std::string_view>& variables,
                               Loading& loading) {
  const Fields mapping(place, loading.problems);
  for (const YamlMember& member : mapping.members()) {
    const Place one = mapping.place().member(member);
    std::string source = member.key;
    if (!member.value->if_text()) {
      Fields target(one, loading.problems);
      source = target.required_text("source");
      target.text("format");
      target.finish(Others::refused);
      if (!target.is_map()) continue;
    }
    if (!variables.empty() && !source.empty() && !variables.contains(source))
      loading.problems.add(one, "the source '" + source + "' is not a variable of this server");
  }
}

void check_url(const Place& place, const std::string& url,
               const std::set<std::string_view>& variables, Loading& loading) {
  const bool has_scheme = url.find("://") != std::string::npos;
  if (url.size() > most_url_characters)
    loading.problems.add(place, "the URL is longer than 8 KiB");
  else if (!has_scheme && url.find('{') == std::string::npos)
    loading.problems.add(place, "a URL is expected, such as https://api.example.com");
  else if (has_scheme && !url.starts_with("https://") && !url.starts_with("http://") &&
           !url.starts_with('{'))
    loading.problems.add(place, "a URL that begins with https:// is expected");
  else if (url.find('{') == std::string::npos) {
    if (const auto parsed = net::Url::parse(url); !parsed)
      loading.problems.add(place, "the URL cannot be used: " + parsed.error().message);
  }
  for (std::size_t at = 0; (at = url.find('{', at)) != std::string::npos; ++at) {
    const std::size_t end = url.find('}', at);
    if (end == std::string::npos) break;
    const std::string name = url.substr(at + 1, end - at - 1);
    if (!variables.contains(name))
      loading.problems.warn(place,
                            "the URL holds {" + name + "}, which is not among its variables");
  }
}

void load_server(const Place& place, bool is_first, Loading& loading) {
  Fields server(place, loading.problems);
  std::string url = server.required_text("url");
  server.text("description");
  const auto variables = server.map("variables");
  const auto mapping = server.map("x-airbyte-replication-environment-mapping");
  server.map("x-airbyte-replication-environment-constants");
  server.finish(Others::refused);
  if (!is_first) return;  // only the first server is ever asked

  if (variables) {
    const Fields fields(*variables, loading.problems);
    for (const YamlMember& member : fields.members())
      load_variable(fields.place().member(member), loading);
  }
  const auto names = variables ? keys_of(*variables->node) : std::set<std::string_view>();
  if (mapping) check_environment_mapping(*mapping, names, loading);
  if (const auto at = server.find("url"); at && !url.empty()) check_url(*at, url, names, loading);
  while (url.ends_with('/')) url.pop_back();
  loading.definition.server_template = std::move(url);
}

}  // namespace

void load_info(const Place& place, Loading& loading) {
  Fields info(place, loading.problems);
  if (!info.is_map()) return;
  Definition& definition = loading.definition;
  load_identity(info, loading);
  if (const auto urls = info.require("x-airbyte-external-documentation-urls"))
    load_documentation(*urls, loading);
  if (const auto retry = info.find("x-airbyte-retry-config")) load_retry(*retry, loading);
  if (const auto check = info.find("x-airbyte-response-error-check"))
    load_error_check(*check, loading);
  if (const auto scoping = info.list("x-airbyte-scoping")) load_scoping(*scoping, loading);
  if (const auto list = info.list("x-airbyte-entity-relationships"))
    load_relationships(*list, loading);
  if (const auto store = info.find("x-airbyte-context-store")) load_context_store(*store, loading);
  if (const auto config = info.find("x-airbyte-replication-config"))
    load_replication_config(*config, loading);
  if (const auto questions = info.find("x-airbyte-example-questions"))
    load_example_questions(*questions, loading);
  if (const auto tooltip = info.find("x-airbyte-auth-tooltip")) load_tooltip(*tooltip, loading);
  load_fairlead_info(info, loading);
  info.word("x-airbyte-runtime-mode",
            {"direct_only", "context_store_only", "direct_and_context_store"});
  for (const char* text : {"termsOfService", "x-airbyte-skip-context-store",
                           "x-airbyte-replication-version", "x-airbyte-replication-compatibility"})
    info.text(text);
  for (const char* list : {"x-airbyte-skip-suggested-streams", "x-airbyte-skip-auth-methods"})
    info.texts(list);
  info.map("contact");
  info.map("license");
  info.allow({"x-airbyte-qualification", "x-airbyte-platform-availability",
              "x-airbyte-config-normalization", "x-airbyte-direct-form"});
  info.finish(Others::extensions);
  for (const YamlMember& member : info.members())
    if (member.key.starts_with("x-") && member.key != "x-airbyte-context-store" &&
        member.key != "x-airbyte-replication-config")
      definition.info_extensions.emplace(member.key, to_json(*member.value));
}

void load_servers(const Place& list, Loading& loading) {
  const std::size_t count = list.node->if_list()->size();
  for (std::size_t i = 0; i < count; ++i) load_server(list.element(i), i == 0, loading);
}

}  // namespace fairlead::connector
