#include "api/errors.hpp"

#include "api/api.hpp"

#include <algorithm>
#include <array>

namespace fairlead::api {
namespace {

/// A code whose status is not the usual one of its kind, or that is in the list for its kind's
/// sake.
struct Code {
  std::string_view name;
  int status = 0;  ///< 0: the usual one
};

// The closed list, in the order of the contract.
constexpr std::array codes = {
    Code{"malformed_request", 400},
    Code{"invalid_form", 400},
    Code{"invalid_json", 400},
    Code{"invalid_cursor", 400},
    Code{"credentials_mismatch", 400},
    Code{"credentials_rejected", 400},
    Code{"provider_rejected", 400},
    Code{"unauthenticated"},
    Code{"token_invalid"},
    Code{"token_expired"},
    Code{"token_revoked"},
    Code{"invalid_client"},
    Code{"forbidden"},
    Code{"organization_mismatch"},
    Code{"workspace_inactive"},
    Code{"code_rejected"},
    Code{"provider_auth", 403},
    Code{"not_found"},
    Code{"provider_not_found", 404},
    Code{"method_not_allowed", 405},
    Code{"too_large"},
    Code{"unsupported_media_type", 415},
    Code{"conflict"},
    Code{"workspace_exists"},
    Code{"credential_needs_reauth"},
    Code{"context_store_not_ready"},
    Code{"request_in_progress"},
    Code{"outcome_unknown", 409},
    Code{"invalid"},
    Code{"missing"},
    Code{"value_error"},
    Code{"wrong_type"},
    Code{"uuid"},
    Code{"out_of_range"},
    Code{"too_long"},
    Code{"not_allowed_value"},
    Code{"unknown_parameter"},
    Code{"unknown_entity"},
    Code{"unknown_action"},
    Code{"missing_configuration"},
    Code{"idempotency_key_reused"},
    Code{"rate_limited"},
    Code{"provider_rate_limited"},
    Code{"internal"},
    Code{"crypto_tamper_detected"},
    Code{"not_offered", 501},
    Code{"provider_unavailable"},
    Code{"unavailable"},
    Code{"epochs_stale"},
    Code{"setup_required"},
    Code{"sealed"},
    Code{"credential_refresh_in_progress"},
    Code{"timed_out"},
    Code{"provider_timeout"},
};

const Code* find_code(std::string_view name) {
  const auto* found = std::find_if(codes.begin(), codes.end(),
                                   [name](const Code& code) { return code.name == name; });
  return found == codes.end() ? nullptr : found;
}

struct Usual {
  int status;
  std::string_view code;
};

Usual usual_of(ErrorKind kind) {
  switch (kind) {
    case ErrorKind::invalid_input:
      return {422, "invalid"};
    case ErrorKind::unauthenticated:
      return {401, "unauthenticated"};
    case ErrorKind::forbidden:
      return {403, "forbidden"};
    case ErrorKind::not_found:
      return {404, "not_found"};
    case ErrorKind::conflict:
      return {409, "conflict"};
    case ErrorKind::too_large:
      return {413, "too_large"};
    case ErrorKind::rate_limited:
      return {429, "rate_limited"};
    case ErrorKind::upstream_refused:
      return {400, "provider_rejected"};
    case ErrorKind::upstream_unreachable:
      return {502, "provider_unavailable"};
    case ErrorKind::timed_out:
      return {504, "timed_out"};
    case ErrorKind::unavailable:
      return {503, "unavailable"};
    case ErrorKind::internal:
      return {500, "internal"};
  }
  return {500, "internal"};
}

std::string_view code_of(const Error& error) {
  return find_code(error.code) ? std::string_view(error.code) : usual_of(error.kind).code;
}

json::value details_of(const Error& error) {
  if (error.upstream_status == 0) return nullptr;
  return json::object{{"provider_status", error.upstream_status}};
}

json::object entry(json::value field, const std::string& message, std::string_view code,
                   json::value details) {
  return {{"field", std::move(field)},
          {"message", message},
          {"error_code", json::string_view(code)},
          {"details", std::move(details)}};
}

}  // namespace

std::vector<std::string_view> error_codes() {
  std::vector<std::string_view> names;
  for (const Code& code : codes) names.push_back(code.name);
  return names;
}

int status_of(const Error& error) {
  const Code* code = find_code(error.code);
  return code && code->status > 0 ? code->status : usual_of(error.kind).status;
}

json::object error_body(const Error& error) {
  json::array entries;
  for (const FieldError& field : error.fields)
    entries.push_back(entry(json::string(field.field), field.message,
                            find_code(field.code) ? std::string_view(field.code) : "invalid",
                            details_of(error)));
  if (entries.empty())
    entries.push_back(entry(nullptr, error.message, code_of(error), details_of(error)));
  return {{"message", error.message}, {"errors", std::move(entries)}};
}

net::Response error_response(const Error& error) {
  net::Response response;
  response.status = status_of(error);
  response.headers.add("Content-Type", "application/json");
  if (response.status == 401) response.headers.add("WWW-Authenticate", "Bearer");
  const bool waits = response.status == 429 || response.status == 503;
  if (error.retry_after || waits)
    response.headers.add(
        "Retry-After", std::to_string(error.retry_after.value_or(std::chrono::seconds(1)).count()));
  response.body = json::serialize(error_body(error));
  return response;
}

}  // namespace fairlead::api
