// Text in the columns of a terminal.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace fairlead::cli {

/// Without what would steer a terminal, also in text that is not UTF-8.
std::string plain(std::string_view text);
/// How many columns a terminal takes for it. `text` is UTF-8, as everywhere below.
std::size_t columns_of(std::string_view text);
/// At most `width` columns, with … at the end where something is missing.
std::string cut_to(std::string text, std::size_t width);

/// Lines of at most `width` columns, broken at blanks where there are some; plain.
std::vector<std::string> wrapped(std::string_view text, std::size_t width);
/// The same as one indented text, each line with its end.
std::string to_paragraph(std::string_view text, std::size_t indentation, std::size_t width);
/// A table whose last column is wrapped into what the others leave of `width`. All rows have as
/// many cells as the first.
std::string to_wrapped_table(const std::vector<std::vector<std::string>>& rows,
                             std::size_t indentation, std::size_t width);

}  // namespace fairlead::cli
