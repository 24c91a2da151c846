#include "connector/record_list.hpp"

#include "connector/raw_json.hpp"

namespace fairlead::connector {

std::vector<std::string> split_records(std::string_view data) {
  const auto json = RawJson::parse(data, data.size()).value();
  std::vector<std::string> out;
  if (!json.is_array(json.root())) return {std::string(json.slice(json.root()))};
  json.each_element(json.root(), [&](RawJson::Value element, std::uint32_t behind) {
    out.emplace_back(json.slice_until(element, behind));
  });
  return out;
}

}  // namespace fairlead::connector
