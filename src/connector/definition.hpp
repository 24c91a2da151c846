// A connector definition, compiled: everything that execute needs, decided once when the file is
// loaded. The YAML is not consulted at run time. Section numbers are those of
// docs/guide/connector-definitions.md.
#pragma once

#include "base/error.hpp"
#include "base/json.hpp"
#include "connector/expression.hpp"
#include "connector/extensions.hpp"
#include "connector/path.hpp"

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace fairlead::connector {

enum class Action { list, get, search, create, update, delete_, download, authorize };
/// "delete", ...; `api_search` is an old word for `search`.
std::optional<Action> parse_action(std::string_view word);
std::string_view name_of(Action action);

/// May a request be sent again (security.md D52)? list, get, search and download are `read`
/// whatever their method.
enum class Effect { read, idempotent, unsafe };

enum class Location { path, query, header };

struct ConfigInject {
  std::string source;  ///< name of a config value
  std::optional<std::map<std::string, json::value>>
      mapping;  ///< value, or its upper-case form, to what is sent
};

/// A declared parameter of an operation.
struct Parameter {
  enum class Style { form, space_delimited, pipe_delimited, deep_object, other };

  std::string name;
  Location in = Location::query;
  bool required = false;
  Style style = Style::form;
  bool explode = true;
  std::string description;
  json::object schema;                       ///< as written
  bool is_array = false;                     ///< its type is exactly "array"
  std::optional<json::array> allowed;        ///< enum
  std::optional<json::array> allowed_items;  ///< items.enum
  std::optional<json::value> default_value;  ///< present and not null
  std::optional<ConfigInject> inject;
  std::optional<json::value> probe_default;
};

/// A top-level property of a request body.
struct BodyField {
  std::string name;
  bool required = false;
  bool is_array = false;
  std::optional<json::array> allowed, allowed_items;
  std::optional<json::value> default_value;
  std::optional<json::value> probe_default;
  json::object schema;  ///< as written, $ref resolved at its top level
};

struct GraphQl {
  std::string query;
  bool has_variables = false;  ///< a non-empty `variables` template is declared
  json::object variables;
  std::optional<std::string> operation_name;
  std::optional<json::value> default_fields;  ///< text or list
  std::vector<std::string> nullable_variables;
};

struct Body {
  enum class Kind { none, json, form, multipart_form, multipart_related, graphql };
  Kind kind = Kind::none;
  std::string content_type;                 ///< of the request, empty for none
  std::vector<BodyField> fields;            ///< schema order
  std::vector<std::string> required;        ///< as the schema lists them, declared or not
  bool is_array = false;                    ///< the object is wrapped in a one-element array
  bool free_form = false;                   ///< any params become the body (6.8)
  std::string file_param = "file_content";  ///< multipart_related
  GraphQl graphql;
};

/// One piece of a path: literal text, or the value of a parameter.
struct PathPiece {
  bool is_parameter = false;
  std::string text;
};

/// The field path of a two-step download: names, indexes, and {param} holes.
struct FileUrl {
  std::string source;
};

/// Other names of an operation and of what it takes (x-fairlead-also-known-as).
struct OtherNames {
  struct Value {
    std::string parameter, other, own;
  };
  std::vector<std::pair<std::string, Action>> operations;       ///< entity and action
  std::vector<std::pair<std::string, std::string>> parameters;  ///< other name, own name
  std::vector<Value> values;  ///< several at once: in alphabetical order, with commas
};

struct Operation {
  std::string entity;
  Action action = Action::get;
  Effect effect = Effect::unsafe;
  std::string method;                 ///< upper case
  std::string label;                  ///< the path as the file writes it
  std::vector<PathPiece> path;        ///< of the request (path override applied)
  std::vector<Parameter> parameters;  ///< declaration order
  Body body;
  std::optional<Path> records;
  bool records_unparsable = false;  ///< an extractor was given and does not parse
  std::optional<Template> filter;
  std::vector<std::pair<std::string, Template>> transform;
  bool has_meta = false;
  std::vector<MetaSource> meta;  ///< declaration order
  std::optional<FileUrl> file_url;
  std::string operation_id, summary, description;
  std::string no_pagination;
  bool preferred_for_check = false;
  bool untested = false;
  OtherNames other_names;
  Paging paging;
  std::optional<Incremental> incremental;
  std::string idempotency_header;           ///< of the service, for a key of ours; empty: none
  std::optional<RateLimit> rate_limit;      ///< of this operation, beside the definition's
  std::vector<std::string> download_hosts;  ///< empty: not limited
  json::object hints;                       ///< x-airbyte-ai-hints
  json::value response_schema;              ///< of the 200, else 201 answer; null when none
  json::object extensions;  ///< every x-* member as written, for tools and later readers
};

/// `${name}` text over the user's credential fields (7.3).
struct CredentialTemplate {
  struct Piece {
    bool is_name = false;
    std::string text;
  };
  std::string source;
  std::vector<Piece> pieces;
  static CredentialTemplate parse(std::string_view text);
};

struct CredentialField {
  std::string name, title, description, type = "string", format;
  bool required = false;
  bool secret = true;
  std::optional<json::value> default_value;
};

struct TokenRefresh {
  enum class ClientAuth { body, basic, none };
  enum class BodyFormat { form, json };
  enum class Grant { refresh_token, jwt_bearer };
  ClientAuth client_auth = ClientAuth::body;
  BodyFormat body_format = BodyFormat::form;
  Grant grant = Grant::refresh_token;
  std::optional<Template>
      url;  ///< refreshUrl of the first declared flow; absent: tokens are not renewed
  std::vector<std::string> scopes;  ///< of the flow
};

struct AuthScheme {
  enum class Kind { bearer, basic, oauth2, api_key };
  enum class KeyPlace { header, query, cookie };
  std::string name;  ///< key in securitySchemes
  Kind kind = Kind::bearer;
  KeyPlace key_place = KeyPlace::header;
  std::string key_name = "Authorization";  ///< of the header, query parameter or cookie
  std::string prefix = "Bearer";           ///< before the token; empty: the bare token
  std::string title, description;
  std::vector<CredentialField> fields;  ///< what the user types
  bool has_required = false;  ///< `required` is present (an empty list makes all optional)
  std::vector<std::string> required;
  std::vector<std::pair<std::string, CredentialTemplate>>
      mapping;  ///< auth parameter <- user fields
  std::vector<std::pair<std::string, Template>> additional_headers;
  TokenRefresh refresh;
  RefreshPolicy refresh_policy;
  std::vector<std::string> token_extract;
  std::string authorization_url, token_url;  ///< templates as written, for the connect flow
  json::object source;                       ///< the scheme as written, for tools
};

struct ServerVariable {
  std::string name, default_value, description;
  std::vector<std::string> allowed;
};

struct Scoping {
  std::string param, config_key;
  std::optional<Template> value;
};

struct ErrorCheck {
  std::string field;
  json::value on_value;
  std::optional<std::string> message_field;
};

struct RetryPolicy {
  enum class Format { seconds, milliseconds, unix_timestamp };
  int max_attempts = 3;
  double initial_delay_seconds = 1.0, max_delay_seconds = 60.0, exponential_base = 2.0;
  bool jitter = true;
  std::vector<int> statuses = {429, 500, 502, 503, 504};
  bool on_timeout = true, on_network_error = true;
  std::string retry_after_header = "Retry-After";
  Format retry_after_format = Format::seconds;
};

struct Relationship {
  std::string source_entity, target_entity, foreign_key, target_key = "id", cardinality,
                                                         description;
  json::object parent_record_filter;
};

struct Entity {
  std::string name;
  std::string stream_name;
  std::vector<const Operation*> operations;  ///< in order of first appearance of the action
  json::object hints;
  json::value schema;                    ///< null when the file has none
  std::vector<std::string> primary_key;  ///< fields, dotted; empty: not known
  std::string update_time;               ///< field, dotted; empty: not known
};

/// Why an operation cannot be found.
struct LookupFailure {
  enum class Reason { entity_not_found, action_not_supported, unknown_action };
  Reason reason;
  std::string message;  ///< names the nearest valid ones
};

/// One compiled definition. Immutable after loading; shared between threads.
class Definition {
 public:
  Definition() = default;
  Definition(const Definition&) = delete;

  // info
  std::string name, display_name, id, version, title, description;
  json::array documentation_urls;
  json::object example_questions;
  json::value auth_tooltip;
  /// Every x-* member of info as written, but for the two that have their own place below.
  json::object info_extensions;

  // server
  std::string server_template;  ///< trailing slashes removed
  std::vector<ServerVariable> variables;

  std::vector<AuthScheme>
      schemes;  ///< never empty: a default bearer scheme where the file has none
  std::vector<Scoping> scoping;
  std::optional<ErrorCheck> error_check;
  RetryPolicy retry;
  std::optional<RateLimit> rate_limit;
  std::optional<Probe> probe;
  std::vector<Relationship> relationships;
  json::object context_store, replication_config;

  std::vector<std::unique_ptr<Operation>> operations;  ///< the reachable ones, in index order
  std::vector<Entity> entities;                        ///< order of first appearance
  std::vector<std::string> warnings;  ///< found at load: shadowed operations, unparsable paths, ...

  Result<const Operation*, LookupFailure> find(std::string_view entity,
                                               std::string_view action) const;
  const Entity* find_entity(std::string_view entity) const;
  /// The scheme of that name; nullptr when there is none.
  const AuthScheme* find_scheme(std::string_view name) const;
  /// Names of config values that the file asks for: server variables, scoping keys, inject sources.
  std::vector<std::string> config_names() const;

 private:
  friend class DefinitionLoader;
  std::map<std::string, std::map<std::string, const Operation*, std::less<>>, std::less<>> index_;
};

/// A problem in a definition file.
struct DefinitionProblem {
  int line = 0;         ///< 1-based; 0 when unknown
  std::string path;     ///< "paths./issues.get.x-airbyte-action"
  std::string message;  ///< what was expected
  int column = 0;       ///< 1-based, in characters; 0 when unknown
};

/// What loading came to: the definition, or the problems why there is none; and what is merely odd.
struct LoadReport {
  std::shared_ptr<const Definition> definition;  ///< nullptr when there are problems
  std::vector<DefinitionProblem> problems, warnings;
};

/// As load_definition, for whoever shows all that was found.
LoadReport examine_definition(std::string_view text);

/// Reads and compiles a definition (YAML; JSON is YAML too). Limits: 2 MiB, depth 64, 50,000 nodes
/// after alias expansion. A refusal names line, path and what was expected; its message holds the
/// first problem, its fields all of them.
Result<std::shared_ptr<const Definition>> load_definition(
    std::string_view text, std::string_view file_name = "definition");

}  // namespace fairlead::connector
