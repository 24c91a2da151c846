// Answers that several routes share.
#pragma once

#include "api/exchange.hpp"

namespace fairlead::api {

/// Where a service's icon is; null when it has none.
json::value icon_address(const Exchange& exchange, std::string_view slug);

inline json::value or_null(const std::optional<std::string>& text) {
  return text ? json::value(*text) : json::value(nullptr);
}
/// As `or_null`, for texts that are empty when there is nothing to say.
inline json::value or_null(const std::string& text) {
  return text.empty() ? json::value(nullptr) : json::value(text);
}

}  // namespace fairlead::api
