#include "store/statement.hpp"

#include "base/encoding.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <cmath>

namespace fairlead::store {
namespace {

void check_value(const Value& value) {
  if (const auto* text = std::get_if<std::string>(&value)) {
    if (text->find('\0') != std::string::npos)
      throw Failure(invalid("text must not hold a NUL character"));
    if (!is_valid_utf8(*text)) throw Failure(invalid("text must be UTF-8"));
  } else if (const auto* number = std::get_if<double>(&value)) {
    if (std::isnan(*number)) throw Failure(invalid("a number is expected, not NaN"));
  }
}

}  // namespace

void check_parameters(std::string_view sql, std::size_t count) {
  std::vector<bool> seen(count);
  bool fits = true, in_text = false;
  for (std::size_t i = 0; i < sql.size(); ++i) {
    if (sql[i] == '\'') in_text = !in_text;
    if (sql[i] != '$' || in_text) continue;
    std::size_t number = 0;
    std::from_chars(sql.data() + i + 1, sql.data() + sql.size(), number);
    if (number >= 1 && number <= count)
      seen[number - 1] = true;
    else
      fits = false;
  }
  if (!fits || std::ranges::find(seen, false) != seen.end())
    throw Failure(Error{.message = "a statement has other parameters than it was given",
                        .detail = fmt::format("{} given: {}", count, sql)});
}

void check_values(std::span<const Value> arguments) {
  for (const Value& value : arguments) check_value(value);
}

void check_statement(std::string_view sql, std::span<const Value> arguments) {
  check_parameters(sql, arguments.size());
  check_values(arguments);
}

}  // namespace fairlead::store
