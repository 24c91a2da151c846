// The kinds of records and the rules of their fields: what a caller may write, and what it becomes.
#pragma once

#include "base/json.hpp"

#include <array>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace fairlead::sandbox {

enum class Kind { customer, order, ticket, comment, file };
constexpr std::array all_kinds{Kind::customer, Kind::order, Kind::ticket, Kind::comment,
                               Kind::file};

std::string_view name_of(Kind kind);
/// cus_1001: the kind, and a number that only grows.
std::string id_of(Kind kind, std::uint64_t number);
/// nullopt for what is no id of that kind.
std::optional<std::uint64_t> number_of(Kind kind, std::string_view id);

/// The fields of a new record, every one of the kind and in their order: as given, as by default,
/// or null. Throws Refused (422) with all that is wrong in `body`.
json::object read_new(Kind kind, const json::object& body);
/// The fields that a change gives. An empty text stands for null where a field may be null.
json::object read_change(Kind kind, const json::object& body);

/// The values that a field of that kind may take; empty when it is not a choice.
const std::vector<std::string_view>& choices_of(Kind kind, std::string_view field);

/// True for text such as "text/plain".
bool is_media_type(std::string_view text);
bool is_file_name(std::string_view text);

}  // namespace fairlead::sandbox
