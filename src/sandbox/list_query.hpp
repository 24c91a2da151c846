// What a caller asks of a list: filters, order, page.
#pragma once

#include "sandbox/records.hpp"
#include "sandbox/search.hpp"
#include "sandbox/target.hpp"

#include <functional>
#include <string>
#include <string_view>
#include <vector>

namespace fairlead::sandbox {

struct ListQuery {
  std::string list;  ///< what a cursor is good for: the path, the filters and the order
  Selection selection;
};

/// The records of a kind that `query` asks for. Unknown parameters are refused, so that a mistyped
/// filter does not answer with everything. Throws Refused (400).
ListQuery read_list_query(Kind kind, std::string_view path, const Form& query, const Seal& seal);

/// The texts of a record that a search looks into.
using SearchedParts = std::function<std::vector<SearchTerms::Part>(const Record&)>;

/// As read_list_query, but with words to look for in the parameter `words`, best match first
/// instead of `sort`.
ListQuery read_search_query(Kind kind, std::string_view path, const Form& query, const Seal& seal,
                            std::string_view words, SearchedParts parts);

}  // namespace fairlead::sandbox
