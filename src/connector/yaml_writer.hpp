// JSON values as YAML that people like to read; read_yaml gives the same values back.
#pragma once

#include "base/json.hpp"

#include <string>

namespace fairlead::connector {

/// Appends the members of `object`, a line or more each, `indentation` blanks before each. What is
/// short stands on one line.
void append_yaml(std::string& out, const json::object& object, std::size_t indentation);

}  // namespace fairlead::connector
