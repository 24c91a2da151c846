#include "vault/root_key.hpp"

#include "base/descriptor.hpp"
#include "base/digest.hpp"
#include "base/encoding.hpp"
#include "vault/seal.hpp"

#include <openssl/crypto.h>

#include <array>
#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

namespace fairlead::vault {
namespace {

namespace fs = std::filesystem;

constexpr const char* variable = "FAIRLEAD_ROOT_KEY";
constexpr const char* credential_name = "fairlead-root-key";

[[noreturn]] void refuse(std::string message) {
  throw Failure(Error{ErrorKind::unavailable, std::move(message), std::string(root_key_unusable)});
}

std::string reason() { return std::strerror(errno); }

enum class Permissions { checked, unchecked };

std::string expectation(const std::optional<std::string>& expected_id) {
  return expected_id ? " The database was sealed under the root key with id " + *expected_id +
                           "; put that key back (from your backup of it)."
                     : "";
}

Secret read_key_text(const fs::path& path, Permissions permissions,
                     const std::optional<std::string>& expected_id) {
  const Descriptor file(open(path.c_str(), O_RDONLY | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK));
  if (!file.is_open())
    refuse("the root key " + path.string() + " cannot be read: " + reason() + "." +
           expectation(expected_id));
  struct stat info {};
  if (fstat(file.get(), &info) != 0 || !S_ISREG(info.st_mode))
    refuse("the root key " + path.string() + " is not a regular file");
  if (permissions == Permissions::checked && (info.st_mode & 077) != 0)
    refuse("the root key " + path.string() +
           " may be read or written by others than its owner: run chmod 600 on it, and consider "
           "it known to all who could read it");
  std::array<char, 256> buffer{};
  const ssize_t count = read(file.get(), buffer.data(), buffer.size());
  if (count < 0) refuse("the root key " + path.string() + " cannot be read: " + reason());
  Secret text(std::string_view(buffer.data(), static_cast<std::size_t>(count)));
  OPENSSL_cleanse(buffer.data(), buffer.size());
  return text;
}

Secret take_from_environment(const std::optional<std::string>& expected_id) {
  char* const value = std::getenv(variable);
  if (value == nullptr)
    refuse(std::string("the environment variable ") + variable + " is not set." +
           expectation(expected_id));
  Secret text{std::string_view(value)};
  OPENSSL_cleanse(value, std::strlen(value));  // also from /proc/self/environ
  unsetenv(variable);
  return text;
}

fs::path credential_path() {
  const char* const folder = std::getenv("CREDENTIALS_DIRECTORY");
  if (folder == nullptr)
    refuse(
        "CREDENTIALS_DIRECTORY is not set: the root key provider `credential` needs systemd's "
        "LoadCredential=fairlead-root-key:...");
  return fs::path(folder) / credential_name;
}

RootKey checked(const Secret& text, std::string location,
                const std::optional<std::string>& expected_id) {
  auto key = parse_key_text(text);
  if (!key)
    refuse("the root key in " + location + " is not 32 bytes in base64 (44 characters)." +
           expectation(expected_id));
  std::string id = key_id_of(*key);
  return {*std::move(key), std::move(id), std::move(location)};
}

void sync_folder(const fs::path& folder) {
  const Descriptor descriptor(open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!descriptor.is_open() || fsync(descriptor.get()) != 0)
    refuse("the folder " + folder.string() + " cannot be synced to disk: " + reason());
}

/// Under another name first, so that a file of the right name is always whole. False when another
/// process made one in the meantime.
bool create_key_file(const fs::path& path, const Secret& key) {
  const fs::path unfinished = path.string() + "." + to_hex(random_bytes(8));
  const Descriptor file(
      open(unfinished.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600));
  if (!file.is_open()) refuse("the root key " + path.string() + " cannot be made: " + reason());
  const bool written = write_key_text(file.get(), key) && fsync(file.get()) == 0;
  const bool named = written && link(unfinished.c_str(), path.c_str()) == 0;  // never replaces
  const bool lost = written && !named && errno == EEXIST;
  const std::string problem = named ? "" : reason();
  unlink(unfinished.c_str());
  if (!named && !lost) refuse("the root key " + path.string() + " cannot be made: " + problem);
  sync_folder(path.has_parent_path() ? path.parent_path() : fs::path("."));
  return named;
}

}  // namespace

Result<RootKeyProvider> parse_root_key_provider(std::string_view text) {
  for (const auto provider :
       {RootKeyProvider::file, RootKeyProvider::credential, RootKeyProvider::environment})
    if (text == name_of(provider)) return provider;
  return invalid_field("root_key_provider",
                       "unknown root key provider: use file, credential or env");
}

std::string_view name_of(RootKeyProvider provider) {
  switch (provider) {
    case RootKeyProvider::file:
      return "file";
    case RootKeyProvider::credential:
      return "credential";
    case RootKeyProvider::environment:
      return "env";
  }
  return "";
}

RootKey load_root_key(const RootKeyOptions& options, std::optional<std::string> expected_id) {
  switch (options.provider) {
    case RootKeyProvider::file:
      return checked(read_key_text(options.file, Permissions::checked, expected_id),
                     options.file.string(), expected_id);
    case RootKeyProvider::credential: {
      // systemd itself guards this folder; an access list for the service shows up as a group bit.
      const fs::path path = credential_path();
      return checked(read_key_text(path, Permissions::unchecked, expected_id), path.string(),
                     expected_id);
    }
    case RootKeyProvider::environment:
      return checked(take_from_environment(expected_id), variable, expected_id);
  }
  refuse("unknown root key provider");
}

FirstRootKey load_or_create_root_key(const RootKeyOptions& options) {
  struct stat info {};
  const bool missing = options.provider == RootKeyProvider::file &&
                       lstat(options.file.c_str(), &info) != 0 && errno == ENOENT;
  const bool created = missing && create_key_file(options.file, random_key());
  return {load_root_key(options, std::nullopt), created};
}

}  // namespace fairlead::vault
