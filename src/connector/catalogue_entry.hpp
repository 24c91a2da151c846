// What the catalogue shows of a definition before it is compiled.
#pragma once

#include "connector/catalogue.hpp"

#include <string>
#include <string_view>

namespace fairlead::connector {

/// Reads only the few lines of `info` that are needed, so that a start with many definitions costs
/// nothing; the whole text where they are not written one below the other. What cannot be found is
/// empty, the name then being the slug.
CatalogueEntry read_catalogue_entry(std::string_view slug, std::string_view definition);

/// "Acme Tickets" is called acme-tickets unless it says otherwise.
std::string name_from_title(std::string_view title);

}  // namespace fairlead::connector
