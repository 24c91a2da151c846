// Where a value beside the records is found in an answer: in its body, or in its headers.
#pragma once

#include "connector/path.hpp"

#include <optional>
#include <string>

namespace fairlead::connector {

struct MetaSource {
  enum class Kind { path, link, header };
  std::string name;  ///< of the metadata entry
  Kind kind = Kind::path;
  std::optional<Path> path;  ///< kind path; nullopt when the text did not parse (always null)
  std::string argument;      ///< link relation or header name

  /// "$.a.b", "@link.next" or "@header.Name". Errors: a path that cannot be read.
  static Result<MetaSource> parse(std::string name, std::string_view text);
};

}  // namespace fairlead::connector
