#include "base/clock.hpp"

#include <fmt/format.h>

#include <array>
#include <charconv>

namespace fairlead {

Instant SystemClock::now() const {
  return std::chrono::floor<std::chrono::microseconds>(std::chrono::system_clock::now());
}

std::string to_rfc3339(Instant instant) {
  const auto day = std::chrono::floor<std::chrono::days>(instant);
  const std::chrono::year_month_day date(day);
  const std::chrono::hh_mm_ss time(instant - day);
  return fmt::format("{:04}-{:02}-{:02}T{:02}:{:02}:{:02}.{:06}Z", static_cast<int>(date.year()),
                     static_cast<unsigned>(date.month()), static_cast<unsigned>(date.day()),
                     time.hours().count(), time.minutes().count(), time.seconds().count(),
                     time.subseconds().count());
}

namespace {

/// Reads exactly `digits` digits from `text` at `at`.
std::optional<int> number_at(std::string_view text, std::size_t at, std::size_t digits) {
  if (text.size() < at + digits) return std::nullopt;
  int value = 0;
  const char* const end = text.data() + at + digits;
  const auto [stop, failure] = std::from_chars(text.data() + at, end, value);
  if (failure != std::errc() || stop != end || text[at] == '-') return std::nullopt;
  return value;
}

}  // namespace

Result<Instant> parse_rfc3339(std::string_view text) {
  const auto wrong = [] {
    return invalid("not a time: use RFC 3339, for example 2026-04-20T21:57:20Z");
  };
  const auto year = number_at(text, 0, 4), month = number_at(text, 5, 2),
             day = number_at(text, 8, 2);
  if (!year || !month || !day || text[4] != '-' || text[7] != '-') return wrong();
  const std::chrono::year_month_day date{std::chrono::year(*year),
                                         std::chrono::month(static_cast<unsigned>(*month)),
                                         std::chrono::day(static_cast<unsigned>(*day))};
  if (!date.ok()) return wrong();
  Instant instant = std::chrono::sys_days(date);
  if (text.size() == 10) return instant;

  const auto hour = number_at(text, 11, 2), minute = number_at(text, 14, 2),
             second = number_at(text, 17, 2);
  if ((text[10] != 'T' && text[10] != 't' && text[10] != ' ') || !hour || !minute || !second ||
      text[13] != ':' || text[16] != ':' || *hour > 23 || *minute > 59 || *second > 60)
    return wrong();
  instant +=
      std::chrono::hours(*hour) + std::chrono::minutes(*minute) + std::chrono::seconds(*second);
  std::size_t at = 19;
  if (at < text.size() && text[at] == '.') {
    int scale = 100'000, micros = 0;
    const std::size_t first = ++at;
    for (; at < text.size() && text[at] >= '0' && text[at] <= '9'; ++at, scale /= 10)
      micros += (text[at] - '0') * scale;
    if (at == first) return wrong();
    instant += std::chrono::microseconds(micros);
  }
  const std::string_view zone = text.substr(at);
  if (zone == "Z" || zone == "z") return instant;
  const auto zone_hour = number_at(zone, 1, 2), zone_minute = number_at(zone, 4, 2);
  if (zone.size() != 6 || (zone[0] != '+' && zone[0] != '-') || zone[3] != ':' || !zone_hour ||
      !zone_minute || *zone_hour > 23 || *zone_minute > 59)
    return wrong();
  const auto offset = std::chrono::hours(*zone_hour) + std::chrono::minutes(*zone_minute);
  return zone[0] == '+' ? instant - offset : instant + offset;
}

}  // namespace fairlead
