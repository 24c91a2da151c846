// Execute: the one path on which every interface calls a third-party service.
#pragma once

#include "platform/admission.hpp"
#include "platform/connector_cache.hpp"
#include "platform/idempotency.hpp"
#include "platform/renewals.hpp"
#include "platform/tool_call_log.hpp"

#include <optional>
#include <string>
#include <vector>

namespace fairlead::platform {

struct ExecuteCommand {
  std::string entity, action;
  json::object params = {};
  /// An end_cursor that is no parameter of the operation; taken out of `params` by execute.
  std::optional<std::string> cursor = {};
  std::vector<std::string> select_fields = {}, exclude_fields = {};
  bool truncate = false;  ///< cut long strings of lists
  /// Nothing but JSON can be answered: the file of a download is refused before anything is sent,
  /// a part of it as JSON is not.
  bool json_only = false;
  std::string intent = {};
  std::optional<IdempotencyKey> idempotency = {};  ///< of writes; reads need none
  /// What the key for the service is made from; filled in by execute where there is `idempotency`.
  std::string idempotency_seed = {};
};

struct Executed {
  std::string data = "null";      ///< JSON text
  std::string metadata = "null";  ///< JSON text of an object, or null
  std::optional<connector::Download> download = {};
  std::chrono::milliseconds took{0};
  bool replayed = false;  ///< the stored outcome of an earlier request
};

class Executor {
 public:
  Executor(Services& services, ConnectorCache& cache, Renewals& renewals, ToolCallLog& log,
           Idempotency& idempotency, AdmissionLimits limits)
      : services_(services),
        cache_(cache),
        renewals_(renewals),
        log_(log),
        idempotency_(idempotency),
        admission_(limits) {}

  /// Errors: not_found (no such connector within reach); forbidden (`workspace_inactive`);
  /// invalid_input naming the field; conflict (`credential_needs_reauth`, `outcome_unknown`, ...);
  /// rate_limited; and what the service said, as connector::to_error words it.
  Task<Result<Executed>> execute(Caller caller, ConnectorId id, ExecuteCommand command,
                                 CallSource source, Deadline deadline);
  /// The request that execute would send, secrets masked; nothing is sent.
  Task<Result<connector::Plan>> plan(Caller caller, ConnectorId id, ExecuteCommand command,
                                     Deadline deadline);

  const Admission& admission() const { return admission_; }

 private:
  struct Prepared {
    StoredConnectorPtr connector;
    const connector::Operation* operation;
  };
  Task<Result<Prepared>> prepare(const Caller& caller, const ConnectorId& id,
                                 ExecuteCommand& command);
  Task<Result<Executed>> describe(StoredConnectorPtr connector, std::string entity);
  /// A write: its intent is on disk before it goes out, and its outcome afterwards.
  Task<Result<Executed>> write(StoredConnectorPtr connector, const connector::Operation* operation,
                               ExecuteCommand command, store::ToolCallRow row,
                               std::chrono::steady_clock::time_point begun, Deadline deadline);
  /// Claims of a write that is over; never fails, since what the service did cannot be undone.
  Task<void> settle(std::optional<Idempotency::Claim> claim, const Result<Executed>& result,
                    store::ToolCallRow row);
  Task<Result<Executed>> call_service(StoredConnectorPtr connector,
                                      const connector::Operation* operation, ExecuteCommand command,
                                      store::ToolCallRow& row, Deadline deadline);
  Task<Error> refused(StoredConnectorPtr connector, connector::CallError failure,
                      bool needs_reauth);
  connector::Call to_call(const StoredConnector& connector, ExecuteCommand command,
                          Deadline deadline) const;
  connector::EngineOptions engine_options(const StoredConnector& connector) const;

  Services& services_;
  ConnectorCache& cache_;
  Renewals& renewals_;
  ToolCallLog& log_;
  Idempotency& idempotency_;
  Admission admission_;
  mutable connector::RateLimits rates_;
};

}  // namespace fairlead::platform
