// The definition that a command is about: a file, a folder that holds one, standard
// input, or one that this binary brings along.
#pragma once

#include "base/error.hpp"
#include "connector/catalogue.hpp"

#include <filesystem>
#include <string>

namespace fairlead::server {

struct DefinitionFile {
  std::string label;  ///< as findings name it: the path, or "harbor (built in)"
  std::string text;
  std::filesystem::path folder;  ///< of the file; empty for the others
};

/// `name` is a path, "-", or a slug. Errors are invalid_input and name what is near.
Result<DefinitionFile> open_definition(const std::string& name);

/// A file of at most 16 MiB; errors say why it cannot be read.
Result<std::string> read_text_file(const std::filesystem::path& path);

/// What is wrong with a name that is neither a file nor in the catalogue.
Error unknown_definition(const connector::Catalogue& catalogue, const std::string& name);

}  // namespace fairlead::server
