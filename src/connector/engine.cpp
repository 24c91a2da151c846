#include "connector/engine.hpp"

#include "connector/execution.hpp"
#include "connector/health.hpp"

namespace fairlead::connector {
namespace {

Task<Result<Outcome, CallError>> run(net::HttpClient& client, const Call& call,
                                     CredentialSource& credentials, EngineOptions options) {
  Execution execution(client, call, credentials, std::move(options));
  auto outcome = co_await execution.run();
  if (!outcome) co_return shortened(std::move(outcome).error());
  co_return outcome;
}

Task<Result<Plan, CallError>> run_plan(net::HttpClient& client, const Call& call,
                                       CredentialSource& credentials, EngineOptions options) {
  Execution execution(client, call, credentials, std::move(options));
  auto plan = co_await execution.plan();
  if (!plan) co_return shortened(std::move(plan).error());
  co_return plan;
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
  return run_check(*this, {&definition, config, auth_scheme, &credentials, deadline, options});
}

Task<json::object> Engine::check_entities(const Definition& definition,
                                          std::vector<std::string> entities,
                                          const ConfigValues& config,
                                          const std::string& auth_scheme,
                                          CredentialSource& credentials, Deadline deadline,
                                          const EngineOptions& options) {
  return run_entity_checks(*this,
                           {&definition, config, auth_scheme, &credentials, deadline, options},
                           std::move(entities));
}

}  // namespace fairlead::connector
