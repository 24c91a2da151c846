// What a tool for authors found in a file: a mistake, or something that would better be otherwise.
#pragma once

#include "connector/definition.hpp"

#include <string>
#include <string_view>
#include <vector>

namespace fairlead::connector {

struct Finding {
  enum class Severity { error, warning };
  Severity severity = Severity::warning;
  std::string code;          ///< "missing-description"; stable, so that it can be allowed by name
  int line = 0, column = 0;  ///< 1-based; 0 when unknown
  std::string path;          ///< "paths./issues.get"
  std::string message;       ///< what is wrong
  std::string advice = {};   ///< the way out; may be empty
};
std::string_view name_of(Finding::Severity severity);

/// In the order of the file.
void sort_by_line(std::vector<Finding>& findings);

/// All that loading found. Errors carry the code `invalid-definition`, warnings `loader`; where the
/// way out is not plain from the message, it is in `advice`.
std::vector<Finding> findings_of(const LoadReport& report);

}  // namespace fairlead::connector
