// (operation, params, config) -> the exact request, without credentials. Pure. Sections 5 and 6 of
// the format.
#pragma once

#include "connector/call.hpp"

namespace fairlead::connector {

/// Where a request goes and what it says; credentials are added by the authorizer.
struct RequestDraft {
  std::string method;
  std::string base_url;  ///< rendered server template
  std::string path;      ///< encoded, begins where base_url ends
  std::string query;     ///< encoded, without '?'
  net::Headers headers;  ///< declared header parameters and Content-Type
  std::optional<std::string> body;
};

/// Scoping, checks, path, query, headers, body: in the order of section 6.1. `extracted` are values
/// from the token response, over `config`.
Result<RequestDraft, CallError> build_request(const Definition& definition,
                                              const Operation& operation, json::object params,
                                              const ConfigValues& config,
                                              const std::map<std::string, std::string>& extracted,
                                              Instant now);

/// Server template + variable defaults + config + extracted values (section 5). Host parts are held
/// to their grammar (F5).
Result<std::string, CallError> render_base_url(const Definition& definition,
                                               const ConfigValues& config,
                                               const std::map<std::string, std::string>& extracted);

}  // namespace fairlead::connector
