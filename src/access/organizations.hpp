// Organizations, their members, and how the first of them comes to be.
#pragma once

#include "access/authenticator.hpp"
#include "base/secret.hpp"
#include "store/database.hpp"
#include "vault/vault.hpp"

#include <vector>

namespace fairlead::access {

struct Organization {
  OrganizationId id;
  std::string name;
  Instant created_at;
};

struct Member {
  MemberId id;
  std::string email;
  Role role = Role::member;
  Instant created_at;
};

/// The caller's organization.
class Organizations {
 public:
  explicit Organizations(store::Database& database) : database_(database) {}
  Task<Result<Organization>> find(Caller caller);
  /// Errors: forbidden without Right::administer_organization.
  Task<Result<std::vector<Member>>> members(Caller caller);

 private:
  store::Database& database_;
};

struct InitCommand {
  std::string admin_email;
  Secret admin_password;  ///< 12 to 256 bytes, not one of the well-known ones
  std::string organization_name;
};

struct InitResult {
  ClientId client_id;
  Secret client_secret;
  OrganizationId organization_id;
};

/// Whether this installation has its first organization. Until then every route but health and
/// setup answers 503 `setup_required`.
Task<bool> is_claimed(store::Database& database);

/// Makes the first organization, its admin and one application client in one transaction; of two
/// racing callers one wins. Errors: conflict (code `already_initialized`); invalid_input naming
/// the field (`admin_email`, `admin_password`, `organization_name`).
Task<Result<InitResult>> initialize(store::Database& database, vault::Vault& vault,
                                    const Clock& clock, InitCommand command);

/// A new code for the set-up page, good for 24 hours; a code made before ends. Only its hash is
/// stored. Errors: conflict (code `already_initialized`).
Task<Result<Secret>> create_setup_code(store::Database& database, const Clock& clock);

}  // namespace fairlead::access
