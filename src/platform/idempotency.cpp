#include "platform/idempotency.hpp"

#include "base/encoding.hpp"

#include <algorithm>

namespace fairlead::platform {
namespace {

constexpr std::chrono::hours kept_for{24};
/// A request that began longer ago than any request may take has died with its server.
constexpr std::chrono::minutes longest_request{10};
constexpr std::size_t longest_key = 255;
/// Few, since an outcome may have megabytes.
constexpr std::int64_t forgotten_at_once = 100;

vault::SecretAddress address_of(const Idempotency::Claim& claim) {
  return {claim.organization, std::nullopt, std::nullopt,
          "outcome:" + claim.row.scope + ':' + claim.row.key, 1};
}

}  // namespace

Result<IdempotencyKey> IdempotencyKey::parse(std::string_view key, std::string text) {
  const bool visible =
      std::all_of(key.begin(), key.end(), [](char c) { return c > ' ' && c <= '~'; });
  if (key.empty() || key.size() > longest_key || !visible)
    return invalid_field("Idempotency-Key",
                         "Idempotency-Key must have 1 to 255 visible ASCII characters");
  return IdempotencyKey{std::string(key), std::move(text)};
}

Task<Result<Idempotency::Claim>> Idempotency::claim(OrganizationId organization, std::string scope,
                                                    IdempotencyKey key) {
  const std::string text = std::string("request") + '\0' + organization.str() + '\0' + key.text;
  const Sha256 digest = services_.vault.mac(vault::KeyLabel::log_fingerprint, text);
  Claim claim{organization,
              store::IdempotentRow{.scope = std::move(scope),
                                   .key = key.key,
                                   .fingerprint = to_hex(bytes_of(digest)),
                                   .server = server_,
                                   .outcome = {},
                                   .started_at = services_.clock.now()},
              std::nullopt};
  const auto held = co_await services_.database.write([organization, row = claim.row](
                                                          store::Connection& connection) {
    return store::claim_idempotency_key(connection, organization, row, row.started_at - kept_for);
  });
  if (!held) co_return claim;

  if (held->fingerprint != claim.row.fingerprint)
    co_return invalid_field("Idempotency-Key", "this key was used for another request",
                            "idempotency_key_reused");
  if (held->state == "done") {
    const Secret outcome = co_await services_.vault.open(address_of(claim), *held->outcome);
    claim.stored_outcome = std::string(outcome.reveal());
    co_return claim;
  }
  const bool may_be_alive = held->state == "running" &&
                            claim.row.started_at < held->started_at + longest_request &&
                            (held->server == server_ || services_.database.kind() != "sqlite");
  if (may_be_alive)
    co_return Error{.kind = ErrorKind::conflict,
                    .message = "the first request with this Idempotency-Key is still running",
                    .code = "request_in_progress",
                    .retry_after = std::chrono::seconds(2)};
  co_return Error{.kind = ErrorKind::conflict,
                  .message =
                      "nobody knows whether the first request with this Idempotency-Key "
                      "was carried out; look at the service, then use a new key",
                  .code = "outcome_unknown"};
}

Task<void> Idempotency::done(Claim claim, std::string outcome) {
  claim.row.state = "done";
  claim.row.outcome = co_await services_.vault.seal(address_of(claim), Secret(outcome));
  co_await services_.database.write([claim](store::Connection& connection) {
    store::finish_idempotent_request(connection, claim.organization, claim.row);
  });
}

Task<void> Idempotency::unknown(Claim claim) {
  claim.row.state = "unknown";
  co_await services_.database.write([claim](store::Connection& connection) {
    store::finish_idempotent_request(connection, claim.organization, claim.row);
  });
}

Task<void> Idempotency::release(Claim claim) {
  co_await services_.database.write([claim](store::Connection& connection) {
    store::release_idempotency_key(connection, claim.organization, claim.row.scope, claim.row.key);
  });
}

Task<bool> Idempotency::forget_some(OrganizationId organization, Instant before) {
  const std::int64_t deleted =
      co_await services_.database.write([organization, before](store::Connection& connection) {
        return store::delete_idempotent_requests(connection, organization, before,
                                                 forgotten_at_once);
      });
  co_return deleted == forgotten_at_once;
}

}  // namespace fairlead::platform
