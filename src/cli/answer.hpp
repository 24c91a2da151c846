// Reading what the server answers.
#pragma once

#include "base/json.hpp"

#include <string>
#include <string_view>

namespace fairlead::cli {

/// The value at a dotted path of members; nullptr when absent. `root` outlives the answer.
const json::value* find_path(const json::value& root, std::string_view dotted);

/// The text there, or the JSON of what is no text; `otherwise` when it is absent or null.
std::string text_at(const json::value& root, std::string_view dotted, std::string otherwise = {});
/// What is there; empty when it is absent or something else.
const json::array& list_at(const json::value& root, std::string_view dotted);
const json::object& object_at(const json::value& root, std::string_view dotted);

/// A string as it is, and any other value as JSON on one line.
std::string as_text(const json::value& value);

/// Whether an object of this JSON Schema must have the member.
bool is_required(const json::value& schema, json::string_view name);

}  // namespace fairlead::cli
