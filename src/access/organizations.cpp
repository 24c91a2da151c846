#include "access/organizations.hpp"

#include "access/client_secret.hpp"
#include "access/names.hpp"
#include "access/password.hpp"
#include "base/digest.hpp"
#include "base/encoding.hpp"
#include "store/organizations.hpp"

#include <openssl/crypto.h>

namespace fairlead::access {
namespace {

constexpr auto setup_code_life = std::chrono::hours(24);

Error already_initialized() {
  return {ErrorKind::conflict, "this installation has its first organization already",
          "already_initialized"};
}

Result<Done> check(const InitCommand& command) {
  if (auto good = check_email("admin_email", command.admin_email); !good) return good;
  if (auto good = check_name("organization_name", command.organization_name); !good) return good;
  return check_password("admin_password", command.admin_password, command.admin_email);
}

}  // namespace

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

Task<bool> is_claimed(store::Database& database) {
  const auto organization =
      co_await database.read([](store::Connection& c) { return store::find_claim(c); });
  co_return organization.has_value();
}

Task<Result<InitResult>> initialize(store::Database& database, vault::Vault& vault,
                                    const Clock& clock, InitCommand command) {
  if (auto good = check(command); !good) co_return std::move(good).error();
  if (co_await is_claimed(database)) co_return already_initialized();

  asio::thread_pool pool(1);  // hashing a password blocks for about 0.1 s
  const Secret& password = command.admin_password;
  const std::string password_hash =
      co_await on_pool(pool, [&password] { return hash_password(password); });

  const Instant now = clock.now();
  const store::OrganizationRow organization{OrganizationId::random(), command.organization_name,
                                            now};
  const store::MemberRow admin{MemberId::random(), command.admin_email, "admin", password_hash,
                               now};
  const store::ClientRow client{ClientId::random(), "First application", "admin", now};
  Secret client_secret = make_client_secret();
  const auto secret_row = new_secret_row(vault, client_secret, now);
  bool won = true;
  try {
    co_await database.write([&](store::Connection& c) {
      store::insert_claim(c, organization.id, now);  // of two callers the second fails here
      store::insert_organization(c, organization);
      vault.create_organization_key(c, organization.id);
      store::insert_member(c, organization.id, admin);
      store::insert_client(c, organization.id, client);
      store::insert_client_secret(c, organization.id, client.id, secret_row);
      store::delete_setup_code(c);
    });
  } catch (const store::UniqueViolation&) {
    won = false;
  }
  if (!won) co_return already_initialized();
  co_return InitResult{client.id, std::move(client_secret), organization.id};
}

Task<Result<Secret>> create_setup_code(store::Database& database, const Clock& clock) {
  if (co_await is_claimed(database)) co_return already_initialized();
  std::string text = to_base64url(random_bytes(16));
  const Sha256 hash = sha256(text);
  Secret code(text);
  OPENSSL_cleanse(text.data(), text.size());
  const Instant ends_at = clock.now() + setup_code_life;
  const store::Blob code_hash{std::string(bytes_of(hash))};
  co_await database.write(
      [code_hash, ends_at](store::Connection& c) { store::put_setup_code(c, code_hash, ends_at); });
  co_return code;
}

}  // namespace fairlead::access
