// The commands that talk to a server, as one table: flags, help, completions and `schema` all come
// from it.
#pragma once

#include "base/json.hpp"
#include "base/task.hpp"
#include "cli/api_client.hpp"
#include "cli/output.hpp"
#include "cli/settings.hpp"

#include <functional>
#include <iosfwd>
#include <string>
#include <string_view>
#include <vector>

namespace fairlead::cli {

enum class ParameterType { text, file, integer, boolean, list, object };
std::string_view name_of(ParameterType type);

/// `workspace_name` becomes the flag --workspace-name; an object is given as JSON text or @file.
struct Parameter {
  std::string name;
  ParameterType type = ParameterType::text;
  bool required = false;
  std::string help;
};

/// What a command works with.
struct Session {
  Settings& settings;
  ApiClient& api;
  std::ostream& out;  ///< standard output, for files
  bool interactive;   ///< standard input is a terminal: the command may ask
};

/// Answers what is to be printed; null when the command has written its own output. Throws Problem.
using Handler = Task<json::value>(Session&, json::object);

struct Command {
  std::string resource, operation;
  std::string help, example;
  std::vector<Parameter> parameters;
  std::vector<Column> columns;  ///< of the table on a terminal; none: a line a member
  std::function<Handler> run;
  /// "GET /workspaces" below /api/v1: what it asks of the server; empty when it is no call of its
  /// own.
  std::string api = {};
  /// The answer as a person reads it, so many columns wide; in the place of a table.
  std::function<std::string(const json::value&, std::size_t)> as_text = nullptr;
  /// What is JSON on a terminal too, unless a table is asked for.
  bool is_json = false;
};

const std::vector<Command>& commands();

}  // namespace fairlead::cli
