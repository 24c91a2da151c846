#include "cli/answer.hpp"

#include "cli/output.hpp"

#include <algorithm>

namespace fairlead::cli {

const json::value* find_path(const json::value& root, std::string_view dotted) {
  const json::value* at = &root;
  while (at != nullptr && !dotted.empty()) {
    const auto dot = std::min(dotted.find('.'), dotted.size());
    const auto* object = at->if_object();
    at = object != nullptr ? object->if_contains(dotted.substr(0, dot)) : nullptr;
    dotted.remove_prefix(std::min(dot + 1, dotted.size()));
  }
  return at;
}

std::string as_text(const json::value& value) {
  const auto* text = value.if_string();
  return text != nullptr ? std::string(view(*text)) : to_compact(value);
}

std::string text_at(const json::value& root, std::string_view dotted, std::string otherwise) {
  const auto* found = find_path(root, dotted);
  return found == nullptr || found->is_null() ? otherwise : as_text(*found);
}

const json::array& list_at(const json::value& root, std::string_view dotted) {
  static const json::array none;
  const auto* found = find_path(root, dotted);
  const auto* list = found != nullptr ? found->if_array() : nullptr;
  return list != nullptr ? *list : none;
}

const json::object& object_at(const json::value& root, std::string_view dotted) {
  static const json::object none;
  const auto* found = find_path(root, dotted);
  const auto* object = found != nullptr ? found->if_object() : nullptr;
  return object != nullptr ? *object : none;
}

bool is_required(const json::value& schema, json::string_view name) {
  const auto& required = list_at(schema, "required");
  return std::any_of(required.begin(), required.end(),
                     [&](const json::value& one) { return one == name; });
}

}  // namespace fairlead::cli
