// JSON values as Python prints and compares them. The format was defined by a Python program, so
// its messages, expressions, enums and conditions follow str(), repr(), == and bool().
#pragma once

#include "base/json.hpp"

#include <string>

namespace fairlead::connector {

/// repr() of a float: the shortest digits that read back, 1.0, 1e+16, 1e-05, nan.
std::string python_float(double number);

/// repr(): 'text', 1, True, None, ['a', 1].
std::string shown(const json::value& value);
/// str(): as `shown`, but a string stands without quotes.
std::string message_text(const json::value& value);

/// ==: numbers and booleans by value (1 == 1.0 == true), containers by their contents.
bool same_value(const json::value& a, const json::value& b);
/// bool(): false, null, 0, "", [] and {} are not.
bool is_truthy(const json::value& value);

}  // namespace fairlead::connector
