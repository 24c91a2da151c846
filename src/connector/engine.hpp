// The engine: a definition, credentials and a call in, an outcome out. Knows nothing of stores,
// workspaces or tokens of ours: this is the open source mode, and the middle of the hosted one.
#pragma once

#include "connector/answer_reader.hpp"
#include "connector/authorizer.hpp"
#include "connector/call.hpp"
#include "connector/oauth.hpp"
#include "connector/rate_limits.hpp"
#include "connector/request_builder.hpp"
#include "net/http_client.hpp"

#include <functional>
#include <memory>

namespace fairlead::connector {

/// Where a call's credentials come from and where renewed tokens go. The hosted mode opens and
/// seals through its vault, and lets only one renewal per connector run; the library keeps them in
/// memory.
class CredentialSource {
 public:
  virtual ~CredentialSource() = default;
  struct Opened {
    CredentialFields fields;
    TokenState tokens;
  };
  /// The credentials, in clear, for this one call.
  virtual Task<Opened> open() = 0;
  /// Runs `renewal` alone for this connector, stores what it gives before anybody uses it, and
  /// answers it. When the tokens have moved on since `seen_access_token` was read, answers the
  /// newer ones without running it.
  virtual Task<Result<TokenState, RenewalFailure>> renew(
      const Secret& seen_access_token,
      std::function<Task<Result<TokenState, RenewalFailure>>(const Opened&)> renewal) = 0;
};

struct EngineOptions {
  /// Notes waits instead of sleeping, when set.
  std::function<void(Wait)> on_wait = {};
  std::optional<net::Endpoint> connect_to = {};
  std::string pool = {};         ///< connection pool key (the organization)
  const Clock* clock = nullptr;  ///< nullptr: the system's
  RateLimits* rates = nullptr;   ///< keeps to x-fairlead-rate-limit, when set
  std::string rate_key = {};     ///< whose rate it is (the connector)
};

class Engine {
 public:
  explicit Engine(net::HttpClient& client) : client_(client) {}

  /// Validation comes before the credentials are opened, so a bad call never touches the vault.
  Task<Result<Outcome, CallError>> execute(const Call& call, CredentialSource& credentials,
                                           const EngineOptions& options = {});
  /// The same up to the sending.
  Task<Result<Plan, CallError>> plan(const Call& call, CredentialSource& credentials,
                                     const EngineOptions& options = {});
  /// The definition's health check: {status: healthy|unhealthy|skipped, error?, error_kind?,
  /// denied? (true), status_code?, checked_entity, checked_action} (section 12).
  Task<json::object> check(const Definition& definition, const ConfigValues& config,
                           const std::string& auth_scheme, CredentialSource& credentials,
                           Deadline deadline, const EngineOptions& options = {});
  /// The same for each of `entities`, one after the other: {status, entities: [{entity, status:
  /// healthy|unhealthy|skipped|failed, error, status_code, checked_action}]}. Parameters that an
  /// entity's operation needs come from the settings or from a record of the entity it belongs to.
  Task<json::object> check_entities(const Definition& definition, std::vector<std::string> entities,
                                    const ConfigValues& config, const std::string& auth_scheme,
                                    CredentialSource& credentials, Deadline deadline,
                                    const EngineOptions& options = {});

 private:
  net::HttpClient& client_;
};

}  // namespace fairlead::connector
