// What a definition offers, as data for authors and their tools: entities, actions, parameters.
#pragma once

#include "base/json.hpp"
#include "connector/definition.hpp"

#include <string_view>
#include <vector>

namespace fairlead::connector {

/// The operations of an entity, or the one of them; all when `entity` is empty. Errors are
/// not_found and name the nearest ones.
Result<std::vector<const Operation*>> choose_operations(const Definition& definition,
                                                        std::string_view entity,
                                                        std::string_view action);

/// {name, in, type, required, default?, enum?, description}: declared parameters, then the fields
/// of the body (`in` is body), then what only a GraphQL query takes.
json::array parameters_of(const Operation& operation);

/// {connector, display_name, version, description, server, settings, credentials, entities: [{name,
/// description, actions: [{action, method, path, effect, description, parameters, ...}]}]}, with
/// the given operations only.
json::object offer_of(const Definition& definition,
                      const std::vector<const Operation*>& operations);

/// {entities, operations, parameters, schemes, warnings}: how many there are.
json::object counts_of(const Definition& definition);

}  // namespace fairlead::connector
