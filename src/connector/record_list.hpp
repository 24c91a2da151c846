// The records of an Outcome one by one.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace fairlead::connector {

/// The elements of a JSON array as they stand in its text; the whole text where it is no array.
/// `data` is valid JSON.
std::vector<std::string> split_records(std::string_view data);

}  // namespace fairlead::connector
