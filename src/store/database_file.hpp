// The place of a SQLite database: a private folder on a local disk, used by one process at a time.
#pragma once

#include <string>
#include <string_view>

namespace fairlead::store {

/// Holds `<path>.lock` while it lives. The lock file says which process holds it, and whether the
/// one before closed the database properly.
class DatabaseFile {
 public:
  /// Makes the folder (0700) and the file (0600) where they are missing. Throws Failure: conflict
  /// when another process has the database open; forbidden when the folder is open to others;
  /// invalid_input when it is on a network file system, or cannot be written.
  explicit DatabaseFile(std::string path);
  ~DatabaseFile();
  DatabaseFile(const DatabaseFile&) = delete;
  DatabaseFile& operator=(const DatabaseFile&) = delete;

  const std::string& path() const noexcept { return path_; }
  /// The database was there before and its last process did not say that it closed it.
  bool was_left_open() const noexcept { return was_left_open_; }
  /// To be called when the database has been closed.
  void note_closed();

 private:
  void take_lock();
  void write_state(std::string_view state);

  std::string path_;
  int lock_ = -1;
  bool was_left_open_ = false;
};

/// The name of a network (or user-space) file system by statfs's f_type; empty for others. There
/// SQLite's locks and shared memory cannot be relied on.
std::string_view network_file_system(long type);

/// Makes the names in the folder of `path` durable.
void sync_folder_of(const std::string& path);

}  // namespace fairlead::store
