// One way to ask for pages, whatever the service's own words are: `params.limit`, `params.cursor`,
// and in the answer `has_next_page` and `end_cursor`. Inferred from the names that definitions use;
// where nothing can be inferred, nothing is claimed.
#pragma once

#include "base/json.hpp"
#include "connector/definition.hpp"

#include <string>
#include <string_view>
#include <vector>

namespace fairlead::platform {

/// The names under which the operation takes values, in declaration order; without repetition.
std::vector<std::string> parameter_names(const connector::Operation& operation);

/// Renames `cursor` and `limit` to the operation's own words, where it has others for them.
void adapt_paging_parameters(const connector::Operation& operation, json::object& params);

/// `meta` (JSON text of an object, or empty) with has_next_page and end_cursor where they can be
/// known; "null" for empty.
std::string uniform_metadata(const connector::Operation& operation, std::string_view meta);

}  // namespace fairlead::platform
