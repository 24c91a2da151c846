// Requests that carry an Idempotency-Key have their effect once: the first one works, a second one
// with the same key gets the stored outcome.
#pragma once

#include "platform/services.hpp"
#include "store/idempotency.hpp"

#include <string>

namespace fairlead::platform {

/// The caller's own name for a request, and what the request says.
struct IdempotencyKey {
  std::string key;   ///< 1 to 255 visible ASCII characters
  std::string text;  ///< route and body, as sent; only its fingerprint is kept

  /// Errors: invalid_input for a key that is empty, too long, or has other characters.
  static Result<IdempotencyKey> parse(std::string_view key, std::string text);
};

class Idempotency {
 public:
  explicit Idempotency(Services& services) : services_(services), server_(random_uuid()) {}

  struct Claim {
    OrganizationId organization;
    store::IdempotentRow row;
    /// Set when the work was done before: what to answer.
    std::optional<std::string> stored_outcome;
  };
  /// Takes the key before the work. `scope` (a workspace) keeps equal keys apart. Errors:
  /// invalid_input (`idempotency_key_reused`) for another body; conflict (`request_in_progress`, or
  /// `outcome_unknown` after a crash).
  Task<Result<Claim>> claim(OrganizationId organization, std::string scope, IdempotencyKey key);
  /// The work is done; `outcome` is what a repetition will be answered.
  Task<void> done(Claim claim, std::string outcome);
  /// Nobody knows whether the work was done; a repetition is told so.
  Task<void> unknown(Claim claim);
  /// The work had no effect; the key is free again.
  Task<void> release(Claim claim);

  /// Deletes some of what is older than `before`; true while there may be more.
  Task<bool> forget_some(OrganizationId organization, Instant before);

 private:
  Services& services_;
  const std::string server_;  ///< this process
};

}  // namespace fairlead::platform
