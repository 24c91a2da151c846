// Rows of organizations, their members, and the claim of the installation.
#pragma once

#include "base/clock.hpp"
#include "base/ids.hpp"
#include "store/database.hpp"

#include <optional>
#include <string>
#include <vector>

namespace fairlead::store {

struct OrganizationRow {
  OrganizationId id;
  std::string name;
  Instant created_at;
};

void insert_organization(Connection& connection, const OrganizationRow& organization);
std::optional<OrganizationRow> find_organization(Connection& connection,
                                                 const OrganizationId& organization);

/// All of this installation; for upkeep, which then works on one after the other.
std::vector<OrganizationId> list_organization_ids(Connection& connection);

/// The organization that claimed this installation.
std::optional<OrganizationId> find_claim(Connection& connection);
/// UniqueViolation when it is claimed already.
void insert_claim(Connection& connection, const OrganizationId& organization, Instant now);

struct MemberRow {
  MemberId id;
  std::string email, role, password_hash;
  Instant created_at;
};
/// UniqueViolation when the address (in any case) belongs to a member already.
void insert_member(Connection& connection, const OrganizationId& organization,
                   const MemberRow& member);
/// Oldest first.
std::vector<MemberRow> list_members(Connection& connection, const OrganizationId& organization);

/// Answers whether there is such a member.
bool set_password(Connection& connection, const OrganizationId& organization,
                  const MemberId& member, const std::string& password_hash);

/// A code that somebody presents once to be let in; only its hash is kept.
enum class CodePurpose {
  setup,    ///< to make the first organization
  recovery  ///< of an admin who lost the credentials
};
struct OneTimeCodeRow {
  Blob hash;
  Instant ends_at;
  std::int64_t wrong_tries = 0;
  std::optional<OrganizationId> organization = {};  ///< of a recovery
  std::optional<MemberId> member = {};
};
/// Replaces a code made before.
void put_one_time_code(Connection& connection, CodePurpose purpose, const OneTimeCodeRow& code);
std::optional<OneTimeCodeRow> find_one_time_code(Connection& connection, CodePurpose purpose);
void note_wrong_try(Connection& connection, CodePurpose purpose);
void delete_one_time_code(Connection& connection, CodePurpose purpose);

}  // namespace fairlead::store
