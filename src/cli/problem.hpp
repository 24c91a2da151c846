// What the command line says when something went wrong: one JSON object on standard error (plain
// text where that is a terminal), and an exit code.
#pragma once

#include "base/error.hpp"
#include "base/json.hpp"

#include <optional>
#include <stdexcept>
#include <string>

namespace fairlead::cli {

/// Thrown by commands, caught once by run(). `type` is one of unauthorized, forbidden, not_found,
/// validation_error, rate_limited, server_error, api_error, unknown_command, connection_error,
/// local_error.
struct Problem : std::runtime_error {
  Problem(std::string problem_type, const std::string& message, int status = 0)
      : std::runtime_error(message), type(std::move(problem_type)), status_code(status) {}
  std::string type;
  int status_code;
  std::string hint;
  json::value detail;
};

/// The way out where an answer is none of Fairlead's.
inline constexpr const char* is_it_fairlead =
    "Is that a Fairlead server? Of this version? `fairlead login --server` or FAIRLEAD_SERVER says "
    "where it is.";

/// 0 success; 1 other; 2 for 401 and 403; 3 for 404; 4 for 400, 422 and unknown commands.
int exit_code_of(const Problem& problem);
/// A refused answer of the server as a Problem.
Problem problem_of_answer(int status, const std::string& body,
                          const std::optional<std::string>& retry_after);
Problem problem_of(const Error& error);
/// As the line on standard error.
std::string to_line(const Problem& problem);
/// As lines for a person: what is wrong, then the way out.
std::string to_text(const Problem& problem);
/// Says it on standard error, in the one form or the other.
void report(const Problem& problem);

}  // namespace fairlead::cli
