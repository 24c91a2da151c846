// Names under which clients of another platform call the same operation, parameter or value
// (x-fairlead-also-known-as). They are taken on the way in and shown nowhere.
#pragma once

#include "connector/call.hpp"
#include "connector/definition.hpp"

namespace fairlead::connector {

/// Puts what came under another name of a parameter under its own, and another spelling of a value
/// into its own. What came under the own name as well stays as it is.
void take_other_names(const Operation& operation, json::object& params);

/// The same for what a user types to log in, as the schemes of the definition tell it.
void take_other_names(const Definition& definition, CredentialFields& fields);

}  // namespace fairlead::connector
