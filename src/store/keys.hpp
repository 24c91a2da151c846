// Rows of the installation: its name, its wrapped keys, its signing keys, and what was revoked.
#pragma once

#include "base/clock.hpp"
#include "base/ids.hpp"
#include "store/database.hpp"

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace fairlead::store {

struct InstanceKeyRow {
  std::int64_t version = 1;
  std::string key_id, state, root_key_id;
  Blob wrapped, key_check;
  Instant created_at;
};

struct OrganizationKeyRow {
  std::int64_t version = 1;
  std::string key_id, state;
  std::int64_t instance_key_version = 1;
  Blob wrapped, key_check;
  std::int64_t encryptions = 0;
  Instant created_at;
};

/// The deployment id; nullopt in an empty database.
std::optional<std::string> find_deployment(Connection& connection);
/// UniqueViolation when there is one already.
void insert_deployment(Connection& connection, const std::string& deployment_id, Instant now);

/// Oldest version first.
std::vector<InstanceKeyRow> list_instance_keys(Connection& connection);
void insert_instance_key(Connection& connection, const InstanceKeyRow& key);

std::optional<OrganizationKeyRow> find_organization_key(Connection& connection,
                                                        const OrganizationId& organization,
                                                        std::int64_t version);
std::optional<OrganizationKeyRow> find_active_organization_key(Connection& connection,
                                                               const OrganizationId& organization);
void insert_organization_key(Connection& connection, const OrganizationId& organization,
                             const OrganizationKeyRow& key);
/// Answers the new total; nullopt when there is no such key.
std::optional<std::int64_t> reserve_encryptions(Connection& connection,
                                                const OrganizationId& organization,
                                                std::int64_t version, std::int64_t count);
struct OrganizationKeyCounts {
  std::int64_t keys = 0, most_encryptions = 0;
};
/// Over all organizations, for the operator.
OrganizationKeyCounts count_organization_keys(Connection& connection);

struct SigningKeyRow {
  std::int64_t generation = 1;
  std::string kid;
  Blob sealed;
  std::string public_jwk;
  Instant created_at, signs_from;
};
/// Oldest generation first.
std::vector<SigningKeyRow> list_signing_keys(Connection& connection);
/// UniqueViolation when that generation was made by another server.
void insert_signing_key(Connection& connection, const SigningKeyRow& key);
void delete_signing_key(Connection& connection, std::int64_t generation);

/// Ends all tokens of an organization, client or workspace that were issued before.
enum class EpochKind { organization, client, workspace };
struct EpochChange {
  std::int64_t clock = 0;
  EpochKind kind = EpochKind::organization;
  std::string subject_id;
};
void raise_epoch(Connection& connection, EpochKind kind, std::string_view subject_id, Instant now);
/// The number of the last change; 0 when there was none.
std::int64_t read_epoch_clock(Connection& connection);
/// Those after `clock`, in order.
std::vector<EpochChange> list_epoch_changes(Connection& connection, std::int64_t after_clock);

}  // namespace fairlead::store
