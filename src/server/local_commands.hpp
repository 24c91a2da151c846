// The commands that work on this machine: init, keys, doctor, exec-local, connector, sandbox.
#pragma once

#include <CLI/App.hpp>

namespace fairlead::server {

/// Adds them to `app`. Each runs when the arguments have been parsed, and throws Failure or
/// CLI::RuntimeError(exit code).
void add_local_commands(CLI::App& app);

}  // namespace fairlead::server
