// What a command takes from the parameters it was given.
#pragma once

#include "base/json.hpp"
#include "cli/commands.hpp"

#include <string>
#include <string_view>

namespace fairlead::cli {

std::string text_of(const json::object& parameters, const char* name, std::string otherwise = {});
std::int64_t integer_of(const json::object& parameters, const char* name, std::int64_t otherwise);
/// Whether a switch was given, and not as false.
bool is_on(const json::object& parameters, const char* name);
/// Adds the parameter to a query when it was given.
void pass(Query& query, const json::object& parameters, const char* name);
/// The workspace that was given, or else the one in use.
std::string workspace_of(const Session& session, const json::object& parameters);

/// Whether they are the same but for the case of ASCII letters.
bool same_name(std::string_view one, std::string_view other);

}  // namespace fairlead::cli
