#include "cli/problem.hpp"

#include <fmt/format.h>

namespace fairlead::cli {
namespace {

std::string type_of_status(int status) {
  switch (status) {
    case 401:
      return "unauthorized";
    case 403:
      return "forbidden";
    case 404:
      return "not_found";
    case 400:
    case 413:
    case 415:
    case 422:
      return "validation_error";
    case 429:
      return "rate_limited";
    default:
      return status >= 500 ? "server_error" : "api_error";
  }
}

std::string hint_of_status(int status, const std::optional<std::string>& retry_after) {
  switch (status) {
    case 401:
      return "Run `fairlead login`, or set FAIRLEAD_CLIENT_ID, FAIRLEAD_CLIENT_SECRET and "
             "FAIRLEAD_ORGANIZATION_ID.";
    case 404:
      return "Run `fairlead connectors list` to see what there is.";
    case 429:
      return fmt::format("Wait {} s, then try again.", retry_after.value_or("a few"));
    default:
      return "";
  }
}

}  // namespace

int exit_code_of(const Problem& problem) {
  if (problem.type == "unauthorized" || problem.type == "forbidden") return 2;
  if (problem.type == "not_found") return 3;
  if (problem.type == "validation_error" || problem.type == "unknown_command") return 4;
  return 1;
}

Problem problem_of_answer(int status, const std::string& body,
                          const std::optional<std::string>& retry_after) {
  std::string message = fmt::format("the server answered HTTP {}", status);
  json::value detail;
  if (auto parsed = parse_json(body)) {
    detail = *std::move(parsed);
    if (const auto* object = detail.if_object()) {
      for (const char* name : {"detail", "message"})
        if (const auto* text = find_string(*object, name); text != nullptr && !text->empty()) {
          message = std::string(view(*text));
          break;
        }
    }
  }
  Problem problem(type_of_status(status), message, status);
  problem.detail = std::move(detail);
  problem.hint = hint_of_status(status, retry_after);
  return problem;
}

Problem problem_of(const Error& error) {
  switch (error.kind) {
    case ErrorKind::invalid_input:
      return {"validation_error", error.message};
    case ErrorKind::not_found:
      return {"not_found", error.message};
    case ErrorKind::unauthenticated:
      return {"unauthorized", error.message};
    case ErrorKind::forbidden:
      return {"forbidden", error.message};
    default:
      return {"local_error", error.message};
  }
}

std::string to_line(const Problem& problem) {
  json::object out{{"type", problem.type}, {"message", problem.what()}};
  if (problem.status_code != 0)
    out["status_code"] = problem.status_code;
  else
    out["status_code"] = nullptr;
  out["retryable"] = problem.type == "rate_limited" || problem.type == "connection_error" ||
                     problem.status_code == 502 || problem.status_code == 503 ||
                     problem.status_code == 504;
  if (!problem.detail.is_null()) out["detail"] = problem.detail;
  if (!problem.hint.empty()) out["hint"] = problem.hint;
  return json::serialize(out);
}

}  // namespace fairlead::cli
