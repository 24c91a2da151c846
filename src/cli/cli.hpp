// The `fairlead` command line, as far as it talks to a server. server/main.cpp adds the commands
// that work on this machine.
#pragma once

#include "base/error.hpp"

#include <CLI/App.hpp>

#include <functional>

namespace fairlead::cli {

/// Adds login, organizations, workspaces, connectors, skills, tokens, tool-calls, schema,
/// completion and version to `app`. A command runs when `app` has parsed its arguments; it prints
/// its answer, and throws Problem (problem.hpp) when it fails.
void add_commands(CLI::App& app);

/// Parses and runs; prints errors as one JSON object on standard error. Answers the exit code: 0 to
/// 4, or what `special_code` says of a Failure (0: nothing special).
int run(CLI::App& app, int argc, char** argv, const std::function<int(const Error&)>& special_code);

}  // namespace fairlead::cli
