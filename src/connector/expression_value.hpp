// What an expression evaluates to: JSON (python_value.hpp), or a time or a span of time, which
// print as Python's datetime and timedelta do.
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

/// str() of a datetime or date, and of a timedelta.
std::string python_text(const Time& time);
std::string python_text(const Span& span);

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
