// An operation as a tool for a model: its name, its description, and the JSON Schema of its
// parameters.
#pragma once

#include "base/json.hpp"
#include "connector/definition.hpp"

#include <string>
#include <string_view>

namespace fairlead::connector {

/// {type: object, properties, required, additionalProperties}
json::object parameters_schema(const Operation& operation);
/// The operation's own description, else its summary.
std::string description_of(const Operation& operation);
std::string_view name_of(Effect effect);

/// `<connector>_<entity>_<action>`, as it is given to models.
std::string tool_name(const Definition& definition, const Operation& operation);
/// {name, description, input_schema}: parameters_schema without the x-* members, which are for the
/// engine.
json::object tool_of(const Definition& definition, const Operation& operation);

}  // namespace fairlead::connector
