#include "platform/execute.hpp"

#include "base/log.hpp"
#include "base/suggestion.hpp"
#include "connector/download.hpp"
#include "connector/other_names.hpp"
#include "platform/describe.hpp"
#include "platform/paging.hpp"
#include "platform/sealed_credentials.hpp"
#include "platform/unbroken.hpp"

#include <algorithm>
#include <charconv>

namespace fairlead::platform {
namespace {

using connector::CallError;
using connector::CallErrorKind;
using connector::Effect;
using connector::Operation;

constexpr std::chrono::seconds call_limit{60};
constexpr std::chrono::minutes download_limit{10};
/// Names that clients add for the answer's form; the engine takes them out before sending.
constexpr std::string_view own_parameter_prefix = "_airbyte_";
/// Unknown parameters that one answer names; each is compared with all that the action takes.
constexpr std::size_t most_unknown = 20;

using Steady = std::chrono::steady_clock;

bool is_write(const Operation& operation) { return operation.effect != Effect::read; }

bool is_context_store(std::string_view action) { return action.starts_with("context_store_"); }

Error lookup_error(const connector::LookupFailure& failure) {
  using Reason = connector::LookupFailure::Reason;
  const bool entity = failure.reason == Reason::entity_not_found;
  return invalid_field(entity ? "entity" : "action", failure.message,
                       entity ? "unknown_entity" : "unknown_action");
}

/// A parameter that nothing declares would be dropped without a word; the caller is told instead.
std::optional<Error> refusal_of_unknown(const connector::Definition& definition,
                                        const Operation& operation, const json::object& params) {
  Error error{ErrorKind::invalid_input, ""};
  for (const std::string& name : connector::unknown_parameters(definition, operation, params)) {
    if (name.starts_with(own_parameter_prefix)) continue;
    if (error.fields.size() == most_unknown) break;
    std::string message = "unknown parameter '" + name + "'" +
                          what_else(name, parameter_names(operation), "this action takes");
    error.fields.push_back({"params." + name, message, "unknown_parameter"});
  }
  if (error.fields.empty()) return std::nullopt;
  error.message = error.fields.front().message;
  return error;
}

/// A download asks for the file itself, unless it says that it wants a part as JSON. What it says
/// wrongly is the engine's to refuse.
std::optional<Error> refusal_of_file(const Operation& operation, json::object params) {
  if (operation.action != connector::Action::download) return std::nullopt;
  const auto chunk = connector::read_chunk_request(params);
  if (!chunk || *chunk) return std::nullopt;
  return invalid_field("params._airbyte_response_type",
                       "only JSON can be answered here; send _airbyte_response_type \"json\" to "
                       "get a part of the file",
                       "not_allowed_value");
}

bool is_renewed_by_tokens(const StoredConnector& connector) {
  const auto* scheme = connector.definition->find_scheme(connector.row.auth_scheme);
  return scheme && scheme->kind == connector::AuthScheme::Kind::oauth2;
}

Error needs_new_credentials(const std::string& reason) {
  return {.kind = ErrorKind::conflict,
          .message =
              "the service no longer accepts the credentials of this connector; give it new "
              "ones" +
              (reason.empty() ? std::string() : " (" + reason + ")"),
          .code = "credential_needs_reauth"};
}

Error unusable_credentials(const std::string& reason) {
  return {.kind = ErrorKind::conflict,
          .message =
              "the stored credentials cannot be used; give the connector new ones (" + reason + ")",
          .code = "credential_needs_reauth"};
}

/// The service said that it did it; only its answer cannot be read.
bool is_garbled_success(const CallError& failure) {
  const bool unreadable = failure.kind == CallErrorKind::http_client ||
                          failure.kind == CallErrorKind::record_expression;
  return unreadable && failure.status / 100 == 2;
}

store::ToolCallRow new_row(const Caller& caller, const StoredConnector& connector,
                           const ExecuteCommand& command, const CallSource& source, Instant now,
                           const vault::Vault& vault) {
  store::ToolCallRow row{.organization_id = connector.organization,
                         .id = store::tool_call_id(now),
                         .workspace_id = connector.row.workspace_id,
                         .connector_id = connector.row.id,
                         .time = now};
  row.request_id = source.request_id;
  row.interface = source.interface;
  row.client = source.client;
  row.actor = caller.client().str();
  row.connector_name = connector.row.name;
  row.definition = connector.entry->slug;
  row.definition_version = connector.definition->version;
  row.type = is_context_store(command.action) ? "search" : "direct";
  row.entity = as_logged(command.entity, 128);
  row.action = as_logged(command.action, 128);
  row.intent = as_logged(command.intent, 512);
  row.params = fingerprints(vault, connector.organization, command.params);
  row.request_bytes = static_cast<std::int64_t>(source.request_bytes);
  return row;
}

void note(store::ToolCallRow& row, const Result<Executed>& result, Steady::time_point begun) {
  row.duration_us =
      std::chrono::duration_cast<std::chrono::microseconds>(Steady::now() - begun).count();
  if (result) {
    row.status = "succeeded";
    row.answer_bytes = static_cast<std::int64_t>(result->data.size());
    return;
  }
  const Error& error = result.error();
  row.status = error.code == "outcome_unknown" ? "outcome_unknown" : "failed";
  row.error_code = !error.code.empty()    ? error.code
                   : error.fields.empty() ? std::string("failed")
                                          : error.fields.front().code;
  if (error.upstream_status > 0) row.upstream_status = error.upstream_status;
}

/// The outcome as it is kept for a repetition: the length of `data`, then both texts.
std::string to_text(const Executed& executed) {
  return std::to_string(executed.data.size()) + '\n' + executed.data + executed.metadata;
}

Executed from_text(std::string_view text) {
  Executed executed;
  std::size_t size = 0;
  const auto [end, failure] = std::from_chars(text.data(), text.data() + text.size(), size);
  const auto begin = static_cast<std::size_t>(end - text.data()) + 1;
  if (failure != std::errc() || begin + size > text.size())
    throw Failure(Error{ErrorKind::internal, "a stored outcome is damaged"});
  executed.data = text.substr(begin, size);
  executed.metadata = text.substr(begin + size);
  executed.replayed = true;
  return executed;
}

/// Keeps the place of a running execute until the file has been read, or given up.
net::BodyStream holding(Admission::Place place, net::BodyStream stream) {
  struct Held {
    Admission::Place place;
    net::BodyStream stream;
  };
  auto held = std::make_shared<Held>(Held{std::move(place), std::move(stream)});
  return [held]() { return held->stream(); };
}

/// `params.fields` of a read that has no such parameter chooses members of the records, as
/// `select_fields` does; published clients send it for every connector that has it in one place.
void take_fields(const Operation& operation, ExecuteCommand& command) {
  const auto found = command.params.find("fields");
  if (found == command.params.end() || is_write(operation) || !found->value().is_array()) return;
  const std::vector<std::string> names = parameter_names(operation);
  if (std::find(names.begin(), names.end(), "fields") != names.end()) return;
  std::vector<std::string> wanted;
  for (const json::value& one : found->value().get_array()) {
    if (!one.is_string()) return;
    wanted.emplace_back(one.get_string());
  }
  command.params.erase(found);
  if (command.select_fields.empty()) command.select_fields = std::move(wanted);
}

}  // namespace

Task<Result<Executor::Prepared>> Executor::prepare(const Caller& caller, const ConnectorId& id,
                                                   ExecuteCommand& command) {
  if (auto allowed = access::check_right(caller, access::Right::execute); !allowed)
    co_return std::move(allowed).error();
  const StoredConnectorPtr connector = co_await cache_.find(caller.organization(), id);
  if (!connector || !caller.reaches(connector->row.workspace_id)) co_return no_such_connector();
  if (!connector->row.workspace_active)
    co_return Error{.kind = ErrorKind::forbidden,
                    .message = "the workspace of this connector is inactive",
                    .code = "workspace_inactive"};
  if (!connector->definition)
    co_return Error{.kind = ErrorKind::conflict,
                    .message = "this server no longer has the definition of this connector"};
  if (command.action == "describe") {
    if (!command.entity.empty() && !connector->definition->find_entity(command.entity))
      co_return lookup_error(connector->definition->find(command.entity, "list").error());
    co_return Prepared{connector, nullptr};
  }
  if (is_context_store(command.action))
    co_return Error{.kind = ErrorKind::conflict,
                    .message =
                        "the Context Store holds nothing of this connector; use list, get "
                        "or search to ask the service itself",
                    .code = "context_store_not_ready"};

  auto operation = connector->definition->find(command.entity, command.action);
  if (!operation) co_return lookup_error(operation.error());
  connector::take_other_names(**operation, command.params);
  command.cursor =
      connector::take_paging_words(*connector->definition, **operation, command.params);
  take_fields(**operation, command);
  if (auto unknown = refusal_of_unknown(*connector->definition, **operation, command.params))
    co_return *std::move(unknown);
  if (command.json_only)
    if (auto file = refusal_of_file(**operation, command.params)) co_return *std::move(file);
  co_return Prepared{connector, *operation};
}

Task<Result<Executed>> Executor::execute(Caller caller, ConnectorId id, ExecuteCommand command,
                                         CallSource source, Deadline deadline) {
  const auto begun = Steady::now();
  auto prepared = co_await prepare(caller, id, command);
  if (!prepared) {
    // A mistake on a connector of the caller's is worth a line in the log.
    const StoredConnectorPtr known = co_await cache_.find(caller.organization(), id);
    const Result<Executed> failed = prepared.error();
    if (known && known->definition && caller.reaches(known->row.workspace_id)) {
      auto row = new_row(caller, *known, command, source, services_.clock.now(), services_.vault);
      note(row, failed, begun);
      log_.add(std::move(row));
    }
    co_return std::move(prepared).error();
  }
  const StoredConnectorPtr connector = prepared->connector;
  const Operation* operation = prepared->operation;
  auto row = new_row(caller, *connector, command, source, services_.clock.now(), services_.vault);
  if (!operation) {
    auto described = co_await describe(connector, command.entity);
    note(row, described, begun);
    log_.add(std::move(row));
    co_return std::move(described);
  }
  row.effect = name_of(operation->effect);

  const auto& rate = connector->definition->rate_limit;
  const std::size_t concurrent = rate ? rate->concurrent : 0;
  auto place = co_await admission_.enter(connector->organization, connector->row.workspace_id,
                                         connector->row.id, deadline, concurrent);
  if (!place) {
    const Result<Executed> turned_away = std::move(place).error();
    note(row, turned_away, begun);
    log_.add(std::move(row));
    co_return turned_away.error();
  }

  Result<Executed> result = Error{};
  if (is_write(*operation)) {
    // A client that goes away must not leave a write that nobody recorded.
    auto whole = write(connector, operation, std::move(command), std::move(row), begun, deadline);
    result = co_await unbroken(std::move(whole));
  } else {
    result = co_await call_service(connector, operation, std::move(command), row, deadline);
    note(row, result, begun);
    log_.add(std::move(row));
  }

  if (result) {
    result->took = std::chrono::duration_cast<std::chrono::milliseconds>(Steady::now() - begun);
    if (result->download)
      result->download->body = holding(*std::move(place), std::move(result->download->body));
  }
  co_return std::move(result);
}

Task<Result<Executed>> Executor::write(StoredConnectorPtr connector, const Operation* operation,
                                       ExecuteCommand command, store::ToolCallRow row,
                                       Steady::time_point begun, Deadline deadline) {
  std::optional<Idempotency::Claim> claim;
  if (command.idempotency) {
    command.idempotency_seed = connector->row.id.str() + '\n' + command.idempotency->key + '\n' +
                               command.idempotency->text;
    auto claimed =
        co_await idempotency_.claim(connector->organization, connector->row.workspace_id.str(),
                                    *std::move(command.idempotency));
    if (!claimed) co_return std::move(claimed).error();
    if (claimed->stored_outcome) co_return from_text(*claimed->stored_outcome);
    claim = *std::move(claimed);
  }

  Result<Executed> result = Error{};
  bool begun_sending = false;
  try {
    co_await log_.begin(row);
    begun_sending = true;
    result = co_await call_service(connector, operation, std::move(command), row, deadline);
  } catch (const Failure& failure) {
    result = failure.error();
  } catch (const std::exception& unexpected) {
    result = begun_sending
                 ? Error{.kind = ErrorKind::conflict,
                         .message = "nobody knows whether the service carried this out",
                         .code = "outcome_unknown",
                         .detail = unexpected.what()}
                 : Error{.kind = ErrorKind::internal, .message = {}, .detail = unexpected.what()};
  }
  note(row, result, begun);
  co_await settle(std::move(claim), result, std::move(row));
  co_return std::move(result);
}

Task<void> Executor::settle(std::optional<Idempotency::Claim> claim, const Result<Executed>& result,
                            store::ToolCallRow row) {
  const std::string call = row.id;
  try {
    if (claim) {
      if (result)
        co_await idempotency_.done(*std::move(claim), to_text(*result));
      else if (row.status == "outcome_unknown")
        co_await idempotency_.unknown(*std::move(claim));
      else
        co_await idempotency_.release(*std::move(claim));
    }
  } catch (const std::exception& failure) {
    log::error("idempotency.not_stored", {{"call", call}, {"why", failure.what()}});
  }
  try {
    co_await log_.finish(std::move(row));
  } catch (const std::exception& failure) {
    log::error("tool_calls.not_written", {{"calls", 1}, {"call", call}, {"why", failure.what()}});
  }
}

Task<Result<Executed>> Executor::call_service(StoredConnectorPtr connector,
                                              const Operation* operation, ExecuteCommand command,
                                              store::ToolCallRow& row, Deadline deadline) {
  if (connector->row.status == "needs_reauth" && is_renewed_by_tokens(*connector))
    co_return needs_new_credentials(connector->row.status_reason.value_or(""));

  const connector::Call call = to_call(*connector, std::move(command), deadline);
  const connector::EngineOptions options = engine_options(*connector);
  SealedCredentials credentials(services_, cache_, renewals_, connector);
  Result<Executed> result = Error{};
  try {
    auto outcome = co_await services_.engine.execute(call, credentials, options);
    if (outcome) {
      row.upstream_status = outcome->upstream_status;
      row.attempts = outcome->attempts;
      if (outcome->record_count)
        row.record_count = static_cast<std::int64_t>(*outcome->record_count);
      Executed executed;
      executed.metadata = uniform_metadata(outcome->meta, outcome->page);
      executed.data = std::move(outcome->data);
      executed.download = std::move(outcome->download);
      result = std::move(executed);
    } else {
      CallError failure = std::move(outcome).error();
      if (is_write(*operation) && is_garbled_success(failure)) failure.outcome_unknown = true;
      result = co_await refused(connector, std::move(failure), credentials.needs_reauth());
    }
  } catch (const Failure& failure) {
    result = failure.error();
  }
  if (!result && result.error().code == vault::crypto_tamper_detected)
    co_await cache_.note_status(connector, "config_error",
                                "the stored credentials cannot be opened");
  else if (result && connector->row.status != "ready")
    co_await cache_.note_status(connector, "ready", std::nullopt);
  co_return std::move(result);
}

Task<Error> Executor::refused(StoredConnectorPtr connector, CallError failure, bool needs_reauth) {
  // Found before anything was sent; nobody else is to blame for it.
  if (failure.kind == CallErrorKind::credentials && failure.status == 0)
    co_return unusable_credentials(failure.message);
  const bool token_endpoint = failure.kind == CallErrorKind::credentials;
  if (needs_reauth) co_return needs_new_credentials(failure.message);
  if (failure.kind == CallErrorKind::authentication && failure.status == 401 &&
      !is_renewed_by_tokens(*connector) && connector->row.status != "needs_reauth")
    co_await cache_.note_status(connector, "needs_reauth", "the service refused the credentials");

  const bool unknown = failure.outcome_unknown;
  Error error = connector::to_error(std::move(failure));
  if (token_endpoint) {
    error.kind = ErrorKind::upstream_unreachable;
    error.code = "provider_unavailable";
    error.fields.clear();
  }
  if (unknown) {  // nobody may take it for worth repeating
    error.kind = ErrorKind::conflict;
    error.message += "; the service may have carried it out: look there before you send it again";
  }
  co_return error;
}

Task<Result<Executed>> Executor::describe(StoredConnectorPtr connector, std::string entity) {
  Executed executed;
  executed.data = json::serialize(platform::describe(*connector->definition, entity));
  co_return executed;
}

Task<Result<connector::Plan>> Executor::plan(Caller caller, ConnectorId id, ExecuteCommand command,
                                             Deadline deadline) {
  auto prepared = co_await prepare(caller, id, command);
  if (!prepared) co_return std::move(prepared).error();
  if (!prepared->operation)
    co_return invalid_field("action", "describe sends nothing, so there is nothing to plan",
                            "not_allowed_value");
  const StoredConnectorPtr connector = prepared->connector;
  const connector::Call call = to_call(*connector, std::move(command), deadline);
  const connector::EngineOptions options = engine_options(*connector);
  SealedCredentials credentials(services_, cache_, renewals_, connector);
  auto plan = co_await services_.engine.plan(call, credentials, options);
  if (!plan) co_return connector::to_error(std::move(plan).error());
  co_return *std::move(plan);
}

connector::Call Executor::to_call(const StoredConnector& connector, ExecuteCommand command,
                                  Deadline deadline) const {
  connector::Call call;
  call.definition = connector.definition.get();
  call.entity = std::move(command.entity);
  call.action = std::move(command.action);
  call.params = std::move(command.params);
  call.cursor = std::move(command.cursor);
  call.idempotency_seed = std::move(command.idempotency_seed);
  call.config = connector.config;
  call.auth_scheme = connector.row.auth_scheme;
  call.select_fields = std::move(command.select_fields);
  call.exclude_fields = std::move(command.exclude_fields);
  call.truncate = command.truncate;
  call.deadline =
      call.action == "download" ? deadline.within(download_limit) : deadline.within(call_limit);
  return call;
}

connector::EngineOptions Executor::engine_options(const StoredConnector& connector) const {
  connector::EngineOptions options;
  options.connect_to = services_.connect_to;
  options.pool = connector.organization.str();
  options.clock = &services_.clock;
  options.rates = &rates_;
  options.rate_key = connector.row.id.str();
  return options;
}

}  // namespace fairlead::platform
