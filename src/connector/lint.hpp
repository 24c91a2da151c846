// What would better be otherwise in a definition that loads: what models, their vendors and the
// next author stumble over. Each finding has a code; docs/guide/writing-connectors.md lists them.
#pragma once

#include "connector/finding.hpp"

#include <string>
#include <string_view>
#include <vector>

namespace fairlead::connector {

/// All findings for the text of a definition, its load warnings among them, in the order of the
/// file. A comment `# lint: allow CODE` on the line of a finding or on the one above, or
/// `# lint: allow-file CODE` anywhere, takes it away. `report` is what examine_definition(text)
/// gave; problems in it are all that is answered when there is no definition.
std::vector<Finding> lint(std::string_view text, const LoadReport& report);

/// Secrets in a text beside the definition, such as a golden file.
std::vector<Finding> lint_for_secrets(std::string_view text);

/// The hosts that the definition names without holes or with their defaults filled in, as origins
/// ("https://api.example.com"), for whoever wants to know whether they answer.
struct NamedHost {
  std::string origin;
  int line = 0, column = 0;
  std::string path;  ///< "servers[0].url"
};
std::vector<NamedHost> hosts_of(std::string_view text, const Definition& definition);

}  // namespace fairlead::connector
