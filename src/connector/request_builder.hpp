// (operation, params, config) -> the exact request, without credentials. Pure, but for the random
// boundary of a multipart body. Sections 5 and 6 of the format.
#pragma once

#include "connector/call.hpp"

namespace fairlead::connector {

/// Where a request goes and what it says; credentials are added by the authorizer.
struct RequestDraft {
  std::string method;
  std::string base_url;  ///< rendered server template; see build_request for when it is empty
  std::string path;      ///< encoded, begins where base_url ends
  std::string query;     ///< encoded, without '?'
  net::Headers headers;  ///< Accept, declared header parameters and Content-Type
  std::optional<std::string> body;

  std::string url() const { return base_url + path + (query.empty() ? "" : "?") + query; }
};

/// Scoping, checks, path, query, headers, body: in the order of section 6.1. `extracted` are values
/// from the token response, over `config`. `base_url` stays empty when only a token response can
/// complete it. `range_header` becomes Range for downloads of one step (two steps: of the second);
/// parameters that nothing declares are dropped.
Result<RequestDraft, CallError> build_request(const Definition& definition,
                                              const Operation& operation, json::object params,
                                              const ConfigValues& config,
                                              const std::map<std::string, std::string>& extracted,
                                              Instant now);

/// Names in `params` that the operation does not know, in the caller's order. build_request drops
/// them; a stricter caller can refuse or warn.
std::vector<std::string> unknown_parameters(const Definition& definition,
                                            const Operation& operation, const json::object& params);

/// Server template + variable defaults + config + extracted values (section 5). Host parts are held
/// to their grammar (F5). A setting that is not there is a missing_parameter error.
Result<std::string, CallError> render_base_url(const Definition& definition,
                                               const ConfigValues& config,
                                               const std::map<std::string, std::string>& extracted);

/// The URL of the token endpoint, from the text of its template; held to the same grammar.
Result<std::string, CallError> render_token_url(const Definition& definition, std::string_view text,
                                                const ConfigValues& config,
                                                const std::map<std::string, std::string>& extracted,
                                                std::string_view client_id);

/// What `config` means in a definition: variable defaults, the user's settings over them, values
/// from the token response over these.
json::object effective_config(const Definition& definition, const ConfigValues& config,
                              const std::map<std::string, std::string>& extracted);

}  // namespace fairlead::connector
