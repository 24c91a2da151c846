// One request on its way to an answer, and the handlers of routes.
#pragma once

#include "api/api.hpp"
#include "api/decode.hpp"
#include "api/metrics.hpp"
#include "api/readiness.hpp"

#include <atomic>

namespace fairlead::api {

/// What handlers work with. Outlives every exchange.
struct Parts {
  platform::Platform& platform;
  access::Access& access;
  Options options;
  Metrics metrics;
  Readiness readiness = {};
  std::atomic<bool> draining = false;
};

struct Exchange {
  Parts& parts;
  net::Request request;
  std::string request_id;
  std::vector<std::string> path_values = {};  ///< of the holes in the pattern, decoded
  std::string query = {};                     ///< as sent
  std::optional<access::Caller> known_caller = {};
  Deadline deadline = Deadline::never();

  /// Of routes that need a token.
  const access::Caller& caller() const { return *known_caller; }
  platform::CallSource source() const;
  /// The body as an object. Errors: too_large, invalid_input (`invalid_json`).
  Result<json::object> body(std::size_t most_bytes) const;
  /// Whether the body is application/x-www-form-urlencoded.
  bool has_form() const;
  /// The body's names and texts. Errors: invalid_input (`invalid_form`).
  Result<json::object> form(std::size_t most_bytes) const;
};

using Answer = Result<net::Response>;
using Handler = Task<Answer> (*)(Exchange&);

net::Response json_response(std::string body, int status = 200);
inline net::Response json_response(const json::object& body, int status = 200) {
  return json_response(json::serialize(body), status);
}

inline Error no_such_address() { return not_found("there is nothing at this address"); }

/// Bodies of all routes but execute.
inline constexpr std::size_t usual_body = 1u << 20;
inline constexpr std::size_t execute_body = 4u << 20;

// account_routes.cpp
Task<Answer> create_application_token(Exchange&);
Task<Answer> create_scoped_token(Exchange&);
Task<Answer> create_widget_token(Exchange&);
Task<Answer> get_scoped_token_info(Exchange&);
// workspace_routes.cpp
Task<Answer> list_workspaces(Exchange&);
Task<Answer> create_workspace(Exchange&);
Task<Answer> count_workspaces(Exchange&);
Task<Answer> get_workspace(Exchange&);
Task<Answer> update_workspace(Exchange&);
Task<Answer> delete_workspace(Exchange&);
Task<Answer> list_organizations(Exchange&);
Task<Answer> list_organization_credentials(Exchange&);
// definition_routes.cpp
Task<Answer> list_definitions(Exchange&);
Task<Answer> get_definition(Exchange&);
Task<Answer> get_definition_icon(Exchange&);
Task<Answer> list_destinations(Exchange&);
Task<Answer> list_replicas(Exchange&);
Task<Answer> get_destination(Exchange&);
// connector_routes.cpp
Task<Answer> create_connector(Exchange&);
Task<Answer> list_connectors(Exchange&);
Task<Answer> check_new_connector(Exchange&);
Task<Answer> get_connector(Exchange&);
Task<Answer> update_connector(Exchange&);
Task<Answer> delete_connector(Exchange&);
Task<Answer> check_connector(Exchange&);
Task<Answer> inspect_connector(Exchange&);
Task<Answer> get_job(Exchange&);
// execute_route.cpp
Task<Answer> execute(Exchange&);
Task<Answer> prepare_execute(Exchange&);
Task<Answer> execute_batch(Exchange&);
// skill_routes.cpp
Task<Answer> list_skills(Exchange&);
Task<Answer> search_skills(Exchange&);
Task<Answer> read_skill(Exchange&);
// tool_call_routes.cpp
Task<Answer> list_tool_calls(Exchange&);
// setup_routes.cpp
Task<Answer> get_setup_page(Exchange&);
Task<Answer> claim_installation(Exchange&);
Task<Answer> recover_admin(Exchange&);
// server_routes.cpp
Task<Answer> is_alive(Exchange&);
Task<Answer> is_ready(Exchange&);
Task<Answer> get_metrics(Exchange&);
Task<Answer> get_signing_keys(Exchange&);
Task<Answer> get_document(Exchange&);
Task<Answer> get_page(Exchange&);

}  // namespace fairlead::api
