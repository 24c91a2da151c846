// The commands about skills: documents that explain connectors to a model.
#pragma once

#include "cli/commands.hpp"

namespace fairlead::cli {

Handler list_skills, search_skills, read_skill;

}  // namespace fairlead::cli
