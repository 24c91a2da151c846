// Full text search, small: words, their beginnings, and "phrases in quotes".
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace fairlead::sandbox {

/// The words of a text in lower case: letters and digits of ASCII, and all that lies beyond it.
std::vector<std::string> words_of(std::string_view text);

/// What somebody looks for. A word matches every word that begins with it; a phrase matches its
/// words in a row.
class SearchTerms {
 public:
  /// At most 10 terms; the rest is not looked for.
  explicit SearchTerms(std::string_view query);
  bool empty() const noexcept { return terms_.empty(); }

  struct Part {
    std::string_view text;
    std::int64_t weight = 1;
  };
  /// 0 unless every term occurs somewhere in `parts`; else the weighted number of occurrences.
  std::int64_t score(const std::vector<Part>& parts) const;

 private:
  struct Term {
    std::vector<std::string> words;
    bool phrase = false;
  };
  std::vector<Term> terms_;
};

}  // namespace fairlead::sandbox
