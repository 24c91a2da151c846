// One way to tell of further pages, whatever the service's own words are: `has_more`, `end_cursor`,
// and `has_next_page`, which published clients read. `params.limit` and `params.cursor` are its
// other half (connector/pagination.hpp).
#pragma once

#include "connector/call.hpp"
#include "connector/pagination.hpp"

#include <string>
#include <string_view>

namespace fairlead::platform {

using connector::parameter_names;

/// `meta` (JSON text of an object, or empty) with has_more, has_next_page and end_cursor where
/// there is a page; "null" for nothing at all. What the definition declares under these names stays
/// unless more is known.
std::string uniform_metadata(std::string_view meta, const std::optional<connector::PageMark>& page);

}  // namespace fairlead::platform
