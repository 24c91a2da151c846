#include "store/organizations.hpp"

#include "store/columns.hpp"

namespace fairlead::store {
namespace {

std::string name_of(CodePurpose purpose) {
  return purpose == CodePurpose::setup ? "setup" : "recovery";
}

template <class Id>
Value id_or_null(const std::optional<Id>& id) {
  return id ? Value(id->str()) : Value(nullptr);
}

}  // namespace

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

bool set_password(Connection& connection, const OrganizationId& organization,
                  const MemberId& member, const std::string& password_hash) {
  return connection.execute("UPDATE member SET password_hash = $3 WHERE org_id = $1 AND id = $2",
                            {organization.str(), member.str(), password_hash}) > 0;
}

void put_one_time_code(Connection& connection, CodePurpose purpose, const OneTimeCodeRow& code) {
  connection.execute(
      "INSERT INTO one_time_code "
      "(purpose, code_hash, wrong_tries, ends_at, organization_id, member_id) "
      "VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT (purpose) DO UPDATE SET "
      "code_hash = $2, wrong_tries = $3, ends_at = $4, organization_id = $5, member_id = $6",
      {name_of(purpose), code.hash, code.wrong_tries, stored(code.ends_at),
       id_or_null(code.organization), id_or_null(code.member)});
}

std::optional<OneTimeCodeRow> find_one_time_code(Connection& connection, CodePurpose purpose) {
  const Rows rows = connection.query(
      "SELECT code_hash, ends_at, wrong_tries, organization_id, member_id FROM one_time_code "
      "WHERE purpose = $1",
      {name_of(purpose)});
  if (rows.empty()) return std::nullopt;
  const Row& row = rows.front();
  OneTimeCodeRow code{Blob{row.bytes(0)}, instant(row.integer(1)), row.integer(2)};
  if (const auto id = row.optional_text(3)) code.organization = OrganizationId::trusted(*id);
  if (const auto id = row.optional_text(4)) code.member = MemberId::trusted(*id);
  return code;
}

void note_wrong_try(Connection& connection, CodePurpose purpose) {
  connection.execute("UPDATE one_time_code SET wrong_tries = wrong_tries + 1 WHERE purpose = $1",
                     {name_of(purpose)});
}

void delete_one_time_code(Connection& connection, CodePurpose purpose) {
  connection.execute("DELETE FROM one_time_code WHERE purpose = $1", {name_of(purpose)});
}

}  // namespace fairlead::store
