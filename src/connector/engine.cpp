#include "connector/engine.hpp"

#include "connector/execution.hpp"
#include "connector/wire_text.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace fairlead::connector {
namespace {

Task<Result<Outcome, CallError>> run(net::HttpClient& client, const Call& call,
                                     CredentialSource& credentials, EngineOptions options) {
  Execution execution(client, call, credentials, std::move(options));
  auto outcome = co_await execution.run();
  co_return outcome;
}

Task<Result<Plan, CallError>> run_plan(net::HttpClient& client, const Call& call,
                                       CredentialSource& credentials, EngineOptions options) {
  Execution execution(client, call, credentials, std::move(options));
  auto plan = co_await execution.plan();
  co_return plan;
}

// Health check (section 12).

bool needs_caller(const Operation& operation) {
  const bool has_hole = std::any_of(operation.path.begin(), operation.path.end(),
                                    [](const PathPiece& piece) { return piece.is_parameter; });
  return has_hole || std::any_of(operation.parameters.begin(), operation.parameters.end(),
                                 [](const Parameter& parameter) {
                                   return parameter.in == Location::query && parameter.required &&
                                          !parameter.default_value && !parameter.inject;
                                 });
}

const Operation* choose_check(const Definition& definition) {
  const Operation* list = nullptr;
  for (const Entity& entity : definition.entities)
    for (const Operation* const operation : entity.operations) {
      if (operation->preferred_for_check) return operation;
      if (list == nullptr && operation->action == Action::list && !needs_caller(*operation))
        list = operation;
    }
  return list;
}

/// A value that the file names for probes, rendered where it is a template.
std::optional<json::value> probe_value(const json::value& value, Instant now) {
  const auto* const text = value.if_string();
  if (text == nullptr || fairlead::view(*text).find("{{") == std::string_view::npos) return value;
  const auto parsed = Template::parse(fairlead::view(*text));
  if (!parsed) return std::nullopt;
  const auto rendered = parsed->render({}, Undefined::is_error, now);
  if (!rendered) return std::nullopt;
  return json::value(key_of(*rendered));
}

json::object check_params(const Operation& operation, Instant now) {
  json::object params;
  if (operation.action == Action::list) params["limit"] = 1;
  const auto add = [&](const std::string& name, const std::optional<json::value>& value) {
    if (!value || params.contains(key_of(name))) return;
    if (auto rendered = probe_value(*value, now)) params[name] = *std::move(rendered);
  };
  for (const Parameter& parameter : operation.parameters)
    add(parameter.name, parameter.in == Location::query && !parameter.probe_default
                            ? parameter.default_value
                            : parameter.probe_default);
  for (const BodyField& field : operation.body.fields) add(field.name, field.probe_default);
  return params;
}

Task<json::object> run_check(net::HttpClient& client, const Definition& definition,
                             ConfigValues config, std::string auth_scheme,
                             CredentialSource& credentials, Deadline deadline,
                             EngineOptions options) {
  const Operation* const operation = choose_check(definition);
  if (operation == nullptr)
    co_return json::object{{"status", "skipped"},
                           {"error", "the definition has no operation that can serve as a check"}};
  const SystemClock system;
  const Instant now = options.clock != nullptr ? options.clock->now() : system.now();
  Call call;
  call.definition = &definition;
  call.entity = operation->entity;
  call.action = name_of(operation->action);
  call.params = check_params(*operation, now);
  call.config = std::move(config);
  call.auth_scheme = std::move(auth_scheme);
  call.deadline = deadline;
  json::object result{{"status", "healthy"}};
  auto outcome = co_await run(client, call, credentials, std::move(options));
  if (!outcome) {
    result["status"] = "unhealthy";
    result["error"] = outcome.error().message;
    result["error_kind"] = key_of(name_of(outcome.error().kind));
    if (outcome.error().status > 0) result["status_code"] = outcome.error().status;
  }
  result["checked_entity"] = call.entity;
  result["checked_action"] = call.action;
  co_return result;
}

}  // namespace

// These are no coroutines themselves, so that default arguments need not outlive the call.

Task<Result<Outcome, CallError>> Engine::execute(const Call& call, CredentialSource& credentials,
                                                 const EngineOptions& options) {
  return run(client_, call, credentials, options);
}

Task<Result<Plan, CallError>> Engine::plan(const Call& call, CredentialSource& credentials,
                                           const EngineOptions& options) {
  return run_plan(client_, call, credentials, options);
}

Task<json::object> Engine::check(const Definition& definition, const ConfigValues& config,
                                 const std::string& auth_scheme, CredentialSource& credentials,
                                 Deadline deadline, const EngineOptions& options) {
  return run_check(client_, definition, config, auth_scheme, credentials, deadline, options);
}

}  // namespace fairlead::connector
