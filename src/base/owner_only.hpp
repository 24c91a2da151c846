// Files and folders that only their owner may use.
#pragma once

#include "base/error.hpp"

#include <string>
#include <string_view>

namespace fairlead {

/// Forbidden, with the command to run, when others than its owner may use a file or folder of this
/// mode (of stat). `what` begins the message ("the state folder").
Result<Done> check_owner_only(std::string_view what, const std::string& path, unsigned mode);

}  // namespace fairlead
