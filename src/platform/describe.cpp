#include "platform/describe.hpp"

namespace fairlead::platform {
namespace {

using connector::Operation;

json::object describe_action(const Operation& operation) {
  return {{"action", json::string_view(connector::name_of(operation.action))},
          {"description", description_of(operation)},
          {"effect", json::string_view(name_of(operation.effect))},
          {"params", parameters_schema(operation)}};
}

std::string entity_summary(const connector::Entity& entity) {
  const json::string* summary = find_string(entity.hints, "summary");
  return summary ? std::string(view(*summary)) : std::string();
}

}  // namespace

json::object describe(const connector::Definition& definition, std::string_view only) {
  json::array entities;
  for (const auto& entity : definition.entities) {
    if (!only.empty() && entity.name != only) continue;
    json::array actions;
    for (const Operation* operation : entity.operations)
      actions.push_back(describe_action(*operation));
    entities.push_back(json::object{{"name", entity.name},
                                    {"description", entity_summary(entity)},
                                    {"actions", std::move(actions)}});
  }
  return {{"connector", definition.name},
          {"name", definition.display_name.empty() ? definition.title : definition.display_name},
          {"description", definition.description},
          {"version", definition.version},
          {"entities", std::move(entities)}};
}

}  // namespace fairlead::platform
