// Findings of the author's commands, as people, editors and other programs read them.
#pragma once

#include "base/json.hpp"
#include "connector/finding.hpp"

#include <string>
#include <vector>

namespace fairlead::server {

enum class FindingForm {
  text,    ///< file:line:column: error: path: message; advice [code]
  json,    ///< one object for all files
  github,  ///< ::error file=...,line=...::message
};

/// One line, with its line break.
std::string to_line(const std::string& file, const connector::Finding& finding, FindingForm form);
json::object to_json(const connector::Finding& finding);

}  // namespace fairlead::server
