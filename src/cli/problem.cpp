#include "cli/problem.hpp"

#include "base/encoding.hpp"
#include "cli/answer.hpp"
#include "cli/layout.hpp"
#include "cli/output.hpp"

#include <fmt/format.h>

#include <iostream>

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

/// `error_code` of the first entry; empty when the answer is none of Fairlead's.
std::string error_code_of(const json::value& detail) {
  const auto& errors = list_at(detail, "errors");
  return errors.empty() ? "" : text_at(errors.front(), "error_code");
}

/// Where to look for what was not found, by what the message says is missing.
std::string hint_of_missing(std::string_view message) {
  constexpr std::pair<std::string_view, std::string_view> lists[] = {
      {"workspace", "workspaces list"},
      {"service", "connectors list-available"},
      {"document", "skills list"},
      {"connector", "connectors list"},
  };
  for (const auto& [what, command] : lists)
    if (message.find(what) != std::string_view::npos)
      return fmt::format("Run `fairlead {}` to see what there is.", command);
  return "";
}

std::string hint_of(int status, std::string_view error_code, std::string_view message,
                    const std::optional<std::string>& retry_after) {
  if (error_code == "provider_auth")
    return "`fairlead connectors update --credentials FILE` gives the connector new credentials.";
  switch (status) {
    case 401:
      return "Run `fairlead login`, or set FAIRLEAD_CLIENT_ID, FAIRLEAD_CLIENT_SECRET and "
             "FAIRLEAD_ORGANIZATION_ID.";
    case 404:
      if (error_code.empty()) return is_it_fairlead;
      return error_code == "not_found" ? hint_of_missing(message) : "";
    case 429:
      return fmt::format("Wait {} s, then try again.", retry_after.value_or("a few"));
    default:
      return "";
  }
}

/// What an answer of the server says beyond its first sentence: one for each further field.
std::vector<std::string> further_messages(const Problem& problem) {
  std::vector<std::string> out;
  for (const auto& error : list_at(problem.detail, "errors"))
    if (auto message = text_at(error, "message"); !message.empty() && message != problem.what())
      out.push_back(std::move(message));
  return out;
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
  problem.hint = hint_of(status, error_code_of(detail), message, retry_after);
  problem.detail = std::move(detail);
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
  json::object out{{"type", problem.type}, {"message", mended_utf8(problem.what())}};
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

std::string to_text(const Problem& problem) {
  std::string out = "Error: " + plain(problem.what()) + '\n';
  for (const auto& message : further_messages(problem)) out += "  " + plain(message) + '\n';
  if (!problem.hint.empty()) out += plain(problem.hint) + '\n';
  return out;
}

void report(const Problem& problem) {
  if (errors_go_to_terminal())
    std::cerr << to_text(problem);
  else
    std::cerr << to_line(problem) << '\n';
}

}  // namespace fairlead::cli
