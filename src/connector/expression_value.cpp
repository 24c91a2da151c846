#include "connector/expression_value.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <cstdlib>

namespace fairlead::connector {
namespace {

struct Calendar {
  int year = 0;
  unsigned month = 0, day = 0;
  int day_of_year = 0;
  unsigned weekday = 0;  ///< 0 is Sunday
  std::int64_t hour = 0, minute = 0, second = 0, microsecond = 0;
};

Calendar calendar_of(Instant at) {
  using std::chrono::floor;
  const auto day = floor<std::chrono::days>(at);
  const std::chrono::year_month_day date(day);
  const auto first = std::chrono::sys_days(
      std::chrono::year_month_day(date.year(), std::chrono::January, std::chrono::day(1)));
  const std::chrono::hh_mm_ss<std::chrono::microseconds> clock(at - day);
  Calendar out;
  out.year = static_cast<int>(date.year());
  out.month = static_cast<unsigned>(date.month());
  out.day = static_cast<unsigned>(date.day());
  out.day_of_year = static_cast<int>((day - first).count()) + 1;
  out.weekday = std::chrono::weekday(day).c_encoding();
  out.hour = clock.hours().count();
  out.minute = clock.minutes().count();
  out.second = clock.seconds().count();
  out.microsecond = clock.subseconds().count();
  return out;
}

constexpr std::string_view month_names[] = {"January",   "February", "March",    "April",
                                            "May",       "June",     "July",     "August",
                                            "September", "October",  "November", "December"};
constexpr std::string_view day_names[] = {"Sunday",   "Monday", "Tuesday", "Wednesday",
                                          "Thursday", "Friday", "Saturday"};

/// One directive of strftime; false when there is no such directive.
bool append_directive(std::string& out, char directive, const Time& time, const Calendar& c) {
  const auto hour12 = c.hour % 12 == 0 ? 12 : c.hour % 12;
  switch (directive) {
    case 'Y':
      out += fmt::format("{:04}", c.year);
      return true;
    case 'y':
      out += fmt::format("{:02}", c.year % 100);
      return true;
    case 'm':
      out += fmt::format("{:02}", c.month);
      return true;
    case 'd':
      out += fmt::format("{:02}", c.day);
      return true;
    case 'H':
      out += fmt::format("{:02}", c.hour);
      return true;
    case 'I':
      out += fmt::format("{:02}", hour12);
      return true;
    case 'M':
      out += fmt::format("{:02}", c.minute);
      return true;
    case 'S':
      out += fmt::format("{:02}", c.second);
      return true;
    case 'f':
      out += fmt::format("{:06}", c.microsecond);
      return true;
    case 'j':
      out += fmt::format("{:03}", c.day_of_year);
      return true;
    case 'p':
      out += c.hour < 12 ? "AM" : "PM";
      return true;
    case 'B':
      out += month_names[c.month - 1];
      return true;
    case 'b':
      out += month_names[c.month - 1].substr(0, 3);
      return true;
    case 'A':
      out += day_names[c.weekday];
      return true;
    case 'a':
      out += day_names[c.weekday].substr(0, 3);
      return true;
    case 'F':
      out += fmt::format("{:04}-{:02}-{:02}", c.year, c.month, c.day);
      return true;
    case 'T':
      out += fmt::format("{:02}:{:02}:{:02}", c.hour, c.minute, c.second);
      return true;
    case 's':
      out += std::to_string(
          std::chrono::floor<std::chrono::seconds>(time.at).time_since_epoch().count());
      return true;
    case 'z':
      out += time.date_only ? "" : "+0000";
      return true;
    case 'Z':
      out += time.date_only ? "" : "UTC";
      return true;
    case '%':
      out += '%';
      return true;
    default:
      return false;
  }
}

}  // namespace

std::string python_text(const Time& time) {
  const Calendar c = calendar_of(time.at);
  std::string date = fmt::format("{:04}-{:02}-{:02}", c.year, c.month, c.day);
  if (time.date_only) return date;
  const std::string fraction = c.microsecond == 0 ? "" : fmt::format(".{:06}", c.microsecond);
  return fmt::format("{} {:02}:{:02}:{:02}{}+00:00", date, c.hour, c.minute, c.second, fraction);
}

std::string python_text(const Span& span) {
  const auto days = std::chrono::floor<std::chrono::days>(span.length);
  const std::chrono::hh_mm_ss<std::chrono::microseconds> rest(span.length - days);
  std::string out;
  if (days.count() != 0)
    out = fmt::format("{} day{}, ", days.count(), std::abs(days.count()) == 1 ? "" : "s");
  out += fmt::format("{}:{:02}:{:02}", rest.hours().count(), rest.minutes().count(),
                     rest.seconds().count());
  if (rest.subseconds().count() != 0) out += fmt::format(".{:06}", rest.subseconds().count());
  return out;
}

std::string strip(const std::string& text, std::string_view characters) {
  const std::size_t first = text.find_first_not_of(characters);
  if (first == std::string::npos) return "";
  return text.substr(first, text.find_last_not_of(characters) - first + 1);
}

std::size_t length_of(std::string_view text) {
  return static_cast<std::size_t>(
      std::count_if(text.begin(), text.end(), [](char c) { return (c & 0xC0) != 0x80; }));
}

std::string_view character_of(std::string_view text, std::int64_t place) {
  if (place < 0) place += static_cast<std::int64_t>(length_of(text));
  for (std::size_t at = 0; at < text.size() && place >= 0; --place) {
    std::size_t end = at + 1;
    while (end < text.size() && (text[end] & 0xC0) == 0x80) ++end;
    if (place == 0) return text.substr(at, end - at);
    at = end;
  }
  return {};
}

Result<std::string> format_time(const Time& time, std::string_view format) {
  const Calendar calendar = calendar_of(time.at);
  std::string out;
  for (std::size_t i = 0; i < format.size(); ++i) {
    if (format[i] != '%') {
      out += format[i];
      continue;
    }
    if (++i == format.size()) return invalid("the time format ends with a lone %");
    if (!append_directive(out, format[i], time, calendar))
      return invalid("the time format has no directive %" + std::string(1, format[i]));
  }
  return out;
}

Result<Span> parse_duration(std::string_view text) {
  const Error error = invalid("a duration looks like P30D or PT1H30M, with at most 1000000 each");
  std::string_view rest = text;
  if (!rest.starts_with('P')) return error;
  rest.remove_prefix(1);
  std::string_view units = "DHMS";  // those that may still follow
  bool in_time = false, any = false;
  std::chrono::microseconds length{0};
  while (!rest.empty()) {
    if (rest.front() == 'T' && !in_time) {
      in_time = true;
      rest.remove_prefix(1);
      if (rest.empty()) return error;
      continue;
    }
    std::int64_t count = 0;
    const auto [end, code] = std::from_chars(rest.data(), rest.data() + rest.size(), count);
    if (code != std::errc() || end == rest.data() + rest.size() || count < 0 || count > 1'000'000)
      return error;
    const char unit = *end;
    rest.remove_prefix(static_cast<std::size_t>(end - rest.data()) + 1);
    const std::size_t place = units.find(unit);
    if (place == std::string_view::npos || (unit == 'D') == in_time) return error;
    units.remove_prefix(place + 1);
    const std::int64_t seconds = unit == 'D' ? 86'400 : unit == 'H' ? 3'600 : unit == 'M' ? 60 : 1;
    length += std::chrono::seconds(count * seconds);
    any = true;
  }
  if (!any) return error;
  return Span{length};
}

}  // namespace fairlead::connector
