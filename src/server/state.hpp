// The state of an installation, opened: database, schema, vault. Used by every command on the
// server's own machine.
#pragma once

#include "base/clock.hpp"
#include "server/config.hpp"
#include "store/database.hpp"
#include "vault/vault.hpp"

#include <memory>

namespace fairlead::server {

struct State {
  std::unique_ptr<store::Database> database;
  std::unique_ptr<vault::Vault> vault;
};

/// Whether the state folder holds a database: not before the first start, and not with
/// --database-url.
bool has_database(const StateConfig& config);

/// Whether an installation that is not there is made.
enum class Absent { is_made, is_an_error };

/// Makes the state folder (0700) when absent, opens and migrates the database, opens the vault.
/// Throws Failure: another process has the folder, the root key is missing or wrong, the disk is
/// full, ...
State open_state(const StateConfig& config, const Clock& clock, Absent absent = Absent::is_made);

/// A new file that only its owner can read (0600), made with some room at first, so that what goes
/// into it is begun only when it has a place. Gone again unless written.
class PrivateFile {
 public:
  /// Throws Failure, also when there is such a file already.
  explicit PrivateFile(std::filesystem::path path);
  ~PrivateFile();
  PrivateFile(const PrivateFile&) = delete;
  PrivateFile& operator=(const PrivateFile&) = delete;
  /// Once; reaches the disk. Throws Failure.
  void write(std::string_view content);

 private:
  std::filesystem::path path_;
  int descriptor_;
  bool written_ = false;
};

/// Writes a new file that only its owner can read (0600); refuses to replace one. Throws Failure.
void write_private_file(const std::filesystem::path& path, std::string_view content);

}  // namespace fairlead::server
