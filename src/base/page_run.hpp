// A run over all pages of a list (`--all`): where it stands, when it must end, and what to say when
// it breaks off.
#pragma once

#include "base/json.hpp"

#include <chrono>
#include <cstdint>
#include <functional>
#include <optional>
#include <set>
#include <string>
#include <string_view>

namespace fairlead {

/// Ends runs that would never end: a cursor or a page that comes again, too many pages, too long.
class PageRun {
 public:
  using Steady = std::chrono::steady_clock;
  static constexpr std::size_t most_pages = 1'000;
  static constexpr std::chrono::minutes longest{10};

  /// `cursor`: where to begin; nullopt: at the first page.
  explicit PageRun(
      std::optional<std::string> cursor = std::nullopt,
      std::function<Steady::time_point()> now = [] { return Steady::now(); });

  /// The page that is being read, from 1; the cursor it is asked for with.
  std::size_t page() const noexcept { return page_; }
  const std::optional<std::string>& cursor() const noexcept { return cursor_; }
  std::uint64_t records() const noexcept { return records_; }

  /// The page has been read and shown. `text` is its records as JSON.
  void finish_page(std::string_view text, std::uint64_t records);
  /// On to the next page. Answers why not, when the run must end here.
  std::optional<std::string> go_on(std::string next_cursor);

  /// {"page", "records_shown", "cursor"}: where it broke off.
  json::object where() const;
  /// How to take it up again.
  std::string hint() const;

 private:
  const std::function<Steady::time_point()> now_;
  const Steady::time_point begun_;
  std::size_t page_ = 1;
  std::uint64_t records_ = 0;
  std::optional<std::string> cursor_;
  std::set<std::string> seen_;
  std::string last_page_, this_page_;  // digests; empty pages have none
};

/// Follows the answers' `has_more` and `end_cursor`: what comes after a page.
struct AfterPage {
  bool ends = false;                ///< nothing is left, or nobody knows
  bool is_known = true;             ///< false: it ends because nobody knows
  std::optional<std::string> next;  ///< where the next page is
};
/// Ends neither and has no `next`: there is more, and no way to ask for it.
AfterPage after_page(std::optional<bool> has_more, std::optional<std::string> end_cursor);

/// One line on standard error for each page: plain on a terminal, JSON otherwise.
void show_progress(const PageRun& run);

}  // namespace fairlead
