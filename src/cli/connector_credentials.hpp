// The credentials of a connector: from a file or standard input, or asked for one by one.
#pragma once

#include "cli/commands.hpp"

namespace fairlead::cli {

/// Credentials never stand on the command line: `source` names a file or standard input ("-").
/// When it is empty, each field of the definition is asked for on the terminal. Throws Problem.
Task<json::object> ask_credentials(Session& session, std::string definition_id, std::string source);

}  // namespace fairlead::cli
