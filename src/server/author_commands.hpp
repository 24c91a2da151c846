// The four commands of connector_command.hpp as functions, one file each.
#pragma once

#include "server/findings_output.hpp"

#include <string>
#include <vector>

namespace fairlead::server {

struct ValidateOptions {
  std::vector<std::string> files;
  FindingForm form = FindingForm::text;
};
/// The exit code: 0, or 4 when a file is no valid definition.
int run_validate(const ValidateOptions& options);

struct LintOptions {
  std::vector<std::string> files;
  FindingForm form = FindingForm::text;
  bool strict = false;
  bool online = false;
  std::vector<std::string> egress_exceptions;
};
/// 0, 4 when a file is no valid definition, 1 when `strict` and there are warnings.
int run_lint(const LintOptions& options);

struct ShowOptions {
  std::string file, entity, action;
  enum class Form { automatic, table, brief, json, schema } form = Form::automatic;
};
/// 0; throws Failure for an unknown entity or action.
int run_show(const ShowOptions& options);

struct GoldenOptions {
  std::vector<std::string> files;
  std::string folder;  ///< of the golden files; empty: `golden` beside the definition
  std::string only;    ///< cases whose name contains this
  bool json = false, update = false;
};
/// 0, 1 when a case did not pass or there is none, 4 when a file cannot be read.
int run_golden_files(const GoldenOptions& options);

}  // namespace fairlead::server
