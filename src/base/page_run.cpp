#include "base/page_run.hpp"

#include "base/digest.hpp"

#include <fmt/format.h>

#include <cstdio>
#include <unistd.h>

namespace fairlead {

PageRun::PageRun(std::optional<std::string> cursor, std::function<Steady::time_point()> now)
    : now_(std::move(now)), begun_(now_()), cursor_(std::move(cursor)) {
  if (cursor_) seen_.insert(*cursor_);
}

void PageRun::finish_page(std::string_view text, std::uint64_t records) {
  records_ += records;
  last_page_ = std::move(this_page_);
  // Services may send empty pages in a row, each with a cursor of its own.
  this_page_ = records == 0 ? std::string() : std::string(bytes_of(sha256(text)));
}

std::optional<std::string> PageRun::go_on(std::string next_cursor) {
  if (!this_page_.empty() && this_page_ == last_page_)
    return fmt::format("page {} holds the same records as the one before it", page_);
  if (!seen_.insert(next_cursor).second)
    return fmt::format("page {} names a cursor that was used before", page_);
  ++page_;
  cursor_ = std::move(next_cursor);
  if (page_ > most_pages) return fmt::format("there are more than {} pages", most_pages);
  if (now_() - begun_ > longest)
    return fmt::format("reading took longer than {} minutes", longest.count());
  return std::nullopt;
}

json::object PageRun::where() const {
  json::object out{{"page", page_}, {"records_shown", records_}, {"cursor", nullptr}};
  if (cursor_) out["cursor"] = *cursor_;
  return out;
}

std::string PageRun::hint() const {
  if (!cursor_) return "Nothing was read yet.";
  std::string quoted;  // for a shell
  for (const char c : *cursor_) quoted += c == '\'' ? std::string("'\\''") : std::string(1, c);
  return fmt::format("{} records were shown before page {}. Continue there with --cursor '{}'.",
                     records_, page_, quoted);
}

AfterPage after_page(std::optional<bool> has_more, std::optional<std::string> end_cursor) {
  if (has_more == false) return {.ends = true, .is_known = true, .next = {}};
  if (end_cursor && !end_cursor->empty())
    return {.ends = false, .is_known = has_more.has_value(), .next = std::move(end_cursor)};
  return {.ends = !has_more, .is_known = has_more.has_value(), .next = {}};
}

void show_progress(const PageRun& run) {
  if (isatty(STDERR_FILENO) == 1)
    fmt::print(stderr, "page {}: {} records so far\n", run.page(), run.records());
  else
    fmt::print(stderr, "{{\"type\":\"progress\",\"page\":{},\"records\":{}}}\n", run.page(),
               run.records());
}

}  // namespace fairlead
