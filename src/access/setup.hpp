// How the first organization comes to be, and how an admin who lost the credentials comes back: the
// two ceremonies for which nobody has a token yet.
#pragma once

#include "access/failure_limiter.hpp"
#include "base/error.hpp"
#include "base/ids.hpp"
#include "base/secret.hpp"
#include "base/task.hpp"
#include "store/organizations.hpp"
#include "vault/vault.hpp"

#include <atomic>
#include <string>

namespace fairlead::access {

struct InitCommand {
  std::string admin_email;
  Secret admin_password;  ///< 12 to 256 bytes, not one of the well-known ones
  std::string organization_name;
};

/// Shown once.
struct InitResult {
  ClientId client_id;
  Secret client_secret;
  OrganizationId organization_id;
};

/// Whether this installation has its first organization.
Task<bool> is_claimed(store::Database& database);

/// Whether the wishes are acceptable; changes nothing. Errors: invalid_input naming the field.
Result<Done> check(const InitCommand& command);

/// Makes the first organization, its admin and one application client in one transaction; of two
/// racing callers one wins. Errors: conflict (code `already_initialized`); invalid_input naming
/// the field (`admin_email`, `admin_password`, `organization_name`).
Task<Result<InitResult>> initialize(store::Database& database, vault::Vault& vault,
                                    const Clock& clock, InitCommand command);

/// What `start_recovery` gives: to be handed to the admin whose address it is.
struct RecoveryCode {
  Secret code;
  std::string admin_email;
};

/// What `recover` gives: a new client of the organization. Shown once.
struct Recovered {
  InitResult client;
  std::string admin_email;
};

/// The same for people, by codes. Only a code's hash is stored; it has 128 random bits, works once,
/// and ends after five wrong tries, whoever made them. An address has five wrong tries a minute.
/// Safe to use from any thread.
class Setup {
 public:
  Setup(store::Database& database, vault::Vault& vault, const Clock& clock)
      : database_(database), vault_(vault), clock_(clock), failures_(clock) {}

  /// Whether the installation has its first organization, as far as is known here; once true, so
  /// for ever.
  bool is_known_claimed() const noexcept { return claimed_; }
  /// The same, asking the database unless it is known.
  Task<bool> check_claimed();

  /// A new code for the set-up page, good for 24 hours; the code made before ends. Errors: conflict
  /// (code `already_initialized`).
  Task<Result<Secret>> create_code();
  /// Whether the code of the set-up page can still be used, so that no new one is needed.
  Task<bool> has_live_code();
  Task<bool> is_live_code(Secret code);

  /// initialize(), by who has the code; a mistake in `command` does not use it up. Errors: as
  /// initialize(); forbidden (code `code_rejected`); rate_limited.
  Task<Result<InitResult>> claim(Secret code, InitCommand command, std::string address);

  /// A code for one admin (`admin_email` empty: the only one), good for ten minutes. Errors:
  /// not_found, conflict (nothing is set up), invalid_input (several admins, none named).
  Task<Result<RecoveryCode>> start_recovery(std::string admin_email);
  /// Whether somebody may come back now: the page is there only then.
  Task<bool> is_recovery_open();
  /// Sets the password of that admin and makes a new application client with an admin's rights.
  /// Errors: forbidden (code `code_rejected`), rate_limited, invalid_input (`admin_password`).
  Task<Result<Recovered>> recover(Secret code, Secret admin_password, std::string address);

 private:
  Task<std::optional<store::OneTimeCodeRow>> live_code(store::CodePurpose purpose);
  Task<Secret> put_code(store::CodePurpose purpose, store::OneTimeCodeRow row);
  /// Looks at the code without using it up; a wrong one is counted.
  Task<Result<Done>> check_code(store::CodePurpose purpose, std::string hash, std::string address);

  store::Database& database_;
  vault::Vault& vault_;
  const Clock& clock_;
  FailureLimiter failures_;
  std::atomic<bool> claimed_ = false;
};

}  // namespace fairlead::access
