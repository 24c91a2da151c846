// A connector and what it can do, as a person reads it.
#pragma once

#include "base/json.hpp"

#include <string>

namespace fairlead::cli {

/// The answer of `connectors describe`: who the connector is, then a line an action; the actions of
/// one entity in full when it has only one. At most 100 columns wide.
std::string description_of(const json::value& connector, std::size_t width);

/// "Only tickets in this state. Default: open. One of: open, closed." of a parameter's schema.
std::string detail_of_parameter(const json::object& parameter);

}  // namespace fairlead::cli
