// `fairlead login`: who the command line is from now on.
#pragma once

#include <CLI/App.hpp>

namespace fairlead::cli {

/// Adds `login` and `login show`. Credentials are kept (settings.hpp) only when the server takes
/// them.
void add_login(CLI::App& app);

}  // namespace fairlead::cli
