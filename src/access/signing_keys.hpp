// The P-256 keys that sign our tokens. They live in the database, sealed by the vault, so a token
// outlives a restart. A new key signs every 30 days; it is published 24 hours before, and kept for
// checking 24 hours after the next one took over.
#pragma once

#include "access/jwt.hpp"
#include "base/clock.hpp"
#include "base/task.hpp"
#include "store/database.hpp"
#include "vault/vault.hpp"

#include <atomic>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>

namespace fairlead::access {

/// Safe to use from any thread.
class SigningKeys {
 public:
  /// Reads the keys, and makes the first one.
  static Task<std::unique_ptr<SigningKeys>> open(store::Database& database, vault::Vault& vault,
                                                 const Clock& clock);
  ~SigningKeys();

  /// The token for these claims, signed by the present key.
  std::string sign(const TokenClaims& claims) const;

  enum class Verdict { good, bad, unknown_key };
  Verdict check(const ParsedToken& token) const;

  /// The public keys (RFC 7517).
  std::string jwks() const;

  Task<void> reload();
  /// reload(), unless that was done less than a second ago.
  Task<void> reload_for_unknown_key();
  /// Makes the next key when it is time, removes keys that no token can name any more, and reads
  /// what other servers made.
  Task<void> maintain();

 private:
  struct Ring;
  SigningKeys(store::Database& database, vault::Vault& vault, const Clock& clock);
  std::shared_ptr<const Ring> ring() const;
  Task<void> make_key(std::int64_t generation, Instant signs_from);

  store::Database& database_;
  vault::Vault& vault_;
  const Clock& clock_;
  mutable std::mutex mutex_;
  std::shared_ptr<const Ring> ring_;
  std::atomic<std::int64_t> reloaded_at_{0};  // microseconds of the clock
};

}  // namespace fairlead::access
