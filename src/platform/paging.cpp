#include "platform/paging.hpp"

#include "connector/raw_json.hpp"

#include <array>
#include <utility>

namespace fairlead::platform {
namespace {

using connector::RawJson;

/// Whether what the definition declares has to make way for what is known.
bool is_outdone(std::string_view declared, const json::value& known) {
  if (known.is_null() || declared == json::serialize(known)) return false;
  return known.is_bool() || declared == "null" || declared.starts_with('{') ||
         declared.starts_with('[');
}

}  // namespace

std::string uniform_metadata(std::string_view meta,
                             const std::optional<connector::PageMark>& page) {
  if (!page) return meta.empty() ? "null" : std::string(meta);
  const json::value more = page->has_more ? json::value(*page->has_more) : json::value(nullptr);
  const json::value cursor =
      page->end_cursor ? json::value(*page->end_cursor) : json::value(nullptr);
  struct Member {
    std::string_view name;
    const json::value& value;
    bool declared = false;
  };
  std::array members = {Member{"has_more", more}, Member{"has_next_page", more},
                        Member{"end_cursor", cursor}};

  const std::string_view given = meta.empty() ? "{}" : meta;
  const auto json = RawJson::parse(given, given.size());
  if (!json || !json->is_object(json->root())) return std::string(given);
  std::string out = "{";
  const auto add = [&out](std::string_view raw_key, std::string_view value) {
    if (out.size() > 1) out += ',';
    out.append("\"").append(raw_key).append("\":").append(value);
  };
  // Slices, so that numbers keep their digits.
  json->each_member(json->root(), [&](const RawJson::Member& one, std::uint32_t behind) {
    const std::string_view declared = json->slice_until(one.value, behind);
    for (Member& member : members) {
      if (!one.means(member.name)) continue;
      member.declared = true;
      if (is_outdone(declared, member.value))
        return add(one.raw_key, json::serialize(member.value));
    }
    add(one.raw_key, declared);
  });
  for (const Member& member : members)
    if (!member.declared) add(member.name, json::serialize(member.value));
  return out += '}';
}

}  // namespace fairlead::platform
