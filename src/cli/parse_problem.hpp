// What is wrong with a command line that cannot be parsed.
#pragma once

#include "cli/problem.hpp"

#include <CLI/App.hpp>

namespace fairlead::cli {

/// CLI11's complaint as ours: unknown words and flags name their neighbours, and where the help is.
Problem problem_of_parse(const CLI::App& app, const CLI::ParseError& error, int argc, char** argv);

}  // namespace fairlead::cli
