// The definitions that this binary knows. They are embedded, and compiled when first used.
#pragma once

#include "connector/definition.hpp"

#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <vector>

namespace fairlead::connector {

/// What can be said of a definition without compiling it.
struct CatalogueEntry {
  std::string slug, name, display_name, id, version, description;
};

/// A definition that is not embedded.
struct CatalogueSource {
  std::string slug, definition, icon;
};

class Catalogue {
 public:
  /// The embedded definitions.
  Catalogue();
  /// These, and no others.
  explicit Catalogue(std::vector<CatalogueSource> sources);

  const std::vector<CatalogueEntry>& entries() const noexcept { return entries_; }
  /// By slug, id, connector name or display name, without case; - _ and blank are the same. nullptr
  /// when absent.
  const CatalogueEntry* find(std::string_view text) const;
  /// Compiled on first use, then kept. Throws Failure(not_found) for an unknown slug.
  std::shared_ptr<const Definition> get(std::string_view slug) const;
  /// The file's text, and its icon (SVG; empty when none).
  std::string_view source(std::string_view slug) const;
  std::string_view icon(std::string_view slug) const;

 private:
  /// The text and the icon of that slug; empty when absent.
  std::pair<std::string_view, std::string_view> texts(std::string_view slug) const;

  const std::vector<CatalogueSource> sources_;
  std::vector<CatalogueEntry> entries_;
  mutable std::mutex mutex_;
  mutable std::map<std::string, std::shared_ptr<const Definition>, std::less<>> compiled_;
};

}  // namespace fairlead::connector
