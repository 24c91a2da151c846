// `fairlead connector validate|lint|show|test`: the tools of whoever writes a definition. They need
// no server and, but for `lint --online`, no network.
#pragma once

#include <CLI/App.hpp>

namespace fairlead::server {

/// Adds them to `app`. Each runs when the arguments have been parsed, and throws Failure or
/// CLI::RuntimeError(exit code): 4 when a file is no valid definition, 1 when `lint --strict` or
/// `test` found something.
void add_connector_command(CLI::App& app);

}  // namespace fairlead::server
