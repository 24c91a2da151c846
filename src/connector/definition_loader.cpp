#include "connector/definition_loader.hpp"

#include "connector/load_fairlead.hpp"

#include <fmt/format.h>

namespace fairlead::connector {
namespace {

Error to_error(const std::vector<DefinitionProblem>& problems, std::string_view file_name) {
  Error error = invalid("");
  error.code = "invalid_definition";
  for (const DefinitionProblem& problem : problems) {
    const std::string where =
        std::string(file_name) + (problem.line > 0 ? ":" + std::to_string(problem.line) : "");
    if (error.message.empty())
      error.message =
          where + ": " + (problem.path.empty() ? "" : problem.path + ": ") + problem.message;
    error.fields.push_back({problem.path, where + ": " + problem.message, "invalid_definition"});
  }
  if (problems.size() > 1)
    error.message += fmt::format(" (and {} more problem{})", problems.size() - 1,
                                 problems.size() > 2 ? "s" : "");
  return error;
}

std::string to_line(const DefinitionProblem& warning) {
  if (warning.line == 0) return warning.message;
  return "line " + std::to_string(warning.line) + ", " + warning.path + ": " + warning.message;
}

}  // namespace

class DefinitionLoader {
 public:
  DefinitionLoader(Definition& definition, Problems& problems)
      : loading_{.problems = problems, .definition = definition} {}

  void load(const YamlNode& root) {
    Fields fields(Place::root(root), loading_.problems);
    if (!fields.is_map()) return;
    check_version(fields);
    if (const auto info = fields.require("info")) load_info(*info, loading_);
    if (const auto servers = fields.list("servers")) load_servers(*servers, loading_);
    fields.list("security");  // which scheme applies is decided from the credentials
    if (const auto components = fields.find("components")) load_components(*components);
    if (loading_.definition.schemes.empty()) load_schemes(std::nullopt, loading_);
    if (const auto paths = fields.require("paths")) load_paths(*paths);
    load_entity_metadata();
    check_entity_names();
    finish_fairlead(root, loading_);
    fields.allow({"tags", "externalDocs"});
    fields.finish(Others::refused);
  }

 private:
  void check_version(Fields& fields) {
    const auto version = fields.require("openapi");
    if (!version) return;
    const std::string text = text_at(*version, loading_.problems);
    if (version->node->if_text() && !text.starts_with("3.1."))
      loading_.problems.add(*version,
                            "an OpenAPI version that begins with 3.1. is expected, "
                            "such as 3.1.0, not " +
                                text.substr(0, 40));
  }

  void load_components(const Place& place) {
    Fields components(place, loading_.problems);
    if (const auto schemas = components.map("schemas")) load_schemas(*schemas, loading_);
    load_schemes(components.map("securitySchemes"), loading_);
    components.allow({"parameters", "responses", "requestBodies", "headers", "examples", "links",
                      "callbacks", "pathItems"});
    components.finish(Others::refused);
  }

  void load_paths(const Place& place) {
    const Fields paths(place, loading_.problems);
    if (paths.is_map() && paths.members().empty())
      loading_.problems.add(place, "at least one path is expected");
    for (const YamlMember& member : paths.members()) load_path(paths.place().member(member));
  }
  void load_path(const Place& place) {
    Fields item(place, loading_.problems);
    for (const std::string_view method : {"get", "post", "put", "delete", "patch"})
      if (const auto found = item.find(method))
        if (auto operation = load_operation(*found, method, std::string(place.key), loading_))
          add(*found, std::move(operation));
    for (const std::string_view method : {"head", "options", "trace"})
      if (const auto found = item.find(method))  // checked, but not reachable
        load_operation(*found, method, std::string(place.key), loading_);
    item.allow({"$ref", "summary", "description", "servers", "parameters"});
    item.finish(Others::extensions);
  }

  /// The later one of the same entity and action wins and takes the place of the earlier.
  void add(const Place& place, std::unique_ptr<Operation> operation) {
    auto& operations = loading_.definition.operations;
    const auto [known, is_new] =
        positions_.try_emplace(std::pair(operation->entity, operation->action), operations.size());
    if (is_new) {
      operations.push_back(std::move(operation));
      return;
    }
    auto& earlier = operations[known->second];
    loading_.problems.warn(
        place, fmt::format("{} {} replaces {} {} as the action '{}' of the entity "
                           "'{}', so the earlier one cannot be reached",
                           operation->method, operation->label, earlier->method, earlier->label,
                           name_of(operation->action), operation->entity));
    earlier = std::move(operation);
  }

  void load_entity_metadata() {
    Definition& definition = loading_.definition;
    std::map<std::string_view, std::size_t> positions;
    for (const auto& operation : definition.operations) {
      const auto [known, is_new] =
          positions.try_emplace(operation->entity, definition.entities.size());
      if (is_new) definition.entities.push_back({.name = operation->entity});
      definition.entities[known->second].operations.push_back(operation.get());
      definition.index_[operation->entity].emplace(name_of(operation->action), operation.get());
    }
    for (Entity& entity : definition.entities) load_entity_schema(entity);
    for (const auto& operation : definition.operations)
      for (const auto& [entity, action] : operation->other_names.operations)
        if (!definition.index_[entity].emplace(name_of(action), operation.get()).second)
          loading_.problems.warn(
              {.path = operation->label,
               .message = fmt::format(
                   "{}.{} is the name of an operation; it cannot be another name of {}.{}", entity,
                   name_of(action), operation->entity, name_of(operation->action))});
  }
  void load_entity_schema(Entity& entity) {
    const YamlNode* schema = loading_.schemas.of_entity(entity.name);
    if (!schema) return;
    entity.schema = loading_.schemas.resolved(*schema);
    if (const auto* stream = schema->find("x-airbyte-stream-name"))
      if (const auto* text = stream->if_text()) entity.stream_name = *text;
    if (const auto* hints = schema->find("x-airbyte-ai-hints"); hints && hints->if_map())
      entity.hints = to_json(*hints).as_object();
    apply_fairlead_schema(*schema, entity);
  }
  /// Relationships of unknown entities are accepted: dropped (source), kept (target).
  void check_entity_names() {
    Definition& definition = loading_.definition;
    std::erase_if(definition.relationships, [&](const Relationship& one) {
      const bool known = definition.index_.contains(one.source_entity);
      if (!known || !definition.index_.contains(one.target_entity))
        loading_.problems.warn({.message = "a relationship names the entity '" +
                                           (known ? one.target_entity : one.source_entity) +
                                           "', which has no operation"});
      return !known;
    });
  }

  Loading loading_;
  std::map<std::pair<std::string, Action>, std::size_t> positions_;
};

LoadReport examine_definition(std::string_view text) {
  auto tree = read_yaml(text);
  if (!tree) return {nullptr, std::move(tree).error(), {}};
  auto definition = std::make_shared<Definition>();
  Problems problems;
  DefinitionLoader(*definition, problems).load(*tree->root);
  if (!problems.list().empty()) return {nullptr, problems.list(), problems.warnings()};
  for (const DefinitionProblem& warning : problems.warnings())
    definition->warnings.push_back(to_line(warning));
  return {std::move(definition), {}, problems.warnings()};
}

Result<std::shared_ptr<const Definition>> load_definition(std::string_view text,
                                                          std::string_view file_name) {
  LoadReport report = examine_definition(text);
  if (!report.definition) return to_error(report.problems, file_name);
  return std::move(report.definition);
}

}  // namespace fairlead::connector
