// Files and JSON that are named on the command line.
#pragma once

#include "base/clear.hpp"
#include "base/error.hpp"
#include "base/json.hpp"

#include <filesystem>
#include <string>
#include <string_view>

namespace fairlead {

/// The bytes of the mark that some editors and shells put before UTF-8; 0 where there is none.
std::size_t byte_order_mark_at(std::string_view text);

/// Where the symbolic links at `path` lead, also to what is not there yet; for who replaces a file
/// in one step and means what the link points to.
std::filesystem::path behind_links(std::filesystem::path path);

/// The text of the file at `path`, without a byte order mark; "-" is standard input. `what` names
/// it in errors ("the password file"). Errors: invalid_input (cannot be read, larger than 64 MiB).
Result<std::string> read_named_file(const std::string& path, std::string_view what);
/// The same for a file of secrets: forbidden when others than its owner may read or write it. Pipes
/// and terminals are not kept, and taken; who types or pastes on the terminal is told how to end,
/// and does not see it there.
Result<Clear> read_secret_file(const std::string& path, std::string_view what);

/// A JSON object given as `text`, or as @file. Errors: invalid_input, naming `flag` ("--params").
Result<json::object> read_named_object(std::string_view text, std::string_view flag);
/// A JSON object in a file of secrets.
Result<json::object> read_secret_object(const std::string& path, std::string_view what);

}  // namespace fairlead
