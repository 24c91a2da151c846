// Shell completions, made from the commands themselves.
#pragma once

#include <CLI/App.hpp>

#include <string>

namespace fairlead::cli {

/// `shell` is bash, zsh or fish.
std::string completion_script(const CLI::App& app, const std::string& shell);

}  // namespace fairlead::cli
