// The part of the loader that reads the x-fairlead-* extensions.
#pragma once

#include "connector/definition_loader.hpp"

namespace fairlead::connector {

/// Those of info that operations inherit; before the paths are read.
void load_fairlead_info(Fields& info, Loading& loading);
/// Those of an operation whose parameters, body and metadata are known.
void load_fairlead_operation(Fields& fields, Operation& operation, Loading& loading);
void load_fairlead_scheme(Fields& fields, AuthScheme& scheme, Loading& loading);
/// Those of a component schema; `apply` gives them to the entity that the schema describes.
void check_fairlead_schema(Fields& schema, Loading& loading);
void apply_fairlead_schema(const YamlNode& schema, Entity& entity);
/// What needs the whole file: the probe, fields of incremental reads, names that are not known or
/// stand where they mean nothing.
void finish_fairlead(const YamlNode& root, Loading& loading);

}  // namespace fairlead::connector
