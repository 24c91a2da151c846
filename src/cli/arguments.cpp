#include "cli/arguments.hpp"

#include <algorithm>

namespace fairlead::cli {

std::string text_of(const json::object& parameters, const char* name, std::string otherwise) {
  const auto* text = find_string(parameters, name);
  return text != nullptr ? std::string(view(*text)) : otherwise;
}

std::int64_t integer_of(const json::object& parameters, const char* name, std::int64_t otherwise) {
  const auto* value = parameters.if_contains(name);
  return value != nullptr && value->is_int64() ? value->as_int64() : otherwise;
}

bool is_on(const json::object& parameters, const char* name) {
  const auto* value = parameters.if_contains(name);
  return value != nullptr && value->is_bool() && value->as_bool();
}

void pass(Query& query, const json::object& parameters, const char* name) {
  if (const auto text = text_of(parameters, name); !text.empty()) query.emplace_back(name, text);
}

std::string workspace_of(const Session& session, const json::object& parameters) {
  return text_of(parameters, "workspace", session.settings.workspace);
}

bool same_name(std::string_view one, std::string_view other) {
  const auto lower = [](char c) {
    return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
  };
  return std::equal(one.begin(), one.end(), other.begin(), other.end(),
                    [&](char a, char b) { return lower(a) == lower(b); });
}

}  // namespace fairlead::cli
