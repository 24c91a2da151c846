// What the command line prints: JSON in a pipe, a table on a terminal, chosen fields only when
// asked.
#pragma once

#include "base/json.hpp"

#include <string>
#include <string_view>
#include <vector>

namespace fairlead::cli {

/// How the cells of a column look: as they are, or a time (RFC 3339) to the minute or second.
enum class Cell { text, minute, second };

/// A column of a table: its title and the dotted path of its value in a row.
struct Column {
  std::string title, path;
  Cell cell = Cell::text;
};

/// Keeps only the dotted paths of `fields`, spread over arrays (an empty one may hold any). When no
/// path matches and exactly one top-level member is an array, the paths are tried inside it. Throws
/// Problem(validation_error) with the payload as detail when still nothing matches.
json::value select_fields(const json::value& value, const std::vector<std::string>& fields);

/// Rows under "data" or "result", the array itself, or the one object, as aligned columns; wide
/// text is cut to fit `width`, ids are not.
std::string to_table(const json::value& value, const std::vector<Column>& columns,
                     std::size_t width);
/// A table of the dotted paths of `fields`: of the records, or else of the answer itself. Throws as
/// select_fields does.
std::string to_table_of_fields(const json::value& value, const std::vector<std::string>& fields,
                               std::size_t width);
/// Columns for records of any kind: the members that fit, texts and numbers first.
std::vector<Column> columns_of_records(const json::value& value, std::size_t width);
/// One object, a line a member; what stands in it whole.
std::string to_list(const json::value& value);

/// Indented JSON, and JSON on one line.
std::string to_pretty(const json::value& value);
std::string to_compact(const json::value& value);

/// Writes JSON to standard output, with line breaks for people.
void show(const json::value& value);

/// What is said when standard output takes no more: a full disk.
inline constexpr const char* cannot_write_output =
    "the answer cannot be written to standard output";

/// Whether standard output is a terminal, and how wide it is.
bool output_is_terminal();
std::size_t terminal_width();
/// Whether standard error is: then a person reads it.
bool errors_go_to_terminal();
/// Says on standard error what is no error: a JSON object in a pipe, a line for a person.
void notice(const std::string& message);

}  // namespace fairlead::cli
