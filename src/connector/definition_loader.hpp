// The parts of the definition loader, one file for each: each reads its corner of the file, notes
// problems, and fills its corner of the Definition.
#pragma once

#include "connector/definition.hpp"
#include "connector/field_reader.hpp"

#include <string>
#include <string_view>
#include <unordered_map>

namespace fairlead::connector {

/// The component schemas, and the references to them.
class SchemaLibrary {
 public:
  void add(std::string_view name, const YamlNode& schema);

  /// The first one in the file that names the entity, or is itself called so but for case; nullptr
  /// when there is none.
  const YamlNode* of_entity(std::string_view entity) const;

  /// What the node's own `$ref` stands for; the node itself when it has none that can be followed.
  const YamlNode& target(const YamlNode& schema) const;
  /// The schema as JSON with the references inside resolved. A reference that cannot be followed
  /// (unknown, circular, deeper than 32, or when all copies together grow too large) stays as
  /// written.
  json::value resolved(const YamlNode& schema);

 private:
  const YamlNode* find(const YamlNode& schema) const;
  json::value copy(const YamlNode& schema, int levels);

  std::vector<const YamlNode*> schemas_;                       ///< in the order of the file
  std::unordered_map<std::string_view, std::size_t> by_name_;  ///< positions in schemas_
  std::unordered_map<std::string, std::size_t> by_lower_name_, by_entity_;
  std::vector<const YamlNode*> open_;  ///< targets being copied
  std::size_t copied_ = 0;
  std::uint64_t copied_bytes_ = 0;
};

/// What operations take over from info, and what has to wait until the whole file is read.
struct FairleadNotes {
  std::string idempotency_header;
  std::vector<std::string> idempotency_methods, download_hosts;
  /// Incremental reads that name no field.
  std::vector<std::pair<const Operation*, DefinitionProblem>> without_field;
};

struct Loading {
  Problems& problems;
  Definition& definition;
  SchemaLibrary schemas = {};
  FairleadNotes fairlead = {};
};

/// load_info.cpp
void load_info(const Place& info, Loading& loading);
void load_servers(const Place& servers, Loading& loading);
/// load_components.cpp: checks schemas and fills loading.schemas.
void load_schemas(const Place& schemas, Loading& loading);
/// load_schemes.cpp; `schemes` may be absent.
void load_schemes(const std::optional<Place>& schemes, Loading& loading);
/// load_operation.cpp: nullptr when it cannot be used.
std::unique_ptr<Operation> load_operation(const Place& place, std::string_view method,
                                          const std::string& label, Loading& loading);
/// load_parameters.cpp
void load_parameters(const Place& parameters, Operation& operation, Loading& loading);
void load_body(const Place& body, Operation& operation, Loading& loading);
/// load_context_store.cpp: what only a server with a Context Store uses; checked and kept.
void load_context_store(const Place& store, Loading& loading);
void load_replication_config(const Place& config, Loading& loading);
void load_relationships(const Place& list, Loading& loading);

/// x-airbyte-ai-hints
json::object load_hints(const Place& hints, Problems& problems);
/// The x-* members of a mapping as written.
json::object extensions_of(const Fields& fields);
/// A template that must be readable.
std::optional<Template> load_template(const Place& place, std::string_view text,
                                      Problems& problems);
/// Notes a problem when a definition may not set this request header.
void check_header_name(const Place& place, std::string_view name, Problems& problems);

}  // namespace fairlead::connector
