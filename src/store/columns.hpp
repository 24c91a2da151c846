// How times, optional things and names to search for are kept in rows.
#pragma once

#include "base/clock.hpp"
#include "store/database.hpp"

#include <optional>

namespace fairlead::store {

/// Microseconds since 1970 UTC.
inline std::int64_t stored(Instant instant) { return instant.time_since_epoch().count(); }
inline Instant instant(std::int64_t micros) { return Instant(std::chrono::microseconds(micros)); }

inline Value stored(const std::optional<Instant>& time) {
  return time ? Value(stored(*time)) : Value(nullptr);
}
inline std::optional<Instant> optional_instant(const Row& row, std::size_t column) {
  return row.is_null(column) ? std::nullopt : std::optional(instant(row.integer(column)));
}

/// Lower case, as far as ASCII goes: the same in both databases, whose own lower() differ.
std::string folded(std::string_view text);
/// A LIKE pattern (with ESCAPE '\\') for texts that contain `part`.
std::string containing(std::string_view part);

}  // namespace fairlead::store
