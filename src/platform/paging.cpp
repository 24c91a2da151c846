#include "platform/paging.hpp"

#include <array>
#include <utility>

namespace fairlead::platform {
namespace {

/// Whether what the definition declares has to make way for what is known.
bool is_outdone(const json::value& declared, const json::value& known) {
  if (known.is_null() || declared == known) return false;
  return known.is_bool() || declared.is_null() || declared.is_structured();
}

}  // namespace

std::string uniform_metadata(std::string_view meta,
                             const std::optional<connector::PageMark>& page) {
  if (!page) return meta.empty() ? "null" : std::string(meta);
  const json::value more = page->has_more ? json::value(*page->has_more) : json::value(nullptr);
  const json::value cursor =
      page->end_cursor ? json::value(*page->end_cursor) : json::value(nullptr);
  const std::array members = {std::pair{"has_more", &more}, std::pair{"has_next_page", &more},
                              std::pair{"end_cursor", &cursor}};

  std::string out = meta.empty() ? "{}" : std::string(meta);
  auto parsed = parse_json(out);
  if (!parsed || !parsed->is_object()) return out;
  json::object& object = parsed->get_object();
  bool rewritten = false;
  for (const auto& [name, value] : members)
    if (json::value* declared = object.if_contains(name);
        declared && is_outdone(*declared, *value)) {
      *declared = *value;
      rewritten = true;
    }
  if (rewritten) out = json::serialize(object);
  for (const auto& [name, value] : members) {
    if (object.contains(name)) continue;
    out.pop_back();  // the text is kept, so that numbers keep their digits
    if (out.back() != '{') out += ',';
    out.append("\"").append(name).append("\":").append(json::serialize(*value)).push_back('}');
  }
  return out;
}

}  // namespace fairlead::platform
