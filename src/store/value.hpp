// What both drivers ask of a value before they store it, so that both store the same things.
#pragma once

#include "store/database.hpp"

#include <span>

namespace fairlead::store {

/// Throws Failure(invalid_input) for text with a NUL (PostgreSQL has none) or that is not UTF-8,
/// and for a double that is not a number (SQLite makes it NULL).
void check_values(std::span<const Value> values);

}  // namespace fairlead::store
