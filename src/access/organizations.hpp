// Organizations and their members. How the first one comes to be: setup.hpp.
#pragma once

#include "access/authenticator.hpp"
#include "store/database.hpp"

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

}  // namespace fairlead::access
