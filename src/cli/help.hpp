// How --help looks: as wide as the terminal, with what an option takes, its default and its
// variable in words.
#pragma once

#include <CLI/App.hpp>

namespace fairlead::cli {

/// For `app` and the commands that are added to it from now on.
void use_own_help(CLI::App& app);

/// Puts the command under this heading in the help of the command above it.
inline constexpr const char* servers_group = "Run a server";
inline constexpr const char* clients_group = "Work with a server";
inline constexpr const char* local_group = "Work without a server";
inline constexpr const char* other_group = "Further commands";

}  // namespace fairlead::cli
