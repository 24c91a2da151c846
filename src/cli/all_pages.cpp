#include "cli/all_pages.hpp"

#include "base/interrupt.hpp"
#include "base/page_run.hpp"
#include "cli/answer.hpp"

#include <iostream>

namespace fairlead::cli {
namespace {

/// The failure, and where to go on.
Problem broken_off(Problem problem, const PageRun& run) {
  json::object detail = run.where();
  if (!problem.detail.is_null()) detail["response"] = std::move(problem.detail);
  problem.detail = std::move(detail);
  problem.hint = problem.hint.empty() ? run.hint() : problem.hint + " " + run.hint();
  return problem;
}

std::optional<std::string> cursor_of(const json::object& params) {
  const auto* text = find_string(params, "cursor");
  return text != nullptr ? std::optional(std::string(view(*text))) : std::nullopt;
}

std::uint64_t show(const json::value& result, std::ostream& out) {
  const auto* records = result.if_array();
  if (records == nullptr) {  // a service's own body
    out << to_compact(result) << '\n' << std::flush;
    return 1;
  }
  for (const auto& record : *records) out << to_compact(record) << '\n';
  out << std::flush;
  return records->size();
}

AfterPage after(const json::value& answer) {
  const auto* metadata = find_path(answer, "connector_metadata");
  std::optional<bool> more;
  std::optional<std::string> cursor;
  if (metadata != nullptr)
    if (const auto* object = metadata->if_object()) {
      if (const auto* flag = object->if_contains("has_more"); flag != nullptr && flag->is_bool())
        more = flag->as_bool();
      if (const auto* value = object->if_contains("end_cursor"); value != nullptr) {
        if (value->is_string())
          cursor = std::string(view(value->as_string()));
        else if (value->is_number())
          cursor = json::serialize(*value);
      }
    }
  return after_page(more, std::move(cursor));
}

}  // namespace

Task<void> execute_all(Session& session, std::string path, json::object body) {
  const auto* given = find_object(body, "params");
  json::object params = given != nullptr ? *given : json::object();
  PageRun run(cursor_of(params));
  const EndOnInterrupt guard(co_await asio::this_coro::executor, [&run] {
    report(broken_off(Problem("local_error", "interrupted"), run));
  });
  for (;;) {
    if (run.cursor()) params["cursor"] = *run.cursor();
    body["params"] = params;
    json::value answer;
    std::optional<Problem> failed;
    try {
      json::value request = body;
      answer = co_await session.api.execute(path, std::move(request), [](std::string_view) {});
    } catch (const Problem& problem) {
      failed = broken_off(problem, run);
    }
    if (failed) throw *std::move(failed);
    const auto* result = find_path(answer, "result");
    if (result == nullptr)
      throw broken_off(Problem("api_error", "the server's answer has no result"), run);
    const std::uint64_t records = show(*result, session.out);
    // Nobody reads on: no more is asked for. (A page that was not written whole is read again.)
    if (!session.out) throw broken_off(Problem("local_error", cannot_write_output), run);
    run.finish_page(json::serialize(*result), records);
    show_progress(run);

    AfterPage next = after(answer);
    if (next.ends) {
      if (!next.is_known)
        notice("the service does not tell whether there are further pages; this was one");
      co_return;
    }
    if (!next.next)
      throw broken_off(Problem("api_error",
                               "the service has further pages, but this connector does not say "
                               "how to ask for them"),
                       run);
    if (const auto why = run.go_on(*std::move(next.next)))
      throw broken_off(Problem("api_error", "the run was ended: " + *why), run);
  }
}

}  // namespace fairlead::cli
