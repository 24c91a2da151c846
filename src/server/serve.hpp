// `fairlead serve`: the hosted mode. Reads the configuration, builds every part, hands each what it
// needs.
#pragma once

#include <CLI/App.hpp>

namespace fairlead::server {

void add_serve_command(CLI::App& app);

}  // namespace fairlead::server
