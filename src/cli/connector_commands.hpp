// The commands about connectors.
#pragma once

#include "cli/commands.hpp"

namespace fairlead::cli {

Handler list_available;
Handler create_connector, list_connectors, describe_connector, inspect_connector;
Handler execute, update_connector, check_connector, delete_connector;

/// The records of an answer of `execute` as a table, with the way to the next page.
std::string records_of(const json::value& answer, std::size_t width);

}  // namespace fairlead::cli
