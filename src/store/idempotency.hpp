// Rows of requests that carried an Idempotency-Key.
#pragma once

#include "base/clock.hpp"
#include "base/ids.hpp"
#include "store/database.hpp"

#include <optional>
#include <string>

namespace fairlead::store {

struct IdempotentRow {
  std::string scope, key, fingerprint;
  std::string state = "running";  ///< running, done, unknown
  std::string server;
  std::optional<Blob> outcome;
  Instant started_at;
};

/// Takes the key; when it is taken already, changes nothing and answers its row. A row from before
/// `forget_before` does not count.
std::optional<IdempotentRow> claim_idempotency_key(Connection& connection,
                                                   const OrganizationId& organization,
                                                   const IdempotentRow& row, Instant forget_before);
/// Writes state and outcome of the row of that scope and key.
void finish_idempotent_request(Connection& connection, const OrganizationId& organization,
                               const IdempotentRow& row);
/// The request had no effect: the key is free again.
void release_idempotency_key(Connection& connection, const OrganizationId& organization,
                             const std::string& scope, const std::string& key);
/// The oldest ones first, at most `most`; answers how many there were.
std::int64_t delete_idempotent_requests(Connection& connection, const OrganizationId& organization,
                                        Instant before, std::int64_t most);

}  // namespace fairlead::store
