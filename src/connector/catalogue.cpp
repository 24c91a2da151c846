#include "connector/catalogue.hpp"

#include "base/suggestion.hpp"
#include "connector/ascii.hpp"
#include "connector/catalogue_entry.hpp"
#include "connector/embedded.hpp"

namespace fairlead::connector {
namespace {

/// Equal for texts that a person means to be the same name.
std::string folded(std::string_view name) {
  std::string out;
  for (const char c : name) out += c == '_' || c == ' ' ? '-' : ascii_lower(c);
  return out;
}

}  // namespace

Catalogue::Catalogue() {
  for (const EmbeddedConnector& one : embedded_connectors())
    entries_.push_back(read_catalogue_entry(one.slug, one.definition.view()));
}

Catalogue::Catalogue(std::vector<CatalogueSource> sources) : sources_(std::move(sources)) {
  for (const CatalogueSource& one : sources_)
    entries_.push_back(read_catalogue_entry(one.slug, one.definition));
}

std::pair<std::string_view, std::string_view> Catalogue::texts(std::string_view slug) const {
  for (const CatalogueSource& one : sources_)
    if (one.slug == slug) return {one.definition, one.icon};
  if (sources_.empty())
    for (const EmbeddedConnector& one : embedded_connectors())
      if (one.slug == slug) return {one.definition.view(), one.icon.view()};
  return {};
}

const CatalogueEntry* Catalogue::find(std::string_view text) const {
  const std::string wanted = folded(text);
  if (wanted.empty()) return nullptr;
  for (const auto member : {&CatalogueEntry::slug, &CatalogueEntry::id, &CatalogueEntry::name,
                            &CatalogueEntry::display_name})
    for (const CatalogueEntry& entry : entries_)
      if (folded(entry.*member) == wanted) return &entry;
  return nullptr;
}

std::shared_ptr<const Definition> Catalogue::get(std::string_view slug) const {
  {
    const std::lock_guard lock(mutex_);
    if (const auto known = compiled_.find(slug); known != compiled_.end()) return known->second;
  }
  const std::string_view definition = source(slug);
  if (definition.empty()) {
    std::vector<std::string> slugs;
    for (const CatalogueEntry& entry : entries_) slugs.push_back(entry.slug);
    throw Failure(not_found("there is no connector definition '" +
                            std::string(slug.substr(0, 100)) + "'" + did_you_mean(slug, slugs)));
  }
  // Outside the lock: two threads may compile the same one, and the first to finish is kept.
  auto loaded = load_definition(definition, std::string(slug) + "/connector.yaml");
  if (!loaded)
    throw Failure({.kind = ErrorKind::internal,
                   .message = "the definition of " + std::string(slug) + " cannot be used",
                   .detail = loaded.error().message});
  const std::lock_guard lock(mutex_);
  return compiled_.try_emplace(std::string(slug), std::move(*loaded)).first->second;
}

std::string_view Catalogue::source(std::string_view slug) const { return texts(slug).first; }

std::string_view Catalogue::icon(std::string_view slug) const { return texts(slug).second; }

}  // namespace fairlead::connector
