// What a definition offers, for people, models and tools: its entities and actions, and for each
// the JSON Schema of its parameters.
#pragma once

#include "base/json.hpp"
#include "connector/definition.hpp"

namespace fairlead::platform {

/// {type: object, properties, required, additionalProperties}
json::object parameters_schema(const connector::Operation& operation);
/// {connector, name, description, version, entities: [{name, description, actions: [{action,
/// description, effect, params}]}]}
json::object describe(const connector::Definition& definition);
/// The operation's own description, else its summary.
std::string description_of(const connector::Operation& operation);
std::string_view name_of(connector::Effect effect);

}  // namespace fairlead::platform
