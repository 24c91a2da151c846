#include "access/organizations.hpp"

#include "store/organizations.hpp"

namespace fairlead::access {

Task<Result<Organization>> Organizations::find(Caller caller) {
  const OrganizationId id = caller.organization();
  const auto row = co_await database_.read(
      [id](store::Connection& c) { return store::find_organization(c, id); });
  if (!row) co_return not_found("no such organization");
  co_return Organization{row->id, row->name, row->created_at};
}

Task<Result<std::vector<Member>>> Organizations::members(Caller caller) {
  if (auto allowed = check_right(caller, Right::administer_organization); !allowed)
    co_return std::move(allowed).error();
  const OrganizationId id = caller.organization();
  const auto rows =
      co_await database_.read([id](store::Connection& c) { return store::list_members(c, id); });
  std::vector<Member> members;
  for (const store::MemberRow& row : rows)
    members.push_back(
        {row.id, row.email, row.role == "admin" ? Role::admin : Role::member, row.created_at});
  co_return members;
}

}  // namespace fairlead::access
