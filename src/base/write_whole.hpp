// Writing to a file descriptor.
#pragma once

#include <string_view>

namespace fairlead {

/// Writes all of it. False when the system takes no more: errno says why.
bool write_whole(int descriptor, std::string_view bytes) noexcept;

}  // namespace fairlead
