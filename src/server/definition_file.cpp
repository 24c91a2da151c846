#include "server/definition_file.hpp"

#include "base/suggestion.hpp"

#include <fmt/format.h>

#include <fstream>
#include <iostream>
#include <sstream>

namespace fairlead::server {
namespace {

constexpr std::uintmax_t most_bytes = 16u << 20;

Result<DefinitionFile> from_catalogue(const std::string& name) {
  const connector::Catalogue catalogue;
  if (const auto* entry = catalogue.find(name))
    return DefinitionFile{
        entry->slug + " (built in)", std::string(catalogue.source(entry->slug)), {}};
  return unknown_definition(catalogue, name);
}

}  // namespace

Error unknown_definition(const connector::Catalogue& catalogue, const std::string& name) {
  std::vector<std::string> slugs;
  for (const auto& entry : catalogue.entries()) slugs.push_back(entry.slug);
  return invalid_field(
      "definition", fmt::format("'{}' is neither a file nor a connector of the catalogue{}", name,
                                did_you_mean(name, slugs)));
}

Result<std::string> read_text_file(const std::filesystem::path& path) {
  std::error_code code;
  if (std::filesystem::is_directory(path, code))
    return invalid(fmt::format("'{}' is a directory", path.string()));
  const auto size = std::filesystem::file_size(path, code);
  if (!code && size > most_bytes)
    return invalid(
        fmt::format("'{}' has {} bytes; at most {} are read", path.string(), size, most_bytes));
  std::ifstream file(path, std::ios::binary);
  std::ostringstream text;
  if (file) text << file.rdbuf();
  if (!file && !file.eof()) return invalid(fmt::format("cannot read '{}'", path.string()));
  return text.str();
}

Result<DefinitionFile> open_definition(const std::string& name) {
  if (name == "-") {
    std::ostringstream text;
    text << std::cin.rdbuf();
    return DefinitionFile{"standard input", text.str(), {}};
  }
  std::filesystem::path path = name;
  std::error_code code;
  if (std::filesystem::is_directory(path, code)) {
    if (!std::filesystem::is_regular_file(path / "connector.yaml", code))
      return invalid_field("definition",
                           fmt::format("the directory '{}' holds no connector.yaml", name));
    path /= "connector.yaml";
  } else if (!std::filesystem::exists(path, code)) {
    return from_catalogue(name);
  }
  auto text = read_text_file(path);
  if (!text) return std::move(text).error();
  const std::filesystem::path folder = path.parent_path();
  return DefinitionFile{path.string(), *std::move(text), folder.empty() ? "." : folder};
}

}  // namespace fairlead::server
