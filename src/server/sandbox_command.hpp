// `fairlead sandbox`: serves Harbor, the small third-party service to try everything on.
#pragma once

#include <CLI/App.hpp>

namespace fairlead::server {

void add_sandbox_command(CLI::App& app);

}  // namespace fairlead::server
