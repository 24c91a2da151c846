// May a request that failed be sent again, and after what pause? Sections 8.3 of the format; what
// changes something at the service follows the stricter table of security.md D52: never again once
// a byte of it may have arrived.
#pragma once

#include "connector/call.hpp"

#include <optional>

namespace fairlead::connector {

/// What the retry header of an answer asks for, in seconds; nullopt when there is none or it makes
/// no sense. Seconds may be an HTTP date too.
std::optional<double> retry_after_seconds(const RetryPolicy& policy, const net::Headers& headers,
                                          Instant now);

/// One try that did not work.
struct FailedTry {
  std::optional<int> status;  ///< of the answer; nullopt when there was none
  std::optional<net::SendFailure::Reason> failure;
  bool sent = false;  ///< a byte may have reached the service
  std::optional<double> retry_after;
};

/// The pause before the next try, or nullopt: give up. `tries` counts those made so far. A backoff
/// is given without its jitter.
std::optional<Wait> next_try(const RetryPolicy& policy, Effect effect, const FailedTry& failed,
                             int tries);

}  // namespace fairlead::connector
