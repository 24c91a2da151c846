// "Did you mean": the nearest valid names for a mistyped one.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace fairlead {

/// Up to `most` of `valid`, nearest to `given` first (edit distance, ignoring case and the
/// difference of - and _). Answers only names that are plausibly meant.
std::vector<std::string> nearest_names(std::string_view given,
                                       const std::vector<std::string>& valid, std::size_t most = 3);
/// "; did you mean 'a' or 'b'?", or "" when nothing is near.
std::string did_you_mean(std::string_view given, const std::vector<std::string>& valid);
/// The same; when nothing is near "; <there_are> a, b", or "; <there_are> none".
std::string what_else(std::string_view given, const std::vector<std::string>& valid,
                      std::string_view there_are);

}  // namespace fairlead
