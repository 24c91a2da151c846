// The commands about organizations, workspaces, tokens and the log of calls.
#pragma once

#include "cli/commands.hpp"

namespace fairlead::cli {

Handler list_organizations, use_organization;
Handler list_workspaces, create_workspace, use_workspace;
Handler application_token, scoped_token;
Handler list_tool_calls;

/// The active workspace of that name, in any case. Throws Problem when there is none.
Task<json::value> find_workspace(Session& session, std::string name);

}  // namespace fairlead::cli
