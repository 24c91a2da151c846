// What a user gives to connect a service, sorted: which fields are secret, which scheme they make,
// which settings are missing.
#pragma once

#include "connector/engine.hpp"

#include <string>

namespace fairlead::platform {

struct ConnectionInput {
  connector::CredentialFields credentials;
  std::string auth_scheme;  ///< empty: found from the fields
  json::object environment, replication_config;
};

/// Moves fields that belong to the credentials out of the settings, drops what clients are known to
/// add, and finds the scheme (then in `auth_scheme`). Errors: invalid_input
/// (`credentials_mismatch`, names of fields only; on `auth_scheme` when the fields make several
/// schemes and none is named).
Result<Done> sort_credentials(const connector::Definition& definition, ConnectionInput& input);

/// Moves credential fields out of `settings`, however deep, into `credentials`, erasing them there.
void move_secrets(const connector::Definition& definition, json::object& settings,
                  connector::CredentialFields& credentials);

/// Errors: invalid_input naming the setting (`missing_configuration`, `unknown_parameter`,
/// `not_allowed_value` for credentials among the settings, or what the definition's server address
/// does not allow).
Result<Done> check_settings(const connector::Definition& definition, const std::string& auth_scheme,
                            const json::object& environment,
                            const json::object& replication_config);

/// Stored credentials go nowhere but where they were given for: a change of settings alone may not
/// move the address of the service or of its token endpoint to another origin. Errors:
/// invalid_input on `environment` (`missing`).
Result<Done> check_destination(const connector::Definition& definition,
                               const std::string& auth_scheme,
                               const connector::ConfigValues& before,
                               const connector::ConfigValues& after);

/// [{entity, modes}], each entity known. Errors: invalid_input (`unknown_entity`).
Result<Done> check_entities(const connector::Definition& definition, const json::array& entities);

}  // namespace fairlead::platform
