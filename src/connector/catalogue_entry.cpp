#include "connector/catalogue_entry.hpp"

#include "connector/ascii.hpp"
#include "connector/yaml_reader.hpp"

#include <algorithm>
#include <array>

namespace fairlead::connector {
namespace {

constexpr std::string_view name_key = "x-airbyte-connector-name";
constexpr std::string_view display_name_key = "x-airbyte-connector-display-name";
constexpr std::string_view id_key = "x-airbyte-connector-definition-id";
constexpr std::array keys = {std::string_view("title"),
                             std::string_view("version"),
                             std::string_view("description"),
                             name_key,
                             display_name_key,
                             id_key};

std::string_view take_line(std::string_view& text) {
  const std::size_t end = std::min(text.find('\n'), text.size());
  const std::string_view line = text.substr(0, end);
  text.remove_prefix(std::min(end + 1, text.size()));
  return line;
}

bool is_blank_or_comment(std::string_view line) {
  const std::size_t first = line.find_first_not_of(" \r");
  return first == std::string_view::npos || line[first] == '#';
}

/// The members of the block mapping `info:` that are wanted, as they are written. Empty when the
/// text is laid out in another way.
std::string wanted_lines(std::string_view text) {
  while (!text.empty() && !text.starts_with("info:")) take_line(text);
  if (text.empty() || !is_blank_or_comment(take_line(text).substr(5))) return "";
  std::string out;
  std::size_t indentation = 0, found = 0;
  bool is_wanted = false;
  while (!text.empty()) {
    const std::string_view line = take_line(text);
    const std::size_t blanks = std::min(line.find_first_not_of(' '), line.size());
    if (!is_blank_or_comment(line)) {
      if (blanks == 0) break;  // the end of info
      if (indentation == 0) indentation = blanks;
      if (blanks == indentation) {
        if (found == keys.size()) break;
        const std::string_view key = line.substr(blanks, line.find(':') - blanks);
        is_wanted = std::find(keys.begin(), keys.end(), key) != keys.end();
        found += is_wanted ? 1 : 0;
      }
    }
    if (is_wanted) out.append(line).append("\n");
  }
  return out;
}

bool fill(CatalogueEntry& entry, const YamlNode& info) {
  const auto text = [&](std::string_view key) {
    const auto* node = info.find(key);
    const auto* found = node ? node->if_text() : nullptr;
    return found ? *found : std::string();
  };
  const std::string title = text("title");
  entry.version = text("version");
  if (title.empty() || entry.version.empty()) return false;
  entry.name = text(name_key);
  if (entry.name.empty()) entry.name = name_from_title(title);
  entry.display_name = text(display_name_key);
  if (entry.display_name.empty()) entry.display_name = entry.name;
  entry.id = text(id_key);
  entry.description = text("description");
  return true;
}

}  // namespace

std::string name_from_title(std::string_view title) {
  std::string name;
  for (const char c : title) name += c == ' ' ? '-' : ascii_lower(c);
  return name;
}

CatalogueEntry read_catalogue_entry(std::string_view slug, std::string_view definition) {
  CatalogueEntry entry;
  entry.slug = slug;
  if (const auto lines = read_yaml(wanted_lines(definition)); lines && fill(entry, *lines->root))
    return entry;
  const auto whole = read_yaml(definition);
  const auto* info = whole ? whole->root->find("info") : nullptr;
  if (!info || !fill(entry, *info)) entry.name = entry.display_name = slug;
  return entry;
}

}  // namespace fairlead::connector
