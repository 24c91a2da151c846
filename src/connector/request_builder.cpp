#include "connector/request_builder.hpp"

#include "base/encoding.hpp"
#include "connector/python_value.hpp"
#include "connector/request_body.hpp"
#include "connector/wire_text.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cctype>

namespace fairlead::connector {
namespace {

constexpr std::string_view range_param = "range_header";
constexpr std::size_t path_value_bytes = 2048;
constexpr std::size_t url_bytes = 8192;
constexpr std::size_t header_bytes = 64 << 10;
constexpr std::size_t most_comparisons = 20'000'000;  // of a list with an enum

using Check = std::optional<CallError>;

CallError missing(std::string_view where, std::string_view name) {
  return {CallErrorKind::missing_parameter,
          fmt::format("Missing required {}parameter '{}'", where, name), 0, std::string(name)};
}

CallError invalid_parameter(std::string_view name, std::string_view why) {
  return {CallErrorKind::invalid_parameter, fmt::format("Parameter '{}' {}", name, why), 0,
          std::string(name)};
}

CallError not_valid(std::string_view name, std::string message) {
  return {CallErrorKind::validation, std::move(message), 0, std::string(name)};
}

// 6.2 Scoping.

Result<std::optional<json::value>, CallError> scoped_value(const Scoping& scoping,
                                                           const json::object& config,
                                                           Instant now) {
  const json::value* value = config.if_contains(key_of(scoping.config_key));
  if (value == nullptr) return std::optional<json::value>();
  if (const auto* const list = value->if_array()) {
    if (list->size() != 1) return std::optional<json::value>();  // none or several: nobody's guess
    value = &list->front();
  }
  if (!scoping.value) return std::optional<json::value>(*value);
  const json::object names{{"value", *value}, {"config", config}, {"param", key_of(scoping.param)}};
  const auto rendered = scoping.value->render(names, Undefined::is_error, now);
  if (!rendered)
    return CallError{CallErrorKind::executor,
                     fmt::format("The definition's rule for '{}' fails: {}", scoping.param,
                                 rendered.error().message)};
  const auto text = trimmed(*rendered);
  if (text.empty() || text == "None" || text == "none" || text == "null")
    return std::optional<json::value>();
  return std::optional<json::value>(json::value(key_of(text)));
}

Check apply_scoping(const Definition& definition, const json::object& config, Instant now,
                    json::object& params) {
  for (const Scoping& scoping : definition.scoping) {
    if (params.contains(key_of(scoping.param))) continue;
    auto value = scoped_value(scoping, config, now);
    if (!value) return std::move(value).error();
    if (*value) params[scoping.param] = **std::move(value);
  }
  return std::nullopt;
}

// 6.3 Enum and array check, 6.4 required body fields.

bool is_among(const json::array& allowed, const json::value& value) {
  return std::any_of(allowed.begin(), allowed.end(),
                     [&](const json::value& one) { return same_value(one, value); });
}

/// `declared` is a Parameter or a BodyField.
template <class Declared>
Check check_value(const Declared& declared, const json::value& value) {
  const auto refused = [&](const json::value& bad, const json::array& allowed) {
    return not_valid(declared.name,
                     fmt::format("Invalid value {} for parameter '{}'; expected one of: {}",
                                 shown(bad), declared.name, shown(allowed)));
  };
  if (declared.allowed && !is_among(*declared.allowed, value))
    return refused(value, *declared.allowed);
  const auto* const list = value.if_array();
  if (declared.allowed_items && list != nullptr &&
      list->size() > most_comparisons / (declared.allowed_items->size() + 1))
    return not_valid(
        declared.name,
        fmt::format("The list of parameter '{}' is too long to be checked", declared.name));
  if (declared.allowed_items && list != nullptr)
    for (const json::value& element : *list)
      if (!is_among(*declared.allowed_items, element))
        return refused(element, *declared.allowed_items);
  // Null leaves a list out, but is none of the values that a list may hold.
  if (declared.is_array && list == nullptr && (declared.allowed_items || !value.is_null()))
    return not_valid(declared.name,
                     fmt::format("Invalid value {} for parameter '{}'; expected a list",
                                 shown(value), declared.name));
  return std::nullopt;
}

/// What the properties of a body say is checked where they are those of the body itself. The
/// variables of GraphQL have no schema, and the properties of an array's elements are one level
/// down.
bool is_checked(const Body& body) { return body.kind != Body::Kind::graphql && !body.is_array; }

Check check_values(const Operation& operation, const json::object& params) {
  for (const Parameter& parameter : operation.parameters) {
    if (parameter.in != Location::query) continue;
    if (const auto* const value = params.if_contains(key_of(parameter.name)))
      if (auto refused = check_value(parameter, *value)) return refused;
  }
  if (!is_checked(operation.body)) return std::nullopt;
  for (const BodyField& field : operation.body.fields)
    if (const auto* const value = params.if_contains(key_of(field.name)))
      if (auto refused = check_value(field, *value)) return refused;
  return std::nullopt;
}

Check check_required_fields(const Operation& operation, const json::object& params) {
  const bool writes = operation.action == Action::create || operation.action == Action::update;
  if (!writes || !is_checked(operation.body)) return std::nullopt;
  std::vector<std::string> absent;
  for (const std::string& name : operation.body.required)
    if (!params.contains(key_of(name))) absent.push_back(name);
  if (absent.empty()) return std::nullopt;
  return CallError{CallErrorKind::missing_parameter,
                   fmt::format("Missing required field{} '{}'", absent.size() > 1 ? "s" : "",
                               fmt::join(absent, "', '")),
                   0, absent.front()};
}

// 6.5 Path.

Result<std::string, CallError> path_value(std::string_view name, const json::object& params) {
  const json::value* const value = params.if_contains(key_of(name));
  if (value == nullptr) return missing("path ", name);
  const auto text = value->is_null() ? std::nullopt : scalar_text(*value);
  if (value->is_null() || (text && is_blank(*text)))
    return invalid_parameter(name, "must not be empty; it is part of the address");
  if (!text) return invalid_parameter(name, "must be text or a number; it is part of the address");
  if (*text == "." || *text == "..")
    return invalid_parameter(name, "must not be '.' or '..'; it is part of the address");
  if (has_control_characters(*text))
    return invalid_parameter(name, "must not hold control characters");
  if (text->size() > path_value_bytes)
    return invalid_parameter(name,
                             fmt::format("must not be longer than {} bytes", path_value_bytes));
  return percent_encode(*text);
}

/// The file's own text, with what cannot stand in a URL encoded.
std::string literal_path(std::string_view text) {
  const auto stands_in_url = [](char c) {
    return c > 0x20 && c < 0x7f && c != '"' && c != '<' && c != '>' && c != '\\' && c != '^' &&
           c != '`' && c != '{' && c != '|' && c != '}' && c != '#';
  };
  std::string out;
  for (const char& c : text)
    if (stands_in_url(c))
      out += c;
    else
      out += percent_encode(std::string_view(&c, 1));
  return out;
}

bool has_dot_segment(std::string_view path) {
  while (true) {
    const auto slash = path.find('/');
    const auto segment = path.substr(0, slash);
    if (segment == "." || segment == "..") return true;
    if (slash == std::string_view::npos) return false;
    path.remove_prefix(slash + 1);
  }
}

Check build_path(const Operation& operation, const json::object& params, RequestDraft& draft) {
  std::string path;
  for (const PathPiece& piece : operation.path) {
    if (!piece.is_parameter) {
      path += literal_path(piece.text);
      continue;
    }
    auto value = path_value(piece.text, params);
    if (!value) return std::move(value).error();
    path += *value;
  }
  // A definition may write a fixed query into the path.
  if (const auto mark = path.find('?'); mark != std::string::npos) {
    draft.query = path.substr(mark + 1);
    path.resize(mark);
  }
  if (has_dot_segment(path))
    return CallError{CallErrorKind::invalid_parameter,
                     "The parameters make '.' or '..' of a part of the address"};
  draft.path = std::move(path);
  return std::nullopt;
}

// 6.6 Query.

/// The value that the definition takes from the settings; nullptr when there is none.
const json::value* injected(const ConfigInject& inject, const json::object& config) {
  const json::value* const value = config.if_contains(key_of(inject.source));
  if (value == nullptr || !inject.mapping) return value;
  std::string text = message_text(*value);
  auto found = inject.mapping->find(text);
  if (found == inject.mapping->end()) {
    std::transform(text.begin(), text.end(), text.begin(), [](char c) {
      return c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c;
    });
    found = inject.mapping->find(text);
  }
  return found == inject.mapping->end() ? nullptr : &found->second;
}

bool is_empty(const json::value& value) {
  if (const auto* const text = value.if_string()) return is_blank(fairlead::view(*text));
  if (const auto* const array = value.if_array()) return array->empty();
  if (const auto* const object = value.if_object()) return object->empty();
  return value.is_null();
}

/// The default, rendered where it is a template.
Result<json::value, CallError> default_value(const Parameter& parameter, Instant now) {
  const auto* const text = parameter.default_value->if_string();
  if (text == nullptr || fairlead::view(*text).find("{{") == std::string_view::npos)
    return *parameter.default_value;
  const auto parsed = Template::parse(fairlead::view(*text));
  if (!parsed) return missing("", parameter.name);
  auto rendered = parsed->render({}, Undefined::is_error, now);
  if (!rendered) return missing("", parameter.name);
  return json::value(key_of(*rendered));
}

struct QueryValue {
  const Parameter* parameter;
  json::value value;
};

/// What goes into the query: the caller's, in the caller's order; then injected values and defaults
/// in declaration order.
Result<std::vector<QueryValue>, CallError> query_values(const Operation& operation,
                                                        const json::object& params,
                                                        const json::object& config, Instant now) {
  std::map<std::string_view, const Parameter*> declared;
  for (const Parameter& parameter : operation.parameters)
    if (parameter.in == Location::query) declared.emplace(parameter.name, &parameter);
  std::vector<QueryValue> values;
  for (const auto& [name, value] : params)
    if (const auto found = declared.find(view(name)); found != declared.end())
      values.push_back({found->second, value});
  const bool all_defaults = operation.action == Action::download;
  for (const Parameter& parameter : operation.parameters) {
    if (parameter.in != Location::query) continue;
    const json::value* given = params.if_contains(key_of(parameter.name));
    if (given == nullptr && parameter.inject) {
      given = injected(*parameter.inject, config);
      if (given != nullptr) values.push_back({&parameter, *given});
    }
    if (given == nullptr && parameter.default_value && (parameter.required || all_defaults)) {
      auto value = default_value(parameter, now);
      if (!value) return std::move(value).error();
      values.push_back({&parameter, *std::move(value)});
      given = &values.back().value;
    }
    if (!parameter.required) continue;
    if (given == nullptr) return missing("query ", parameter.name);
    if (is_empty(*given)) return invalid_parameter(parameter.name, "must not be empty");
  }
  return values;
}

CallError no_scalar(std::string_view name) {
  return invalid_parameter(name, "must be text, a number or a list of these in this place");
}

Check add_pairs(Pairs& pairs, const std::string& name, const json::value& value) {
  if (const auto* const list = value.if_array()) {
    for (const json::value& element : *list) {
      auto text = scalar_text(element);
      if (!text) return no_scalar(name);
      pairs.emplace_back(name, *std::move(text));
    }
    return std::nullopt;
  }
  auto text = scalar_text(value);
  if (!text) return no_scalar(name);
  pairs.emplace_back(name, *std::move(text));
  return std::nullopt;
}

/// What stands between the elements of a list that is one value; nullptr where the key is repeated.
const char* separator(const Parameter& parameter) {
  switch (parameter.style) {
    case Parameter::Style::form:
      return parameter.explode ? nullptr : ",";
    case Parameter::Style::space_delimited:
      return " ";
    case Parameter::Style::pipe_delimited:
      return "|";
    case Parameter::Style::deep_object:
    case Parameter::Style::other:
      return nullptr;
  }
  return nullptr;
}

Result<std::string, CallError> joined(const Parameter& parameter, const json::array& list,
                                      std::string_view between) {
  std::string out;
  for (std::size_t i = 0; i < list.size(); ++i) {
    const auto text = scalar_text(list[i]);
    if (!text) return no_scalar(parameter.name);
    if (i > 0) out += between;
    out += *text;
  }
  return out;
}

/// Rest.li has no repeated keys; List(a,b) is its form of a list. What an element holds of the
/// structure's own characters is encoded, and stays so.
Check add_rest_li_list(Pairs& pairs, const Parameter& parameter, const json::array& list) {
  std::string text;
  for (const json::value& element : list) {
    const auto one = scalar_text(element);
    if (!one) return no_scalar(parameter.name);
    text += (text.empty() ? "List(" : ",") + percent_encode(*one);
  }
  pairs.emplace_back(parameter.name, text + ")");
  return std::nullopt;
}

Check add_query_value(Pairs& pairs, const QueryValue& item, bool rest_li) {
  const Parameter& parameter = *item.parameter;
  if (parameter.style == Parameter::Style::deep_object)
    if (const auto* const object = item.value.if_object()) {
      for (const auto& [key, member] : *object) {
        if (member.is_null()) continue;
        if (auto refused =
                add_pairs(pairs, fmt::format("{}[{}]", parameter.name, view(key)), member))
          return refused;
      }
      return std::nullopt;
    }
  const auto* const list = item.value.if_array();
  const char* const between = separator(parameter);
  if (list != nullptr && !list->empty() && (between != nullptr || rest_li)) {
    if (between == nullptr) return add_rest_li_list(pairs, parameter, *list);
    auto text = joined(parameter, *list, between);
    if (!text) return std::move(text).error();
    pairs.emplace_back(parameter.name, *std::move(text));
    return std::nullopt;
  }
  return add_pairs(pairs, parameter.name, item.value);
}

std::string encode_but(std::string_view text, std::string_view kept) {
  const auto is_hex = [&](std::size_t at) {
    return at < text.size() && std::isxdigit(static_cast<unsigned char>(text[at])) != 0;
  };
  std::string out;
  for (std::size_t at = 0; at < text.size(); ++at) {
    const char c = text[at];
    // A percent sign stands for itself unless it begins an escape.
    const bool stays =
        kept.find(c) != std::string_view::npos && (c != '%' || (is_hex(at + 1) && is_hex(at + 2)));
    out += stays ? std::string(1, c) : percent_encode(std::string_view(&c, 1));
  }
  return out;
}

/// The query string of LinkedIn's Rest.li 2: structure characters stand as they are.
std::string rest_li_query(const Pairs& pairs) {
  std::string out;
  for (const auto& [name, value] : pairs) {
    const bool structured = value.starts_with('(') || value.starts_with("List(");
    if (!out.empty()) out += '&';
    out += percent_encode(name) + '=' + encode_but(value, structured ? "():,%" : ",");
  }
  return out;
}

Check build_query(const Operation& operation, const json::object& params,
                  const json::object& config, Instant now, RequestDraft& draft) {
  const auto values = query_values(operation, params, config, now);
  if (!values) return values.error();
  const bool rest_li = draft.headers.find("X-Restli-Protocol-Version") != nullptr;
  Pairs pairs;
  for (const QueryValue& item : *values)
    if (auto refused = add_query_value(pairs, item, rest_li)) return refused;
  const std::string built = rest_li ? rest_li_query(pairs) : form_encode(pairs);
  if (!draft.query.empty() && !built.empty()) draft.query += '&';
  draft.query += built;
  return std::nullopt;
}

// 6.7 Headers.

Result<std::string, CallError> header_value(std::string_view name, const json::value& value) {
  auto text = scalar_text(value);
  if (!text) return invalid_parameter(name, "must be text or a number; it is sent as a header");
  if (!is_header_text(*text))
    return invalid_parameter(name, "holds characters that cannot be sent in a header");
  return *std::move(text);
}

Check build_headers(const Operation& operation, const json::object& params, RequestDraft& draft) {
  draft.headers.set("Accept", "*/*");
  std::size_t bytes = 0;
  const bool download = operation.action == Action::download;
  for (const Parameter& parameter : operation.parameters) {
    if (parameter.in != Location::header || (download && parameter.name == range_param)) continue;
    const json::value* value = params.if_contains(key_of(parameter.name));
    if ((value == nullptr || value->is_null()) && parameter.default_value)
      value = &*parameter.default_value;
    if (value == nullptr || value->is_null()) continue;
    auto text = header_value(parameter.name, *value);
    if (!text) return std::move(text).error();
    bytes += parameter.name.size() + text->size();
    if (bytes > header_bytes)
      return invalid_parameter(parameter.name,
                               fmt::format("makes more than {} bytes of headers", header_bytes));
    draft.headers.set(parameter.name, *std::move(text));
  }
  if (!download || operation.file_url) return std::nullopt;
  const json::value* const range = params.if_contains(key_of(range_param));
  if (range == nullptr || range->is_null()) return std::nullopt;
  auto text = header_value(range_param, *range);
  if (!text) return std::move(text).error();
  draft.headers.set("Range", *std::move(text));
  return std::nullopt;
}

Check add_body(const Operation& operation, const json::object& params, RequestDraft& draft) {
  auto body = build_body(operation, params);
  if (!body) return std::move(body).error();
  draft.body = std::move(body->text);
  if (!body->content_type.empty() && draft.headers.find("Content-Type") == nullptr)
    draft.headers.set("Content-Type", std::move(body->content_type));
  return std::nullopt;
}

/// The address, or "" when a value of a token response is still to come.
Result<std::string, CallError> base_url(const Definition& definition, const ConfigValues& config,
                                        const std::map<std::string, std::string>& extracted) {
  auto url = render_base_url(definition, config, extracted);
  if (url || url.error().kind != CallErrorKind::missing_parameter) return url;
  for (const AuthScheme& scheme : definition.schemes)
    for (const std::string& name : scheme.token_extract)
      if (name == url.error().parameter) return std::string();
  return url;
}

bool declares(const Operation& operation, std::string_view name) {
  const auto has_name = [name](const auto& declared) { return declared.name == name; };
  const auto& fields = operation.body.fields;
  if (std::any_of(operation.parameters.begin(), operation.parameters.end(), has_name) ||
      std::any_of(fields.begin(), fields.end(), has_name))
    return true;
  for (const PathPiece& piece : operation.path)
    if (piece.is_parameter && piece.text == name) return true;
  if (operation.body.kind != Body::Kind::graphql) return false;
  const auto names = template_names(operation.body.graphql);
  return std::find(names.begin(), names.end(), name) != names.end();
}

/// "https://api.example.com" + ".evil.example/x" would be another host: a path that does not begin
/// with a slash is held to the host of the address.
Check check_host(const RequestDraft& draft) {
  if (draft.base_url.empty() || draft.path.empty() || draft.path.front() == '/')
    return std::nullopt;
  const auto base = net::Url::parse(draft.base_url), whole = net::Url::parse(draft.url());
  if (base && whole && whole->same_origin(*base)) return std::nullopt;
  return CallError{CallErrorKind::invalid_parameter,
                   "The path of the operation would lead to another host; it must begin with /"};
}

/// Without the parameters that steer our own answer to a download.
void remove_response_parameters(json::object& params) {
  for (auto at = params.begin(); at != params.end();)
    at = view(at->key()).starts_with("_airbyte_response_") ? params.stable_erase(at) : at + 1;
}

}  // namespace

Result<RequestDraft, CallError> build_request(const Definition& definition,
                                              const Operation& operation, json::object params,
                                              const ConfigValues& config,
                                              const std::map<std::string, std::string>& extracted,
                                              Instant now) {
  const json::object settings = effective_config(definition, config, extracted);
  RequestDraft draft;
  draft.method = operation.method;
  if (operation.action == Action::download) remove_response_parameters(params);
  if (auto refused = apply_scoping(definition, settings, now, params)) return *std::move(refused);
  if (auto refused = check_values(operation, params)) return *std::move(refused);
  if (auto refused = check_required_fields(operation, params)) return *std::move(refused);
  if (auto refused = build_path(operation, params, draft)) return *std::move(refused);
  if (auto refused = build_headers(operation, params, draft)) return *std::move(refused);
  if (auto refused = build_query(operation, params, settings, now, draft))
    return *std::move(refused);
  if (auto refused = add_body(operation, params, draft)) return *std::move(refused);
  auto base = base_url(definition, config, extracted);
  if (!base) return std::move(base).error();
  draft.base_url = *std::move(base);
  if (draft.base_url.size() + draft.path.size() + draft.query.size() > url_bytes)
    return CallError{
        CallErrorKind::invalid_parameter,
        fmt::format("The parameters make an address of more than {} bytes", url_bytes)};
  if (auto refused = check_host(draft)) return *std::move(refused);
  return draft;
}

std::vector<std::string> unknown_parameters(const Definition&, const Operation& operation,
                                            const json::object& params) {
  std::vector<std::string> unknown;
  if (operation.body.free_form) return unknown;
  const bool download = operation.action == Action::download;
  for (const auto& member : params) {
    const auto name = view(member.key());
    const bool steers = download && (name == range_param || name.starts_with("_airbyte_response_"));
    if (!steers && !declares(operation, name)) unknown.emplace_back(name);
  }
  return unknown;
}

}  // namespace fairlead::connector
