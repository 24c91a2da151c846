// One call of an operation: what goes in, what comes out, and how it can fail. The vocabulary of
// the engine.
#pragma once

#include "base/clock.hpp"
#include "base/json.hpp"
#include "base/secret.hpp"
#include "connector/definition.hpp"
#include "net/http_client.hpp"

#include <chrono>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <variant>
#include <vector>

namespace fairlead::connector {

/// How a call can fail. The names are those of `exec-local --batch`, which says http_client for
/// api_error.
enum class CallErrorKind {
  missing_parameter,
  invalid_parameter,
  entity_not_found,
  action_not_supported,
  unknown_action,
  credentials,     ///< what was given fits no scheme, or the token endpoint refused it
  validation,      ///< refused before sending (enum, list), or 400/422 from the service
  authentication,  ///< 401/403
  rate_limit,      ///< 429
  http_status,     ///< any other status >= 400
  api_error,       ///< the service reports a failure in an answer of status 200
  http_client,     ///< an answer that is no HTTP, or not of the promised type
  executor,        ///< the definition does not fit the answer (no download URL, an empty file, ...)
  record_expression,  ///< a filter or transform failed
  network,
  timeout
};
std::string_view name_of(CallErrorKind kind);

struct CallError {  // NOLINT(clang-analyzer-core.uninitialized.Assign): as at Error
  CallErrorKind kind = CallErrorKind::executor;
  std::string message;
  int status = 0;              ///< of the service; 0 when it gave none
  std::string parameter = {};  ///< the offending parameter or field
  std::optional<std::chrono::seconds> retry_after = {};
  bool outcome_unknown = false;  ///< an unsafe request may have been carried out
  bool denied = false;           ///< our egress policy lets nothing go there, now or later
};
/// The message on one line of at most 2,000 characters: names in a definition can be long.
CallError shortened(CallError error);
/// The same as a Failure of the platform (1.8 of the platform contract: provider_auth,
/// provider_not_found, ...).
Error to_error(CallError error);

/// What the user gave: field name -> text.
using CredentialFields = std::map<std::string, Secret, std::less<>>;

/// Tokens that this side obtained, and values that came with them. Stored sealed by the hosted
/// mode.
struct TokenState {
  Secret access_token, refresh_token;  ///< empty: not obtained; the user's own fields hold
  std::optional<Instant> expires_at = {};
  std::map<std::string, std::string> extracted = {};  ///< x-airbyte-token-extract
  std::string token_type = {};
};

using ConfigValues = json::object;  ///< non-secret settings

struct Call {
  const Definition* definition = nullptr;
  std::string entity, action;
  json::object params = {};
  std::optional<std::string> cursor = {};  ///< the end_cursor of an earlier page
  ConfigValues config = {};
  std::string auth_scheme = {};  ///< empty: inferred from the credentials
  std::vector<std::string> select_fields = {}, exclude_fields = {};
  bool truncate = false;  ///< long strings of list answers (200 code points)
  /// What a key for the service (x-fairlead-idempotency) is made from, so that the same request has
  /// the same one; empty: a new key for each call.
  std::string idempotency_seed = {};
  Deadline deadline = Deadline::never();
};

/// A file that is read piece by piece.
struct Download {
  int status = 200;
  std::string content_type, file_name;
  std::optional<std::uint64_t> length = {};
  std::optional<std::string> content_range = {};
  net::BodyStream body;
};

/// What an answer says of further pages.
struct PageMark {
  std::optional<bool> has_more;  ///< nullopt: not known
  std::optional<std::string>
      end_cursor;  ///< Call::cursor of the next page, where it can be asked for
};

struct Outcome {
  /// JSON text: the records of a list or search (an array), one object, or the service's body; the
  /// chunk object of a download that asked for JSON.
  std::string data = "null";
  /// JSON text of an object, or empty when the operation declares no metadata.
  std::string meta = {};
  std::optional<Download> download = {};
  std::optional<std::uint64_t> record_count = {};
  /// Of lists and searches.
  std::optional<PageMark> page = {};
  int upstream_status = 0;
  int attempts = 1;
};

/// A wait before a retry, for callers that note waits instead of sleeping.
struct Wait {
  enum class Kind { retry_after, backoff };
  Kind kind;
  double seconds;
};

/// The exact request, secrets masked.
struct Plan {
  std::string method, url;
  net::Headers headers;
  std::string body;
  std::string auth_scheme;
  std::string effect;  ///< read, idempotent, unsafe
  std::vector<std::string>
      notes;  ///< "a token would be renewed first", "followed by a download of ...", retries
};

}  // namespace fairlead::connector
