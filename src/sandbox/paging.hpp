// Pages of a list: where one ends and the next begins. A position is a place in the order, not a
// count, so records that come or go while somebody turns pages neither repeat nor hide others.
#pragma once

#include "base/json.hpp"
#include "sandbox/seal.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace fairlead::sandbox {

using SortKey = std::variant<std::int64_t, std::string>;

/// The place of a record in an order; `number` decides between equal keys.
struct Position {
  SortKey key;
  std::uint64_t number = 0;
  auto operator<=>(const Position&) const = default;
};

struct Page {
  std::vector<json::object> records;
  std::optional<Position> next;  ///< of the last record, when more follow
};

/// A cursor is good for one list (its path, filters and order) only.
std::string make_cursor(const Seal& seal, std::string_view list, const Position& position);
/// Throws Refused (400) for any other text.
Position read_cursor(const Seal& seal, std::string_view list, std::string_view cursor);

/// The most and the usual number of records of a page.
constexpr std::size_t most_per_page = 100, usual_per_page = 25;

}  // namespace fairlead::sandbox
