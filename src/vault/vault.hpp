// Sealed secrets: root key -> instance key -> organization key -> secret, AES-256-GCM at each step.
//
// The database holds only wrapped keys and sealed secrets. What is sealed is bound to its place
// (deployment, organization, workspace, connector, slot, version), so a ciphertext that is moved to
// another row or is an older version put back does not open: that is an error with the code
// `crypto_tamper_detected` and a log line `crypto.tamper_detected`, never a guess and never a
// retry.
#pragma once

#include "base/clock.hpp"
#include "base/digest.hpp"
#include "base/error.hpp"
#include "base/ids.hpp"
#include "base/secret.hpp"
#include "base/task.hpp"
#include "store/database.hpp"
#include "vault/root_key.hpp"

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace fairlead::vault {

/// `Error::code` of a ciphertext that is not what was sealed for its place.
inline constexpr std::string_view crypto_tamper_detected = "crypto_tamper_detected";

/// Where a sealed secret belongs. Opening asks for the same address as sealing did.
struct SecretAddress {
  OrganizationId organization;
  std::optional<WorkspaceId> workspace;  ///< absent: belongs to the whole organization
  std::optional<ConnectorId> connector;
  std::string slot;  ///< what it is: "credentials", "access_token", "pkce_verifier", ...
  std::int64_t version = 1;
};

/// Keys drawn from the instance key (HKDF-SHA-256). One label, one use.
enum class KeyLabel {
  client_secret_pepper,
  log_fingerprint,
  audit_mac,
  opaque_state,
  webhook_wrap
};

/// For `fairlead keys status`.
struct KeyStatus {
  std::string deployment_id;
  std::string root_key_id, root_key_provider, root_key_location;
  struct InstanceKey {
    std::int64_t version = 0;
    std::string state, root_key_id;
    Instant created_at;
  };
  std::vector<InstanceKey> instance_keys;
  std::int64_t organization_keys = 0;
  std::int64_t most_encryptions = 0;  ///< by one organization key; the limit is 2^30
  std::int64_t under_other_root = 0;  ///< instance keys that the present root key does not open
};

/// Safe to use from any thread.
class Vault {
 public:
  /// At the first start (no instance row) makes the root key (provider `file`), the deployment id
  /// and the instance key; else unwraps and checks them, and never makes a second root key beside
  /// existing data: Failure(root_key_unusable) names the key id that is expected. The database has
  /// been migrated; `database` and `clock` outlive the vault.
  static Task<std::unique_ptr<Vault>> open(store::Database& database, RootKeyOptions options,
                                           const Clock& clock);
  ~Vault();

  /// Seals text (UTF-8 JSON; it must not end in a blank, since it is padded with blanks to hide its
  /// length). Failure(not_found) when the organization has no key.
  Task<store::Blob> seal(SecretAddress address, Secret text);
  /// What was sealed for this address. Failure(internal, crypto_tamper_detected) when it is not.
  Task<Secret> open(SecretAddress address, store::Blob sealed);
  /// The same without waiting, 1 to 3 microseconds for 1 KB; nullopt when the organization's key is
  /// not at hand, then `open` fetches it.
  std::optional<Result<Secret>> try_open(const SecretAddress& address, const store::Blob& sealed);

  /// Secrets of the installation itself (signing keys), by a name that is unique in it.
  store::Blob seal_instance(std::string_view name, const Secret& text);
  Result<Secret> open_instance(std::string_view name, const store::Blob& sealed);

  /// Within the caller's transaction, so that an organization and its key are committed together.
  void create_organization_key(store::Connection& connection, const OrganizationId& organization);
  /// Forgets cached keys of an organization that was deleted or frozen.
  void forget(const OrganizationId& organization);

  /// HMAC-SHA-256 under the key of `label`. What is kept longer than a request is kept together
  /// with `mac_version()`, and checked with that version after a rotation.
  Sha256 mac(KeyLabel label, std::string_view bytes) const;
  Sha256 mac(KeyLabel label, const Secret& text) const;
  Sha256 mac(KeyLabel label, const Secret& text, std::int64_t version) const;
  std::int64_t mac_version() const;

  const std::string& deployment_id() const;
  /// True when this very call of open() began the deployment: time to say where the root key is.
  bool is_first_start() const;
  const std::string& root_key_location() const;
  Task<KeyStatus> status();

 private:
  struct Impl;
  explicit Vault(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace fairlead::vault
