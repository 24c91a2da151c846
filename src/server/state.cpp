#include "server/state.hpp"

#include "base/owner_only.hpp"
#include "base/task.hpp"
#include "base/write_whole.hpp"

#include <fmt/format.h>

#include <cerrno>
#include <cstring>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

namespace fairlead::server {
namespace {

constexpr off_t room = 4096;  // what a private file is given before it is written

void make_private_folder(const std::filesystem::path& folder) {
  std::error_code code;
  if (std::filesystem::create_directories(folder, code)) chmod(folder.c_str(), 0700);
  struct stat status {};
  if (stat(folder.c_str(), &status) != 0 || !S_ISDIR(status.st_mode)) {
    const std::string why = code ? code.message() : "it is no folder";
    throw Failure(Error{ErrorKind::unavailable,
                        fmt::format("cannot make or read the state folder {}: {}; --state-dir or "
                                    "FAIRLEAD_STATE_DIR may name another",
                                    folder.string(), why)});
  }
  check_owner_only("the state folder", folder.string(), status.st_mode).value();
  if (access(folder.c_str(), R_OK | W_OK | X_OK) != 0)
    throw Failure(Error{ErrorKind::unavailable,
                        fmt::format("the state folder {} cannot be written by this user: {}",
                                    folder.string(), std::strerror(errno))});
}

std::filesystem::path database_file(const StateConfig& config) {
  return config.state_dir / "core.db";
}

}  // namespace

bool has_database(const StateConfig& config) {
  return std::filesystem::exists(database_file(config));
}

State open_state(const StateConfig& config, const Clock& clock, Absent absent) {
  if (absent == Absent::is_an_error && config.database_url.empty() && !has_database(config))
    throw Failure(not_found(
        fmt::format("there is no installation in {}; `fairlead serve` or `fairlead init` makes one",
                    config.state_dir.string())));
  make_private_folder(config.state_dir);
  State state;
  state.database = config.database_url.empty()
                       ? store::open_sqlite({.path = database_file(config).string()})
                       : store::open_postgres({.url = config.database_url});
  run_to_end(store::migrate(*state.database));
  state.vault = run_to_end(vault::Vault::open(*state.database, config.root_key_options(), clock));
  return state;
}

PrivateFile::PrivateFile(std::filesystem::path path)
    : path_(std::move(path)),
      descriptor_(open(path_.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600)) {
  if (descriptor_ < 0)
    throw Failure(Error{ErrorKind::conflict,
                        fmt::format("cannot make {}: {}", path_.string(), std::strerror(errno))});
  // Where the file system can say so, a full disk is known now.
  if (posix_fallocate(descriptor_, 0, room) != ENOSPC) return;
  close(descriptor_);
  unlink(path_.c_str());
  throw Failure(Error{ErrorKind::unavailable,
                      fmt::format("cannot make {}: {}", path_.string(), std::strerror(ENOSPC))});
}

PrivateFile::~PrivateFile() {
  close(descriptor_);
  if (!written_) unlink(path_.c_str());
}

void PrivateFile::write(std::string_view content) {
  const auto size = static_cast<ssize_t>(content.size());
  written_ = write_whole(descriptor_, content) && ftruncate(descriptor_, size) == 0 &&
             fsync(descriptor_) == 0;
  if (!written_)
    throw Failure(Error{ErrorKind::unavailable,
                        fmt::format("cannot write {}: {}", path_.string(), std::strerror(errno))});
}

void write_private_file(const std::filesystem::path& path, std::string_view content) {
  PrivateFile(path).write(content);
}

}  // namespace fairlead::server
