// What a name that people give may hold.
#pragma once

#include "base/error.hpp"

#include <string_view>

namespace fairlead::access {

/// 1 to 255 characters of valid UTF-8, none of them a control character, not all blanks. `field`
/// is named in the error.
Result<Done> check_name(const char* field, std::string_view text);

/// local@domain, at most 254 bytes, without blanks and control characters.
Result<Done> check_email(const char* field, std::string_view text);

}  // namespace fairlead::access
