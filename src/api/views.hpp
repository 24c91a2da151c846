// Answers that several routes share.
#pragma once

#include "api/exchange.hpp"

namespace fairlead::api {

/// Where a service's icon is; null when it has none.
json::value icon_address(const Exchange& exchange, std::string_view slug);

/// The address of the next page: a path, so that it holds behind any proxy, with the query of this
/// page but for its cursor.
std::string next_address(std::string_view path, std::string_view query, const std::string& cursor);

/// Tags choose among templates, of which there are none here; they are only looked at.
void check_template_tags(BodyReader& body, std::initializer_list<std::string_view> names);

inline json::value or_null(const std::optional<std::string>& text) {
  return text ? json::value(*text) : json::value(nullptr);
}
/// As `or_null`, for texts that are empty when there is nothing to say.
inline json::value or_null(const std::string& text) {
  return text.empty() ? json::value(nullptr) : json::value(text);
}

}  // namespace fairlead::api
