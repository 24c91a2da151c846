// Tokens: who is calling.
#include "api/exchange.hpp"
#include "api/views.hpp"

namespace fairlead::api {
namespace {

/// Older clients call a workspace by other names.
std::string workspace_name_in(BodyReader& body) {
  for (const char* name : {"workspace_name", "customer_name", "external_user_id"})
    if (body.has(name)) return body.text(name);
  return body.text("workspace_name");
}

std::optional<access::WorkspaceName> parsed_workspace(BodyReader& body) {
  const std::string name = workspace_name_in(body);
  if (!body.problems().empty()) return std::nullopt;
  auto parsed = access::WorkspaceName::parse(name);
  if (parsed) return *std::move(parsed);
  body.problems().add("workspace_name", parsed.error().message, "invalid");
  return std::nullopt;
}

}  // namespace

void check_template_tags(BodyReader& body, std::initializer_list<std::string_view> names) {
  for (const std::string_view name : names) {
    body.texts(name);
    const std::string mode_name = std::string(name) + "_mode";
    const auto mode = body.optional_text(mode_name);
    if (mode && *mode != "all" && *mode != "any")
      body.problems().add(mode_name, mode_name + " must be one of all, any", "not_allowed_value");
  }
}

Task<Answer> create_application_token(Exchange& exchange) {
  // A form is the client credentials grant of OAuth 2.
  const bool is_grant = exchange.has_form();
  auto parsed = is_grant ? exchange.form(usual_body) : exchange.body(usual_body);
  if (!parsed) co_return std::move(parsed).error();
  BodyReader body(*std::move(parsed));
  if (is_grant && body.text("grant_type") != "client_credentials" && body.problems().empty())
    body.problems().add("grant_type", "only client_credentials is offered here", "invalid");
  std::string client_id = body.text("client_id");
  Secret client_secret = body.secret("client_secret");
  if (!body.problems().empty()) co_return body.problems().error();

  auto token = co_await exchange.parts.access.tokens().application_token(
      std::move(client_id), std::move(client_secret), exchange.request.peer);
  if (!token) co_return std::move(token).error();
  const std::string* wanted = exchange.request.headers.find("X-Organization-Id");
  if (wanted && canonical_uuid(*wanted) != token->organization_id.str())
    co_return Error{.kind = ErrorKind::forbidden,
                    .message =
                        "this client belongs to another organization than "
                        "X-Organization-Id names",
                    .code = "organization_mismatch"};
  co_return json_response(json::object{{"access_token", token->access_token},
                                       {"token_type", is_grant ? "Bearer" : "bearer"},
                                       {"expires_in", token->expires_in.count()},
                                       {"organization_id", token->organization_id.str()}});
}

Task<Answer> create_scoped_token(Exchange& exchange) {
  auto parsed = exchange.body(usual_body);
  if (!parsed) co_return std::move(parsed).error();
  BodyReader body(*std::move(parsed));
  auto workspace = parsed_workspace(body);
  if (!body.problems().empty()) co_return body.problems().error();
  auto token = co_await exchange.parts.access.tokens().scoped_token(exchange.caller(),
                                                                    *std::move(workspace));
  if (!token) co_return std::move(token).error();
  co_return json_response(json::object{{"token", *token}});
}

Task<Answer> create_widget_token(Exchange& exchange) {
  auto parsed = exchange.body(usual_body);
  if (!parsed) co_return std::move(parsed).error();
  BodyReader body(*std::move(parsed));
  check_template_tags(body, {"selected_source_template_tags", "selected_connection_template_tags"});
  auto workspace = parsed_workspace(body);
  const std::string allowed_origin = body.text("allowed_origin");
  std::optional<access::WidgetOrigin> origin;
  if (!allowed_origin.empty()) {
    auto checked = access::WidgetOrigin::parse(allowed_origin);
    if (checked)
      origin = *std::move(checked);
    else
      body.problems().add("allowed_origin", checked.error().message, "invalid");
  } else if (body.has("allowed_origin")) {
    body.problems().add("allowed_origin", "allowed_origin is required", "missing");
  }
  if (!body.problems().empty()) co_return body.problems().error();
  auto token = co_await exchange.parts.access.tokens().widget_token(
      exchange.caller(), *std::move(workspace), *std::move(origin));
  if (!token) co_return std::move(token).error();
  co_return json_response(json::object{{"token", *token}});
}

Task<Answer> get_scoped_token_info(Exchange& exchange) {
  auto info = co_await exchange.parts.access.tokens().scoped_token_info(exchange.caller());
  if (!info) co_return std::move(info).error();
  co_return json_response(json::object{{"organization_id", info->organization_id.str()},
                                       {"workspace_id", info->workspace_id.str()},
                                       {"workspace_name", info->workspace_name}});
}

}  // namespace fairlead::api
