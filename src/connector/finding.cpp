#include "connector/finding.hpp"

#include <algorithm>
#include <utility>

namespace fairlead::connector {
namespace {

/// What to write where a required member is missing, by its name.
constexpr std::pair<std::string_view, std::string_view> missing[] = {
    {"openapi", "begin the file with `openapi: 3.1.0`"},
    {"info", "add `info` with title, version, and the members of the guide's section 2"},
    {"paths", "add `paths` with at least one operation"},
    {"title", "add the service's name, such as `title: Acme Tickets`"},
    {"version", "add the definition's own version in quotes, such as `version: \"1.0.0\"`"},
    {"x-airbyte-connector-definition-id",
     "add a new UUID, such as `uuidgen` prints; it stays the same for ever"},
    {"x-airbyte-external-documentation-urls",
     "add a list of {url, type, title}; `[]` when there are none"},
    {"x-airbyte-entity", "add the noun that agents say, such as `x-airbyte-entity: tickets`"},
    {"x-airbyte-action",
     "add one of list, get, search, create, update, delete, download as `x-airbyte-action`"},
    {"in", "add `in: path`, `in: query` or `in: header`"},
    {"name", "add the name as the service knows it"},
    {"type", "add the `type`"},
    {"url", "add the `url`"},
    {"query", "add the text of the GraphQL query"},
    {"description", "add a sentence, such as `description: The tickets.`"},
    {"default", "add a `default`; an empty text when the user has to give it"},
    {"auth_mapping",
     "say what becomes of the fields, such as `auth_mapping: {token: \"${api_token}\"}`"},
    {"properties", "say what the user types, such as `properties: {api_token: {type: string}}`"},
    {"flows", "add `flows` with authorizationCode and its refreshUrl"},
    {"scheme", "add `scheme: bearer` or `scheme: basic`"},
};

std::string_view last_name(std::string_view path) {
  // A name may hold dots itself, but none of those above does.
  return path.substr(path.rfind('.') + 1);
}

std::string advice_for(const DefinitionProblem& problem) {
  const std::string& message = problem.message;
  if (message == "is missing")
    for (const auto& [name, advice] : missing)
      if (last_name(problem.path) == name) return std::string(advice);
  if (message == "is missing") return "add it";
  if (message.find("did you mean") != std::string::npos) return "";
  if (message.starts_with("is not known here"))
    return "remove it; only names that begin with x- are free, and not everywhere";
  if (message.starts_with("not readable text"))
    return "save the file as UTF-8 text; a definition is YAML or JSON";
  if (message.find("bytes; at most") != std::string::npos)
    return "shorten it, for example by referring to shared schemas with $ref";
  if (message.find("the text is empty") != std::string::npos)
    return "see the guide writing-connectors.md for a first definition";
  if (message.find("stands twice") != std::string::npos) return "remove or rename one of the two";
  if (message.starts_with("a reference cannot stand here"))
    return "write out what it refers to; only schemas may be references";
  return "";
}

Finding finding_of(const DefinitionProblem& problem, Finding::Severity severity) {
  return {.severity = severity,
          .code = severity == Finding::Severity::error ? "invalid-definition" : "loader",
          .line = problem.line,
          .column = problem.column,
          .path = problem.path,
          .message = problem.message,
          .advice = advice_for(problem)};
}

}  // namespace

std::string_view name_of(Finding::Severity severity) {
  return severity == Finding::Severity::error ? "error" : "warning";
}

void sort_by_line(std::vector<Finding>& findings) {
  std::stable_sort(findings.begin(), findings.end(), [](const Finding& a, const Finding& b) {
    return std::pair(a.line, a.column) < std::pair(b.line, b.column);
  });
}

std::vector<Finding> findings_of(const LoadReport& report) {
  std::vector<Finding> out;
  for (const DefinitionProblem& problem : report.problems)
    out.push_back(finding_of(problem, Finding::Severity::error));
  for (const DefinitionProblem& warning : report.warnings)
    out.push_back(finding_of(warning, Finding::Severity::warning));
  sort_by_line(out);
  return out;
}

}  // namespace fairlead::connector
