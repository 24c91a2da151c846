// Health checks: is there an operation that shows whether the credentials work, and does it work?
// Section 12 of the format.
#pragma once

#include "connector/engine.hpp"

namespace fairlead::connector {

/// What every call of a check has in common.
struct CheckContext {
  const Definition* definition;
  ConfigValues config;
  std::string auth_scheme;
  CredentialSource* credentials;
  Deadline deadline;
  EngineOptions options;
};

Task<json::object> run_check(Engine engine, CheckContext context);
Task<json::object> run_entity_checks(Engine engine, CheckContext context,
                                     std::vector<std::string> entities);

}  // namespace fairlead::connector
