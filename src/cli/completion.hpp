// Shell completions, made from the commands themselves.
#pragma once

#include <CLI/App.hpp>

#include <string>

namespace fairlead::cli {

/// `shell` is bash, zsh, fish or powershell. Offered are subcommands, flags, and the values of
/// flags that have a list of them; the shell's own names of files where a value is free.
std::string completion_script(const CLI::App& app, const std::string& shell);

}  // namespace fairlead::cli
