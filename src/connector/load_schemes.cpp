#include "base/suggestion.hpp"
#include "connector/ascii.hpp"
#include "connector/load_fairlead.hpp"

#include <algorithm>
#include <set>

namespace fairlead::connector {
namespace {

using Kind = AuthScheme::Kind;

/// What the authorizer knows how to use, by kind of scheme.
std::vector<std::string> auth_parameters(Kind kind) {
  switch (kind) {
    case Kind::bearer:
      return {"token"};
    case Kind::basic:
      return {"username", "password"};
    case Kind::api_key:
      return {"api_key"};
    default:
      return {"access_token", "refresh_token", "client_id", "client_secret", "credentials_json"};
  }
}

/// Without an auth-config the auth parameters are asked for by their own names.
void generate_config(AuthScheme& scheme) {
  const bool all_optional = scheme.kind == Kind::oauth2;
  scheme.has_required = true;
  for (const std::string& name : auth_parameters(scheme.kind)) {
    scheme.fields.push_back({.name = name, .required = !all_optional});
    scheme.mapping.emplace_back(name, CredentialTemplate::parse("${" + name + "}"));
    if (!all_optional) scheme.required.push_back(name);
  }
}

class SchemeLoader {
 public:
  SchemeLoader(Loading& loading, bool is_only) : loading_(loading), is_only_(is_only) {}

  /// nullopt: left out with a warning, or refused.
  std::optional<AuthScheme> load(const Place& place) {
    scheme_.name = place.key;
    Fields fields(place, loading_.problems);
    if (!fields.is_map() || !load_kind(fields)) return std::nullopt;
    scheme_.description = fields.text("description").value_or("");
    fields.flag("x-airbyte-untested");
    for (const char* list : {"x-airbyte-oauth-scopes"}) fields.list(list);
    fields.map("x-airbyte-oauth-credentials");
    if (const auto refresh = fields.find("x-airbyte-token-refresh")) load_refresh(*refresh);
    if (const auto extract = fields.list("x-airbyte-token-extract")) load_extract(*extract);
    load_fairlead_scheme(fields, scheme_, loading_);
    if (const auto config = fields.find("x-airbyte-auth-config"))
      load_config(*config);
    else
      generate_config(scheme_);
    if (const auto names = fields.find("x-fairlead-also-known-as")) check_other_names(*names);
    if (scheme_.refresh.grant == TokenRefresh::Grant::jwt_bearer && scheme_.refresh.scopes.empty())
      loading_.problems.add(place, "the grant jwt_bearer needs at least one scope in the flow");
    fields.finish(Others::accepted);
    scheme_.source = to_json(*place.node).as_object();
    if (is_left_out_) return std::nullopt;
    return std::move(scheme_);
  }

 private:
  bool load_kind(Fields& fields) {
    fields.require("type");
    const auto type = fields.word("type", {"http", "oauth2", "apiKey"});
    if (!type) return false;
    if (*type == "http") return load_http(fields);
    if (*type == "oauth2") {
      scheme_.kind = Kind::oauth2;
      if (const auto flows = fields.require("flows")) load_flows(*flows);
      return true;
    }
    return load_api_key(fields);
  }
  bool load_http(Fields& fields) {
    const auto place = fields.require("scheme");
    if (!place) return false;
    const std::string word = text_at(*place, loading_.problems);
    if (!check_word(*place, ascii_lower(word), {"bearer", "basic"}, loading_.problems))
      return false;
    scheme_.kind = ascii_lower(word) == "basic" ? Kind::basic : Kind::bearer;
    if (scheme_.kind == Kind::basic) scheme_.prefix = "Basic";
    return true;
  }
  bool load_api_key(Fields& fields) {
    scheme_.kind = Kind::api_key;
    scheme_.prefix.clear();
    const auto name = fields.require("name");
    fields.require("in");
    const auto in = fields.word("in", {"header", "query", "cookie"});
    if (!name || !in) return false;
    scheme_.key_name = text_at(*name, loading_.problems);
    using Place = AuthScheme::KeyPlace;
    scheme_.key_place = *in == "query"    ? Place::query
                        : *in == "cookie" ? Place::cookie
                                          : Place::header;
    if (scheme_.key_place == Place::header)
      check_header_name(*name, scheme_.key_name, loading_.problems);
    return true;
  }

  void load_flows(const Place& place) {
    Fields flows(place, loading_.problems);
    bool is_first = true;
    for (const char* name : {"authorizationCode", "clientCredentials", "password", "implicit"})
      if (const auto flow = flows.find(name)) load_flow(*flow, std::exchange(is_first, false));
    flows.finish(Others::extensions);
  }
  void load_flow(const Place& place, bool is_used) {
    Fields flow(place, loading_.problems);
    std::string authorization_url = flow.text("authorizationUrl").value_or("");
    std::string token_url = flow.text("tokenUrl").value_or("");
    const auto refresh_url = flow.text("refreshUrl");
    std::vector<std::string> scopes;
    if (const auto map = flow.map("scopes"))
      for (const YamlMember& scope : *map->node->if_map()) scopes.push_back(scope.key);
    flow.finish(Others::extensions);
    if (!is_used) return;
    scheme_.authorization_url = std::move(authorization_url);
    scheme_.token_url = std::move(token_url);
    scheme_.refresh.scopes = std::move(scopes);
    if (refresh_url)
      scheme_.refresh.url =
          load_template(*flow.find("refreshUrl"), *refresh_url, loading_.problems);
  }

  void load_refresh(const Place& place) {
    Fields refresh(place, loading_.problems);
    TokenRefresh& out = scheme_.refresh;
    if (const auto style = refresh.word("auth_style", {"basic", "body", "none"}))
      out.client_auth = *style == "basic"  ? TokenRefresh::ClientAuth::basic
                        : *style == "none" ? TokenRefresh::ClientAuth::none
                                           : TokenRefresh::ClientAuth::body;
    if (const auto format = refresh.word("body_format", {"form", "json"}))
      out.body_format =
          *format == "json" ? TokenRefresh::BodyFormat::json : TokenRefresh::BodyFormat::form;
    if (const auto grant = refresh.word("grant_type", {"refresh_token", "jwt_bearer"}))
      out.grant = *grant == "jwt_bearer" ? TokenRefresh::Grant::jwt_bearer
                                         : TokenRefresh::Grant::refresh_token;
    if (auto header = refresh.text("header")) {
      check_header_name(*refresh.find("header"), *header, loading_.problems);
      scheme_.key_name = *header;
    }
    if (auto prefix = refresh.text("prefix")) scheme_.prefix = *prefix;
    refresh.finish(Others::refused);
  }

  void load_extract(const Place& list) {
    std::set<std::string> variables, seen;
    for (const ServerVariable& variable : loading_.definition.variables)
      variables.insert(variable.name);
    for (std::size_t i = 0; i < list.node->if_list()->size(); ++i) {
      const Place place = list.element(i);
      const std::string name = text_at(place, loading_.problems);
      if (!seen.insert(name).second)
        loading_.problems.add(place, "'" + name + "' stands twice");
      else if (!variables.contains(name))
        loading_.problems.add(place, "'" + name + "' is not a variable of the server");
      scheme_.token_extract.push_back(name);
    }
  }

  void load_config(const Place& place) {
    const std::size_t before = loading_.problems.list().size();
    Fields config(place, loading_.problems);
    scheme_.title = config.text("title").value_or("");
    if (auto text = config.text("description")) scheme_.description = *text;
    config.require("type");
    config.word("type", {"object"});
    if (auto required = config.texts("required")) {
      scheme_.has_required = true;
      scheme_.required = std::move(*required);
    }
    const auto properties = config.require("properties");
    const auto mapping = config.require("auth_mapping");
    if (properties) load_fields(*properties);
    if (mapping) load_mapping(*mapping);
    if (const auto headers = config.find("additional_headers")) load_headers(*headers);
    if (const auto keys = config.find("replication_auth_key_mapping")) check_replication(*keys);
    config.map("replication_auth_key_constants");
    config.finish(Others::extensions);
    if (loading_.problems.list().size() == before) check_use(*properties);
    for (const std::string& name : scheme_.required)
      if (!field_names_.contains(name))
        loading_.problems.warn(place, "'" + name + "' is required but not among the properties");
  }
  /// Read again by `take_other_names`, from `source`.
  void check_other_names(const Place& place) {
    Fields names(place, loading_.problems);
    const auto has_field = [this](const std::string& name) {
      return std::any_of(scheme_.fields.begin(), scheme_.fields.end(),
                         [&](const CredentialField& field) { return field.name == name; });
    };
    if (const auto map = names.require("fields"))
      for (const auto& [other, own] : texts_by_name(*map, loading_.problems)) {
        if (has_field(other)) loading_.problems.add(*map, "'" + other + "' is a field of its own");
        if (!has_field(own))
          loading_.problems.add(*map, "'" + own + "' is no field of this scheme");
      }
    names.finish(Others::refused);
  }
  void load_fields(const Place& place) {
    const Fields properties(place, loading_.problems);
    const std::set<std::string> required(scheme_.required.begin(), scheme_.required.end());
    for (const YamlMember& member : properties.members()) {
      Fields one(properties.place().member(member), loading_.problems);
      CredentialField field;
      field.name = member.key;
      field.title = one.text("title").value_or("");
      field.description = one.text("description").value_or("");
      field.type = one.word("type", {"string", "integer", "boolean", "number"}).value_or("string");
      field.format = one.text("format").value_or("");
      field.required = required.contains(field.name);
      field.secret = one.flag("airbyte_secret").value_or(true);
      if (const auto value = one.find("default")) field.default_value = to_json(*value->node);
      one.allow({"pattern", "enum", "example", "examples"});
      one.finish(Others::extensions);
      field_names_.insert(field.name);
      scheme_.fields.push_back(std::move(field));
    }
  }
  void load_mapping(const Place& place) {
    const std::vector<std::string> known = auth_parameters(scheme_.kind);
    for (auto& [name, text] : texts_by_name(place, loading_.problems)) {
      if (std::find(known.begin(), known.end(), name) == known.end()) {
        std::string problem = "'" + name + "' is no auth parameter of this kind of scheme (";
        for (const std::string& one : known) problem += (&one == &known[0] ? "" : ", ") + one;
        problem += ")" + did_you_mean(name, known);
        is_left_out_ = !is_only_;
        if (is_only_)
          loading_.problems.add(place, problem);
        else
          loading_.problems.warn(place, "the scheme is left out: " + problem);
      }
      scheme_.mapping.emplace_back(name, CredentialTemplate::parse(text));
    }
  }
  void load_headers(const Place& place) {
    const Fields headers(place, loading_.problems);
    for (const YamlMember& member : headers.members()) {
      const Place one = headers.place().member(member);
      check_header_name(one, member.key, loading_.problems);
      const std::string text = text_at(one, loading_.problems);
      if (auto parsed = load_template(one, text, loading_.problems))
        scheme_.additional_headers.emplace_back(member.key, std::move(*parsed));
    }
  }
  void check_replication(const Place& place) {
    for (const auto& [target, name] : texts_by_name(place, loading_.problems))
      if (!field_names_.contains(name))
        loading_.problems.add(place, "the target " + target + " takes '" + name +
                                         "', which is not among the properties");
  }
  void check_use(const Place& place) {
    std::set<std::string> used;
    for (const auto& [parameter, text] : scheme_.mapping)
      for (const auto& piece : text.pieces)
        if (piece.is_name) used.insert(piece.text);
    for (const auto& [header, text] : scheme_.additional_headers)
      for (const std::string& name : text.names()) used.insert(name);
    for (const CredentialField& field : scheme_.fields)
      if (!used.contains(field.name))
        loading_.problems.add(place, "the property '" + field.name +
                                         "' is used neither in auth_mapping nor in "
                                         "additional_headers");
  }

  Loading& loading_;
  const bool is_only_;
  bool is_left_out_ = false;
  AuthScheme scheme_;
  std::set<std::string> field_names_;
};

}  // namespace

void load_schemes(const std::optional<Place>& place, Loading& loading) {
  auto& schemes = loading.definition.schemes;
  if (place) {
    const Fields fields(*place, loading.problems);
    const bool is_only = fields.members().size() == 1;
    for (const YamlMember& member : fields.members())
      if (auto scheme = SchemeLoader(loading, is_only).load(fields.place().member(member)))
        schemes.push_back(std::move(*scheme));
    if (!fields.members().empty()) {
      if (schemes.empty() && loading.problems.list().empty())
        loading.problems.add(*place, "none of the schemes can be used");
      return;
    }
  }
  AuthScheme bearer;
  bearer.name = "bearer";
  generate_config(bearer);
  schemes.push_back(std::move(bearer));
}

}  // namespace fairlead::connector
