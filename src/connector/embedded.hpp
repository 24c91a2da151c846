// The files of connectors/ as they are inside this binary; the table is written by
// cmake/embed.cmake.
#pragma once

#include <string_view>
#include <vector>

namespace fairlead::connector {

struct EmbeddedText {
  const char *begin, *end;
  std::string_view view() const { return {begin, static_cast<std::size_t>(end - begin)}; }
};
struct EmbeddedConnector {
  std::string_view slug;
  EmbeddedText definition;
  EmbeddedText icon;  ///< empty when there is none
};

/// Sorted by slug.
const std::vector<EmbeddedConnector>& embedded_connectors();

}  // namespace fairlead::connector
