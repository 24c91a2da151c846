// Files that hold secrets and are named on the command line.
#pragma once

#include "base/error.hpp"

#include <string>
#include <string_view>

namespace fairlead {

/// The text of the file at `path`; "-" is standard input. A file that others than its owner may
/// read or write is refused; pipes and terminals are not kept, and taken. `what` names it in
/// errors ("the password file"). Errors: invalid_input (cannot be read), forbidden.
Result<std::string> read_secret_file(const std::string& path, std::string_view what);

}  // namespace fairlead
