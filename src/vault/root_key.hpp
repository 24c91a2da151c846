// The root key: 256 bits that never enter the database, and the three places where it may be kept.
#pragma once

#include "base/error.hpp"
#include "base/secret.hpp"

#include <filesystem>
#include <optional>
#include <string>
#include <string_view>

namespace fairlead::vault {

/// `Error::code` of everything that is wrong with the root key. The server ends with exit code 78
/// (a configuration error) when it meets one at start.
inline constexpr std::string_view root_key_unusable = "root_key_unusable";

/// Where the root key is kept.
enum class RootKeyProvider {
  file,        ///< a file that is made at the first start; the default
  credential,  ///< $CREDENTIALS_DIRECTORY/fairlead-root-key (systemd LoadCredential=)
  environment  ///< FAIRLEAD_ROOT_KEY; weaker: visible in the environment the process started with
};

/// "file", "credential" or "env".
Result<RootKeyProvider> parse_root_key_provider(std::string_view text);
std::string_view name_of(RootKeyProvider provider);

struct RootKeyOptions {
  RootKeyProvider provider = RootKeyProvider::file;
  /// Of provider `file`: usually <state>/root.key.
  std::filesystem::path file;
};

/// The key and its public name.
struct RootKey {
  Secret key;            ///< 32 bytes
  std::string id;        ///< 16 hex digits: the first 8 bytes of SHA-256("fairlead-key-id" | key)
  std::string location;  ///< for people: "/var/lib/fairlead/root.key", "FAIRLEAD_ROOT_KEY"
};

/// The kept form is one line of base64 in all three places. Failure(root_key_unusable) when it is
/// missing, unreadable, no regular file, readable by others than its owner, or not 32 bytes;
/// `expected_id` (of existing data) is named in the message. The environment variable is removed
/// from the environment after reading.
RootKey load_root_key(const RootKeyOptions& options, std::optional<std::string> expected_id);

/// For an empty database only. Provider `file`: makes the file (0600, synced to disk with its
/// folder) unless there is one already; the others cannot be made here and are loaded. `created`
/// tells which happened.
struct FirstRootKey {
  RootKey key;
  bool created = false;
};
FirstRootKey load_or_create_root_key(const RootKeyOptions& options);

}  // namespace fairlead::vault
