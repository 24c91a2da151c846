// What both drivers ask of a statement before they run it, so that both refuse the same things.
#pragma once

#include "store/database.hpp"

#include <span>
#include <string_view>

namespace fairlead::store {

/// Throws Failure: internal unless the parameters in `sql` are $1 to $n for n arguments;
/// invalid_input for text with a NUL (PostgreSQL has none) or that is not UTF-8, and for a double
/// that is not a number (SQLite would store NULL).
void check_statement(std::string_view sql, std::span<const Value> arguments);
/// The two halves of that: the first holds for every run of a prepared statement.
void check_parameters(std::string_view sql, std::size_t count);
void check_values(std::span<const Value> arguments);

}  // namespace fairlead::store
