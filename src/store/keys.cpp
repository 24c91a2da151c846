#include "store/keys.hpp"

#include "store/columns.hpp"

namespace fairlead::store {
namespace {

constexpr std::string_view organization_key_columns =
    "version, key_id, state, instance_key_version, wrapped, key_check, encryptions, created_at";

OrganizationKeyRow organization_key(const Row& row) {
  return {.version = row.integer(0),
          .key_id = row.text(1),
          .state = row.text(2),
          .instance_key_version = row.integer(3),
          .wrapped = Blob{row.bytes(4)},
          .key_check = Blob{row.bytes(5)},
          .encryptions = row.integer(6),
          .created_at = instant(row.integer(7))};
}

std::optional<OrganizationKeyRow> first_organization_key(const Rows& rows) {
  if (rows.empty()) return std::nullopt;
  return organization_key(rows.front());
}

std::string name_of(EpochKind kind) {
  switch (kind) {
    case EpochKind::organization:
      return "organization";
    case EpochKind::client:
      return "client";
    case EpochKind::workspace:
      return "workspace";
  }
  return "";
}

EpochKind epoch_kind(std::string_view name) {
  if (name == "organization") return EpochKind::organization;
  return name == "client" ? EpochKind::client : EpochKind::workspace;
}

}  // namespace

std::optional<std::string> find_deployment(Connection& connection) {
  const Rows rows = connection.query("SELECT deployment_id FROM instance");
  if (rows.empty()) return std::nullopt;
  return rows.front().text(0);
}

void insert_deployment(Connection& connection, const std::string& deployment_id, Instant now) {
  connection.execute(
      "INSERT INTO instance (one, deployment_id, epoch_clock, created_at) VALUES (1, $1, 0, $2)",
      {deployment_id, stored(now)});
}

std::vector<InstanceKeyRow> list_instance_keys(Connection& connection) {
  std::vector<InstanceKeyRow> keys;
  for (const Row& row : connection.query(
           "SELECT version, key_id, state, root_key_id, wrapped, key_check, created_at "
           "FROM instance_key ORDER BY version"))
    keys.push_back({.version = row.integer(0),
                    .key_id = row.text(1),
                    .state = row.text(2),
                    .root_key_id = row.text(3),
                    .wrapped = Blob{row.bytes(4)},
                    .key_check = Blob{row.bytes(5)},
                    .created_at = instant(row.integer(6))});
  return keys;
}

void insert_instance_key(Connection& connection, const InstanceKeyRow& key) {
  connection.execute(
      "INSERT INTO instance_key "
      "(version, key_id, state, root_key_id, wrapped, key_check, created_at) "
      "VALUES ($1, $2, $3, $4, $5, $6, $7)",
      {key.version, key.key_id, key.state, key.root_key_id, key.wrapped, key.key_check,
       stored(key.created_at)});
}

std::optional<OrganizationKeyRow> find_organization_key(Connection& connection,
                                                        const OrganizationId& organization,
                                                        std::int64_t version) {
  return first_organization_key(
      connection.query("SELECT " + std::string(organization_key_columns) +
                           " FROM organization_key WHERE org_id = $1 AND version = $2",
                       {organization.str(), version}));
}

std::optional<OrganizationKeyRow> find_active_organization_key(Connection& connection,
                                                               const OrganizationId& organization) {
  return first_organization_key(
      connection.query("SELECT " + std::string(organization_key_columns) +
                           " FROM organization_key WHERE org_id = $1 AND state = 'active' "
                           "ORDER BY version DESC LIMIT 1",
                       {organization.str()}));
}

void insert_organization_key(Connection& connection, const OrganizationId& organization,
                             const OrganizationKeyRow& key) {
  connection.execute(
      "INSERT INTO organization_key (org_id, version, key_id, state, instance_key_version, "
      "wrapped, key_check, encryptions, created_at) "
      "VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)",
      {organization.str(), key.version, key.key_id, key.state, key.instance_key_version,
       key.wrapped, key.key_check, key.encryptions, stored(key.created_at)});
}

std::optional<std::int64_t> reserve_encryptions(Connection& connection,
                                                const OrganizationId& organization,
                                                std::int64_t version, std::int64_t count) {
  const Rows rows = connection.query(
      "UPDATE organization_key SET encryptions = encryptions + $3 "
      "WHERE org_id = $1 AND version = $2 RETURNING encryptions",
      {organization.str(), version, count});
  if (rows.empty()) return std::nullopt;
  return rows.front().integer(0);
}

OrganizationKeyCounts count_organization_keys(Connection& connection) {
  const Rows rows = connection.query(
      "SELECT /* all organizations */ count(*), coalesce(max(encryptions), 0) "
      "FROM organization_key");
  return {.keys = rows.front().integer(0), .most_encryptions = rows.front().integer(1)};
}

std::vector<SigningKeyRow> list_signing_keys(Connection& connection) {
  std::vector<SigningKeyRow> keys;
  for (const Row& row :
       connection.query("SELECT generation, kid, sealed, public_jwk, created_at, signs_from "
                        "FROM signing_key ORDER BY generation"))
    keys.push_back({.generation = row.integer(0),
                    .kid = row.text(1),
                    .sealed = Blob{row.bytes(2)},
                    .public_jwk = row.text(3),
                    .created_at = instant(row.integer(4)),
                    .signs_from = instant(row.integer(5))});
  return keys;
}

void insert_signing_key(Connection& connection, const SigningKeyRow& key) {
  connection.execute(
      "INSERT INTO signing_key (generation, kid, sealed, public_jwk, created_at, signs_from) "
      "VALUES ($1, $2, $3, $4, $5, $6)",
      {key.generation, key.kid, key.sealed, key.public_jwk, stored(key.created_at),
       stored(key.signs_from)});
}

void delete_signing_key(Connection& connection, std::int64_t generation) {
  connection.execute("DELETE FROM signing_key WHERE generation = $1", {generation});
}

void raise_epoch(Connection& connection, EpochKind kind, std::string_view subject_id, Instant now) {
  // The update locks the one row until the commit, so a reader never sees a later number before an
  // earlier one.
  const Rows rows =
      connection.query("UPDATE instance SET epoch_clock = epoch_clock + 1 RETURNING epoch_clock");
  connection.execute(
      "INSERT INTO epoch_change (clock, kind, subject_id, changed_at) VALUES ($1, $2, $3, $4)",
      {rows.at(0).integer(0), name_of(kind), std::string(subject_id), stored(now)});
}

std::int64_t read_epoch_clock(Connection& connection) {
  return connection.query("SELECT epoch_clock FROM instance").at(0).integer(0);
}

std::vector<EpochChange> list_epoch_changes(Connection& connection, std::int64_t after_clock) {
  std::vector<EpochChange> changes;
  for (const Row& row : connection.query(
           "SELECT clock, kind, subject_id FROM epoch_change WHERE clock > $1 ORDER BY clock",
           {after_clock}))
    changes.push_back({row.integer(0), epoch_kind(row.text(1)), row.text(2)});
  return changes;
}

}  // namespace fairlead::store
