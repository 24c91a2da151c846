// What an expression evaluates to, and how Python would print it. The format was defined by a
// Python program, so texts follow str() and repr().
#pragma once

#include "base/clock.hpp"
#include "base/json.hpp"

#include <chrono>
#include <string>
#include <string_view>
#include <variant>

namespace fairlead::connector {

/// A name or member that is not there.
struct Missing {
  std::string name;
};
struct Time {
  Instant at;
  bool date_only = false;
};
struct Span {
  std::chrono::microseconds length;
};
/// JSON is held by reference where it comes from outside: records can be large.
using Value = std::variant<Missing, const json::value*, json::value, Time, Span>;

/// str() of a JSON value: texts as they are, True/False/None, 1.0, ['a', 1].
void append_python_text(std::string& out, const json::value& value);
/// str() of a datetime or date, and of a timedelta.
std::string python_text(const Time& time);
std::string python_text(const Span& span);
/// Python's ==: numbers and booleans compare by value, containers by their contents.
bool python_equal(const json::value& a, const json::value& b);
/// bool(): false, null, 0, and what is empty are false.
bool python_truth(const json::value& value);

/// Without the given characters at both ends.
std::string strip(const std::string& text, std::string_view characters);
/// Characters, not bytes.
std::size_t length_of(std::string_view text);
/// The character at a place, counted from the end when negative; empty when there is none.
std::string_view character_of(std::string_view text, std::int64_t place);

/// strftime in UTC. An unknown directive is an error.
Result<std::string> format_time(const Time& time, std::string_view format);
/// P[n]DT[n]H[n]M[n]S.
Result<Span> parse_duration(std::string_view text);

}  // namespace fairlead::connector
