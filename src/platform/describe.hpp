// What a definition offers, for people, models and tools: its entities and actions, and for each
// the JSON Schema of its parameters.
#pragma once

#include "base/json.hpp"
#include "connector/definition.hpp"
#include "connector/tool_schema.hpp"

namespace fairlead::platform {

using connector::description_of;
using connector::name_of;
using connector::parameters_schema;

/// {connector, name, description, version, entities: [{name, description, actions: [{action,
/// description, effect, params}]}]}; of all entities, or of `only` one.
json::object describe(const connector::Definition& definition, std::string_view only = "");

}  // namespace fairlead::platform
