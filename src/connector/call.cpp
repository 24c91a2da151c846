#include "connector/call.hpp"

#include "connector/answer_reader.hpp"

namespace fairlead::connector {
namespace {

/// The error code of the REST contract for what the service said.
std::string provider_code(int status) {
  if (status == 401 || status == 403) return "provider_auth";
  if (status == 404) return "provider_not_found";
  return status >= 500 ? "provider_unavailable" : "provider_rejected";
}

}  // namespace

std::string_view name_of(CallErrorKind kind) {
  switch (kind) {
    case CallErrorKind::missing_parameter:
      return "missing_parameter";
    case CallErrorKind::invalid_parameter:
      return "invalid_parameter";
    case CallErrorKind::entity_not_found:
      return "entity_not_found";
    case CallErrorKind::action_not_supported:
      return "action_not_supported";
    case CallErrorKind::unknown_action:
      return "unknown_action";
    case CallErrorKind::credentials:
      return "credentials";
    case CallErrorKind::validation:
      return "validation";
    case CallErrorKind::authentication:
      return "authentication";
    case CallErrorKind::rate_limit:
      return "rate_limit";
    case CallErrorKind::http_status:
      return "http_status";
    case CallErrorKind::api_error:
      return "api_error";
    case CallErrorKind::http_client:
      return "http_client";
    case CallErrorKind::executor:
      return "executor";
    case CallErrorKind::record_expression:
      return "record_expression";
    case CallErrorKind::network:
      return "network";
    case CallErrorKind::timeout:
      return "timeout";
  }
  return "executor";
}

CallError shortened(CallError error) {
  error.message = quotable(error.message, 2'000);
  error.parameter = quotable(error.parameter, 200);
  return error;
}

Error to_error(CallError from) {
  Error error{ErrorKind::upstream_refused, std::move(from.message)};
  error.upstream_status = from.status;
  error.retry_after = from.retry_after;
  const auto about_input = [&](std::string field, std::string code) {
    error.kind = ErrorKind::invalid_input;
    error.fields.push_back({std::move(field), error.message, std::move(code)});
  };
  const std::string parameter = from.parameter.empty() ? "params" : "params." + from.parameter;
  switch (from.kind) {
    case CallErrorKind::missing_parameter:
      about_input(parameter, "missing");
      break;
    case CallErrorKind::invalid_parameter:
      about_input(parameter, "invalid");
      break;
    case CallErrorKind::entity_not_found:
      about_input("entity", "unknown");
      break;
    case CallErrorKind::action_not_supported:
    case CallErrorKind::unknown_action:
      about_input("action", "unknown");
      break;
    case CallErrorKind::credentials:
      about_input("credentials", "invalid");
      break;
    case CallErrorKind::validation:
      if (from.status == 0)
        about_input(parameter, "invalid");
      else
        error.code = provider_code(from.status);
      break;
    case CallErrorKind::authentication:
      error.code = "provider_auth";
      break;
    case CallErrorKind::rate_limit:
      error.kind = ErrorKind::rate_limited;
      // Without a status it was us who did not ask.
      error.code = from.status != 0 ? "provider_rate_limited" : "rate_limited";
      break;
    case CallErrorKind::http_status:
      error.code = provider_code(from.status);
      if (from.status >= 500) error.kind = ErrorKind::upstream_unreachable;
      break;
    case CallErrorKind::api_error:
    case CallErrorKind::executor:
      error.code = "provider_rejected";
      break;
    case CallErrorKind::http_client:
    case CallErrorKind::record_expression:
    case CallErrorKind::network:
      error.kind = ErrorKind::upstream_unreachable;
      error.code = "provider_unavailable";
      break;
    case CallErrorKind::timeout:
      error.kind = ErrorKind::timed_out;
      error.code = "provider_timeout";
      break;
  }
  if (from.outcome_unknown) error.code = "outcome_unknown";
  return error;
}

}  // namespace fairlead::connector
