#include "store/organizations.hpp"

#include "store/columns.hpp"

namespace fairlead::store {

void insert_organization(Connection& connection, const OrganizationRow& organization) {
  connection.execute("INSERT INTO organization (id, name, created_at) VALUES ($1, $2, $3)",
                     {organization.id.str(), organization.name, stored(organization.created_at)});
}

std::optional<OrganizationRow> find_organization(Connection& connection,
                                                 const OrganizationId& organization) {
  const Rows rows = connection.query("SELECT id, name, created_at FROM organization WHERE id = $1",
                                     {organization.str()});
  if (rows.empty()) return std::nullopt;
  const Row& row = rows.front();
  return OrganizationRow{OrganizationId::trusted(row.text(0)), row.text(1),
                         instant(row.integer(2))};
}

std::vector<OrganizationId> list_organization_ids(Connection& connection) {
  std::vector<OrganizationId> ids;
  for (const Row& row : connection.query("SELECT id FROM organization ORDER BY id"))
    ids.push_back(OrganizationId::trusted(row.text(0)));
  return ids;
}

std::optional<OrganizationId> find_claim(Connection& connection) {
  const Rows rows = connection.query("SELECT organization_id FROM claim");
  if (rows.empty()) return std::nullopt;
  return OrganizationId::trusted(rows.front().text(0));
}

void insert_claim(Connection& connection, const OrganizationId& organization, Instant now) {
  connection.execute("INSERT INTO claim (one, organization_id, claimed_at) VALUES (1, $1, $2)",
                     {organization.str(), stored(now)});
}

void insert_member(Connection& connection, const OrganizationId& organization,
                   const MemberRow& member) {
  connection.execute(
      "INSERT INTO member (org_id, id, email, email_folded, role, password_hash, created_at) "
      "VALUES ($1, $2, $3, $4, $5, $6, $7)",
      {organization.str(), member.id.str(), member.email, folded(member.email), member.role,
       member.password_hash, stored(member.created_at)});
}

std::vector<MemberRow> list_members(Connection& connection, const OrganizationId& organization) {
  std::vector<MemberRow> members;
  for (const Row& row :
       connection.query("SELECT id, email, role, password_hash, created_at FROM member "
                        "WHERE org_id = $1 ORDER BY created_at, id",
                        {organization.str()}))
    members.push_back({MemberId::trusted(row.text(0)), row.text(1), row.text(2), row.text(3),
                       instant(row.integer(4))});
  return members;
}

void put_setup_code(Connection& connection, const Blob& code_hash, Instant ends_at) {
  connection.execute(
      "INSERT INTO setup_code (one, code_hash, wrong_tries, ends_at) VALUES (1, $1, 0, $2) "
      "ON CONFLICT (one) DO UPDATE SET code_hash = $1, wrong_tries = 0, ends_at = $2",
      {code_hash, stored(ends_at)});
}

void delete_setup_code(Connection& connection) { connection.execute("DELETE FROM setup_code"); }

}  // namespace fairlead::store
