// `connectors execute --all`: every page of a list, one record a line.
#pragma once

#include "cli/commands.hpp"

namespace fairlead::cli {

/// Sends `body` to the execute route `path` again and again, each time with the cursor of the page
/// before. Records go to session.out as JSON lines while they come, progress to standard error.
/// Throws Problem, with the page and cursor at which to continue, when it breaks off.
Task<void> execute_all(Session& session, std::string path, json::object body);

}  // namespace fairlead::cli
