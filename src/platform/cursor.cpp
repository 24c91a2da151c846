#include "platform/cursor.hpp"

#include "base/encoding.hpp"

#include <charconv>

namespace fairlead::platform {
namespace {

constexpr std::size_t tag_bytes = 16;

std::string tag(const vault::Vault& vault, const OrganizationId& organization,
                std::string_view listing, std::string_view place) {
  std::string text = "cursor";
  for (const std::string_view part : {std::string_view(organization.str()), listing, place})
    text += '\0' + std::string(part);
  return std::string(bytes_of(vault.mac(vault::KeyLabel::opaque_state, text)).substr(0, tag_bytes));
}

Error not_ours() {
  Error error =
      invalid_field("cursor", "this cursor was not given out for this listing", "invalid_cursor");
  error.code = "invalid_cursor";
  return error;
}

}  // namespace

std::string seal_cursor(const vault::Vault& vault, const OrganizationId& organization,
                        std::string_view listing, std::string_view place) {
  return to_base64url(tag(vault, organization, listing, place) + std::string(place));
}

Result<std::string> open_cursor(const vault::Vault& vault, const OrganizationId& organization,
                                std::string_view listing, std::string_view cursor) {
  const auto bytes = from_base64url(cursor);
  if (!bytes || bytes->size() < tag_bytes) return not_ours();
  const std::string place = bytes->substr(tag_bytes);
  if (!equal_in_constant_time(std::string_view(*bytes).substr(0, tag_bytes),
                              tag(vault, organization, listing, place)))
    return not_ours();
  return place;
}

std::string join_place(std::int64_t number, std::string_view id) {
  return std::to_string(number) + ' ' + std::string(id);
}

Result<std::pair<std::int64_t, std::string>> split_place(std::string_view place) {
  std::int64_t number = 0;
  const auto [end, failure] = std::from_chars(place.data(), place.data() + place.size(), number);
  if (failure != std::errc() || end == place.data() + place.size() || *end != ' ')
    return not_ours();
  return std::pair(number, std::string(end + 1, place.data() + place.size()));
}

}  // namespace fairlead::platform
