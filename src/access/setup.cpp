#include "access/setup.hpp"

#include "access/client_secret.hpp"
#include "access/names.hpp"
#include "access/password.hpp"
#include "base/digest.hpp"
#include "base/encoding.hpp"
#include "store/clients.hpp"
#include "store/columns.hpp"

#include <openssl/crypto.h>

namespace fairlead::access {
namespace {

using store::CodePurpose;
using store::OneTimeCodeRow;

constexpr auto setup_code_life = std::chrono::hours(24);
constexpr auto recovery_code_life = std::chrono::minutes(10);
constexpr std::int64_t most_wrong_tries = 5;
constexpr int wrong_tries_of_address = 5;  // a minute

Error already_initialized() {
  return {ErrorKind::conflict, "this installation has its first organization already",
          "already_initialized"};
}

Error code_rejected() {
  return {ErrorKind::forbidden, "this code is wrong, was used, or has ended; ask for a new one",
          "code_rejected"};
}

std::string hash_of(const Secret& code) { return std::string(bytes_of(sha256(code.reveal()))); }

bool is_live(const OneTimeCodeRow& code, Instant now) {
  return now < code.ends_at && code.wrong_tries < most_wrong_tries;
}

bool fits(const OneTimeCodeRow& code, const std::string& hash, Instant now) {
  return equal_in_constant_time(code.hash.bytes, hash) && is_live(code, now);
}

/// Hashing blocks for about 0.1 s: not on the caller's loop.
Task<std::string> hash_elsewhere(const Secret& password) {
  asio::thread_pool pool(1);
  co_return co_await on_pool(pool, [&password] { return hash_password(password); });
}

/// The rows of a first organization, made before the transaction that may run more than once.
struct Claim {
  store::OrganizationRow organization;
  store::MemberRow admin;
  store::ClientRow client;
  Secret client_secret;
  store::ClientSecretRow client_secret_row;
};

Task<Claim> make_claim(const vault::Vault& vault, InitCommand command, Instant now) {
  const std::string password_hash = co_await hash_elsewhere(command.admin_password);
  Secret secret = make_client_secret();
  const auto secret_row = new_secret_row(vault, secret, now);
  co_return Claim{.organization = {OrganizationId::random(), command.organization_name, now},
                  .admin = {MemberId::random(), command.admin_email, "admin", password_hash, now},
                  .client = {ClientId::random(), "First application", "admin", now},
                  .client_secret = std::move(secret),
                  .client_secret_row = secret_row};
}

/// UniqueViolation for the second of two callers.
void write_claim(store::Connection& c, vault::Vault& vault, const Claim& claim, Instant now) {
  const OrganizationId& id = claim.organization.id;
  store::insert_claim(c, id, now);
  store::insert_organization(c, claim.organization);
  vault.create_organization_key(c, id);
  store::insert_member(c, id, claim.admin);
  store::insert_client(c, id, claim.client);
  store::insert_client_secret(c, id, claim.client.id, claim.client_secret_row);
  store::delete_one_time_code(c, CodePurpose::setup);
}

InitResult to_result(Claim claim) {
  return {claim.client.id, std::move(claim.client_secret), claim.organization.id};
}

}  // namespace

Task<bool> is_claimed(store::Database& database) {
  const auto organization =
      co_await database.read([](store::Connection& c) { return store::find_claim(c); });
  co_return organization.has_value();
}

Result<Done> check(const InitCommand& command) {
  if (auto good = check_email("admin_email", command.admin_email); !good) return good;
  if (auto good = check_name("organization_name", command.organization_name); !good) return good;
  return check_password("admin_password", command.admin_password, command.admin_email);
}

Task<Result<InitResult>> initialize(store::Database& database, vault::Vault& vault,
                                    const Clock& clock, InitCommand command) {
  if (auto good = check(command); !good) co_return std::move(good).error();
  if (co_await is_claimed(database)) co_return already_initialized();
  const Instant now = clock.now();
  Claim claim = co_await make_claim(vault, std::move(command), now);
  bool won = true;
  try {
    co_await database.write([&](store::Connection& c) { write_claim(c, vault, claim, now); });
  } catch (const store::UniqueViolation&) {
    won = false;
  }
  if (!won) co_return already_initialized();
  co_return to_result(std::move(claim));
}

// --- codes

Task<std::optional<OneTimeCodeRow>> Setup::live_code(CodePurpose purpose) {
  auto code = co_await database_.read(
      [purpose](store::Connection& c) { return store::find_one_time_code(c, purpose); });
  if (code && !is_live(*code, clock_.now())) code.reset();
  co_return code;
}

Task<Secret> Setup::put_code(CodePurpose purpose, OneTimeCodeRow row) {
  std::string text = to_base64url(random_bytes(16));
  Secret code(text);
  OPENSSL_cleanse(text.data(), text.size());
  row.hash = store::Blob{hash_of(code)};
  co_await database_.write(
      [&](store::Connection& c) { store::put_one_time_code(c, purpose, row); });
  co_return code;
}

Task<Result<Done>> Setup::check_code(CodePurpose purpose, std::string hash, std::string address) {
  if (const auto wait = failures_.wait_for(address, wrong_tries_of_address))
    co_return Error{.kind = ErrorKind::rate_limited,
                    .message = "too many wrong codes; wait, then try again",
                    .retry_after = wait};
  const Instant now = clock_.now();
  const bool good = co_await database_.write([&](store::Connection& c) {
    const auto code = store::find_one_time_code(c, purpose);
    if (code && fits(*code, hash, now)) return true;
    if (code) store::note_wrong_try(c, purpose);
    return false;
  });
  if (good) co_return Done{};
  failures_.note_failure(address);
  co_return code_rejected();
}

// --- the first start

Task<bool> Setup::check_claimed() {
  if (!claimed_ && co_await access::is_claimed(database_)) claimed_ = true;
  co_return claimed_;
}

Task<Result<Secret>> Setup::create_code() {
  if (co_await check_claimed()) co_return already_initialized();
  OneTimeCodeRow row{.hash = {}, .ends_at = clock_.now() + setup_code_life};
  co_return co_await put_code(CodePurpose::setup, std::move(row));
}

Task<bool> Setup::has_live_code() {
  const auto code = co_await live_code(CodePurpose::setup);
  co_return code.has_value();
}

Task<bool> Setup::is_live_code(Secret code) {
  const auto live = co_await live_code(CodePurpose::setup);
  co_return live&& fits(*live, hash_of(code), clock_.now());
}

Task<Result<InitResult>> Setup::claim(Secret code, InitCommand command, std::string address) {
  if (co_await check_claimed()) co_return already_initialized();
  const std::string hash = hash_of(code);
  // The code comes first: nobody without it has a password hashed, or learns what we like.
  if (auto good = co_await check_code(CodePurpose::setup, hash, std::move(address)); !good)
    co_return std::move(good).error();
  if (auto good = check(command); !good) co_return std::move(good).error();

  const Instant now = clock_.now();
  Claim claim = co_await make_claim(vault_, std::move(command), now);
  enum class End { won, taken, code_gone };
  End end = End::taken;
  try {
    end = co_await database_.write([&](store::Connection& c) {
      if (store::find_claim(c)) return End::taken;
      const auto live = store::find_one_time_code(c, CodePurpose::setup);
      if (!live || !fits(*live, hash, now)) return End::code_gone;
      write_claim(c, vault_, claim, now);
      return End::won;
    });
  } catch (const store::UniqueViolation&) {  // of two at the same moment, the second
  }
  if (end == End::code_gone) co_return code_rejected();
  claimed_ = true;
  if (end == End::taken) co_return already_initialized();
  co_return to_result(std::move(claim));
}

// --- the way back

Task<Result<RecoveryCode>> Setup::start_recovery(std::string admin_email) {
  struct Found {
    std::optional<OrganizationId> organization;
    std::vector<store::MemberRow> admins;
  };
  const Found found = co_await database_.read([](store::Connection& c) {
    Found known{.organization = store::find_claim(c), .admins = {}};
    if (!known.organization) return known;
    for (store::MemberRow& member : store::list_members(c, *known.organization))
      if (member.role == "admin") known.admins.push_back(std::move(member));
    return known;
  });
  if (!found.organization)
    co_return Error{ErrorKind::conflict,
                    "nothing is set up yet, so nobody can be lost: `fairlead setup-url` prints "
                    "where to begin",
                    "setup_required"};
  if (admin_email.empty() && found.admins.size() > 1)
    co_return invalid_field("email", "there are several admins: say whose credentials are lost");
  const store::MemberRow* admin = nullptr;
  for (const store::MemberRow& one : found.admins)
    if (admin_email.empty() || store::folded(one.email) == store::folded(admin_email)) admin = &one;
  if (admin == nullptr) co_return not_found("no admin has this e-mail address");

  OneTimeCodeRow row{.hash = {},
                     .ends_at = clock_.now() + recovery_code_life,
                     .wrong_tries = 0,
                     .organization = found.organization,
                     .member = admin->id};
  Secret code = co_await put_code(CodePurpose::recovery, std::move(row));
  co_return RecoveryCode{std::move(code), admin->email};
}

Task<bool> Setup::is_recovery_open() {
  const auto code = co_await live_code(CodePurpose::recovery);
  co_return code.has_value();
}

Task<Result<Recovered>> Setup::recover(Secret code, Secret admin_password, std::string address) {
  const std::string hash = hash_of(code);
  if (auto good = co_await check_code(CodePurpose::recovery, hash, std::move(address)); !good)
    co_return std::move(good).error();
  const auto known = co_await live_code(CodePurpose::recovery);
  if (!known || !known->organization || !known->member) co_return code_rejected();
  const OrganizationId organization = *known->organization;
  const MemberId member = *known->member;
  const auto members = co_await database_.read(
      [&](store::Connection& c) { return store::list_members(c, organization); });
  std::string email;
  for (const store::MemberRow& one : members)
    if (one.id == member) email = one.email;
  if (auto good = check_password("admin_password", admin_password, email); !good)
    co_return std::move(good).error();

  const std::string password_hash = co_await hash_elsewhere(admin_password);
  const Instant now = clock_.now();
  const store::ClientRow client{ClientId::random(), "After a recovery", "admin", now};
  Secret secret = make_client_secret();
  const auto secret_row = new_secret_row(vault_, secret, now);
  const bool used = co_await database_.write([&](store::Connection& c) {
    const auto live = store::find_one_time_code(c, CodePurpose::recovery);
    if (!live || !fits(*live, hash, now)) return false;
    store::delete_one_time_code(c, CodePurpose::recovery);
    if (!store::set_password(c, organization, member, password_hash)) return false;
    store::insert_client(c, organization, client);
    store::insert_client_secret(c, organization, client.id, secret_row);
    return true;
  });
  if (!used) co_return code_rejected();
  co_return Recovered{{client.id, std::move(secret), organization}, email};
}

}  // namespace fairlead::access
