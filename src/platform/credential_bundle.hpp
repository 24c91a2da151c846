// What is sealed for a connector: the user's credential fields, and the tokens made from them, as
// one JSON text.
#pragma once

#include "base/secret.hpp"
#include "connector/engine.hpp"

namespace fairlead::platform {

/// Canonical: members in a fixed order, no blanks.
Secret write_bundle(const connector::CredentialFields& fields, const connector::TokenState& tokens);
/// Errors: internal when the text is no bundle.
Result<connector::CredentialSource::Opened> read_bundle(const Secret& text);

/// A line break, NUL and the like, which no header can carry.
bool has_control_characters(const Secret& secret);

}  // namespace fairlead::platform
