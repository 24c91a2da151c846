#include "sandbox/paging.hpp"

#include "sandbox/answer.hpp"

namespace fairlead::sandbox {

std::string make_cursor(const Seal& seal, std::string_view list, const Position& position) {
  json::array place;
  std::visit([&](const auto& key) { place.emplace_back(key); }, position.key);
  place.emplace_back(position.number);
  return seal.seal(list, json::serialize(place));
}

Position read_cursor(const Seal& seal, std::string_view list, std::string_view cursor) {
  const auto text = seal.open(list, cursor);
  if (!text) refuse_parameter("cursor", "is not the next_cursor of this list with these filters");
  const json::value place = json::parse(*text);
  const json::value& key = place.at(0);
  SortKey read = key.is_string() ? SortKey(std::string(view(key.get_string())))
                                 : SortKey(key.to_number<std::int64_t>());
  return {std::move(read), place.at(1).to_number<std::uint64_t>()};
}

}  // namespace fairlead::sandbox
