// The text of a file of this repository.
#pragma once

#include <string>

namespace fairlead::testing {

/// `path` counts from the root of the repository. Throws when there is no such file.
std::string source_text(const std::string& path);

/// The same for any file; empty when there is none.
std::string text_of_file(const std::string& path);

}  // namespace fairlead::testing
