// Golden files of a definition: a call, the exact requests that it has to send, what the service
// answers, and what the caller gets. They run in this process, without sockets, clocks or chance.
// The format is described in docs/guide/writing-connectors.md.
#pragma once

#include "base/clock.hpp"
#include "base/json.hpp"
#include "connector/definition.hpp"
#include "net/http_client.hpp"

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace fairlead::connector {

/// What the service does with one request.
struct GoldenAnswer {
  std::optional<net::SendFailure::Reason> failure;  ///< no answer at all, for this reason
  int status = 200;
  net::Headers headers;
  std::string body;
  json::object written;  ///< as the file has it
};

struct GoldenExchange {
  json::object request;  ///< {method, url, headers, json or body}; empty: not written yet
  std::optional<GoldenAnswer> answer;
};

/// Lines of the file, 1-based; `end` is the line after the last.
struct LineRange {
  int begin = 0, end = 0;
};

struct GoldenCase {
  std::string name;
  LineRange lines;
  int indentation = 0;              ///< of its members
  bool is_block = true;             ///< written member by member, so that lines can be replaced
  std::vector<LineRange> expected;  ///< the members that --update writes anew
  std::string entity, action, auth_scheme;
  json::object params, config;
  std::map<std::string, std::string> credentials;  ///< fake ones: they stand in the repository
  std::vector<std::string> select_fields, exclude_fields;
  std::optional<std::string> cursor;  ///< the end_cursor of an earlier page
  Instant now = {};
  std::vector<GoldenExchange> exchanges;
  std::optional<json::array> waits;    ///< before retries; absent: there are none
  std::optional<json::object> result;  ///< {data, meta, paging} or {download}
  std::optional<json::object> error;   ///< {kind, status, message}
};

struct GoldenFile {
  std::vector<GoldenCase> cases;
};

/// YAML or JSON; one case, or many under `cases`. All problems are found at once, with their lines.
Result<GoldenFile, std::vector<DefinitionProblem>> read_golden(std::string_view text);

/// What a case came to. `expected` and `actual` have the same members: requests, waits, and result
/// or error.
struct GoldenVerdict {
  bool passed = false;
  json::object expected, actual;
  bool has_outcome = true;  ///< false: the last request has no answer, so only requests count
};
GoldenVerdict run_golden(const Definition& definition, const GoldenCase& one);

/// Lines with - (expected) and + (what came), and two lines around each change.
std::string difference(const json::object& expected, const json::object& actual);

/// `text` with what came in the place of what was expected, for the cases that did not pass.
/// Comments inside the replaced members are lost; everything else stays as it is. An error names
/// the case that is written in a way that cannot be replaced line by line.
Result<std::string> updated_golden(std::string_view text, const GoldenFile& file,
                                   const std::vector<GoldenVerdict>& verdicts);

}  // namespace fairlead::connector
