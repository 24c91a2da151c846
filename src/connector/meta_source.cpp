#include "connector/meta_source.hpp"

namespace fairlead::connector {

Result<MetaSource> MetaSource::parse(std::string name, std::string_view text) {
  MetaSource source{.name = std::move(name)};
  if (text.starts_with("@link.")) {
    source.kind = Kind::link;
    source.argument = text.substr(6);
  } else if (text.starts_with("@header.")) {
    source.kind = Kind::header;
    source.argument = text.substr(8);
  } else {
    auto path = Path::parse(text);
    if (!path) return std::move(path).error();
    source.path = std::move(*path);
  }
  return source;
}

}  // namespace fairlead::connector
